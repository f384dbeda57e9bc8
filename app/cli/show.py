"""`claims show`: one claim explained, whatever state it is in."""

from collections.abc import Sequence
from decimal import Decimal
from itertools import groupby
from typing import Any, Final

import rich_click as click
from psycopg import IsolationLevel
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from app.cli.options import asked_for, json_option
from app.database.connect import Role, connect
from app.database.trail import PURPOSES, Told, origin
from app.desk.claim import ClaimReport, Finding, Reader, as_object, find_claim, read_claim
from app.desk.status import standard_codes
from app.pricing.basis import Basis, Formula
from app.program.console import notice, out, print_json
from app.program.settings import load_settings
from app.scoring.explain import ScoreReport

_STYLES: Final = {
    "priced": "green",
    "pended": "yellow",
    "bundled": "cyan",
    "not_covered": "cyan",
    "denied": "red",
    "transferred": "green",
    "failed": "red",
}
_NOT_PRICED: Final = {
    "received": "not priced yet: the claim waits for validation",
    "validated": "not priced yet: the claim waits for transfer",
    "scored": "not priced yet: the claim waits for transfer",
    "failed": "not priced, because the claim failed",
}
_WAITING: Final = {"received", "validated", "scored"}
_EFFECTS: Final = {
    "reject_claim": "fails the claim",
    "deny_line": "denies the line",
    "pend": "waits for a person",
    "warn": "warns",
}
_TIMES: Final = "\N{MULTIPLICATION SIGN}"
_SCORE_DECIMALS: Final = 3
_ALL_DECIMALS: Final = 17
_SIX_DECIMALS: Final = Decimal("0.000001")
_INDENT: Final = (0, 0, 0, 2)
_UNFORMATTED: Final = "original"
"""The field that is a whole text as it was sent, and is printed so that it can be copied."""


@click.command()
@click.argument("claim", callback=asked_for("Claim number"))
@click.option(
    "--phi",
    "with_phi",
    is_flag=True,
    help="Decrypt the fields that identify the patient; an audit event records it.",
)
@click.option(
    "--purpose",
    type=click.Choice(PURPOSES),
    metavar="PURPOSE",
    help=f"Goes with --phi: what they are needed for ({', '.join(PURPOSES)}).",
)
@click.option(
    "--recipient",
    metavar="WHO",
    help="With --phi: the office or organisation that they are given to, if it is another.",
)
@json_option
def show(
    claim: str,
    *,
    with_phi: bool,
    purpose: str | None,
    recipient: str | None,
    as_json: bool,
) -> None:
    """Explain one claim: its state, what was found, and how each amount came about.

    CLAIM is a claim id, or the claim number as the submitter sent it; - asks for it, or reads it
    from standard input, so that it stands in no process list and no history of the shell.
    """
    if not with_phi and (purpose or recipient):
        raise click.UsageError("--purpose and --recipient go with --phi.")
    if with_phi and purpose is None:
        raise click.UsageError(
            "--phi needs --purpose, which the audit trail keeps: what the patient data are needed "
            f"for. It is one of {', '.join(PURPOSES)}."
        )
    settings = load_settings()
    told = Told(origin=origin(), purpose=purpose, recipient=recipient)
    reader = Reader(told) if with_phi else None
    with connect(Role.OPERATOR) as conn:
        # One snapshot, because the claim may move to production meanwhile.
        conn.isolation_level = IsolationLevel.REPEATABLE_READ
        found = find_claim(conn, settings, claim)
        report = read_claim(conn, settings, found.claim_id, reader=reader)
    if as_json:
        print_json(as_object(report) | {"also_claim_number_of": found.also})
        return
    _show(report)
    for other in found.also:
        notice(f"{claim.strip()} is a claim number too, of another claim: claims show {other}")


def _show(report: ClaimReport) -> None:
    _show_claim(report)
    if report.phi is not None:
        _show_phi(report.phi)
    elif report.erased:
        out.print("What identified the patient was erased: its keys were destroyed.")
        out.print()
    if report.score is not None:
        _show_score(report.score)
    for verdict in report.verdicts:
        out.print(
            Text.assemble(
                ("Verdict ", "italic"),
                f"{verdict.verdict.replace('_', ' ')}, {verdict.reason}",
                f" ({verdict.reviewer}, {verdict.recorded_at.astimezone():%Y-%m-%d %H:%M})",
            )
        )
    if report.verdicts:
        out.print()
    if report.findings:
        _show_findings(report.findings)
    if report.lines:
        _show_lines(report)
    if report.place.state in _WAITING:
        notice("Next: claims process")


def _show_claim(report: ClaimReport) -> None:
    place, outcome = report.place, report.outcome
    out.print(
        Text.assemble(
            (f"Claim {place.claim_id}", "bold"),
            "  ",
            (place.state, _STYLES.get(place.state, "yellow")),
            f" ({place.decision})" if place.decision else "",
        )
    )
    table = _grid()
    table.add_row(
        "batch",
        Text(
            f"{place.batch_id} ({place.batch_state}) of {place.submitter}, "
            f"loaded {place.batch_received_at.astimezone():%Y-%m-%d %H:%M}"
        ),
    )
    table.add_row("received", f"{report.received_at.astimezone():%Y-%m-%d %H:%M}")
    if report.failure is not None:
        table.add_row(
            "failed",
            f"{report.failure['failed_at'].astimezone():%Y-%m-%d %H:%M} "
            f"in {report.failure['stage']}",
        )
    if outcome is not None:
        table.add_row("transferred", f"{outcome['transferred_at'].astimezone():%Y-%m-%d %H:%M}")
    if report.given:
        for label, text in _given(report.given):
            table.add_row(label, Text(text))
    if outcome is not None:
        table.add_row("allowed", f"[bold]${outcome['allowed_amount']:,.2f}[/bold]")
        for count, what in (
            (outcome["pended_line_count"], ("waits for a person", "wait for a person")),
            (outcome["denied_line_count"], ("is denied", "are denied")),
        ):
            if count:
                table.add_row("", f"{_counted(count, 'line')} {what[count > 1]}")
    _print(table)
    out.print()


def _given(given: dict[str, Any]) -> list[tuple[str, str]]:
    """Give the labelled texts of what the claim says, without PHI."""
    billing, rendering = (
        " ".join(filter(None, (given[f"{who}_npi"], given[f"{who}_taxonomy"])))
        for who in ("billing", "rendering")
    )
    locality = f"carrier {given['carrier']} locality {given['locality']}"
    age = given["patient_age"]
    return [
        ("frequency, payer", f"{_or_dash(given['frequency_code'])}, {_or_dash(given['payer_id'])}"),
        ("billing provider", _or_dash(billing)),
        ("rendering provider", rendering or "the billing provider"),
        ("patient", f"sex {_or_dash(given['patient_sex'])}, age {_or_dash(age)}"),
        (
            "service location",
            locality if given["carrier"] else f"ZIP {_or_dash(given['service_zip'])}",
        ),
        ("diagnoses", ", ".join(map(_or_dash, given["diagnoses"] or [])) or "-"),
        ("charge", f"${given['total_charge']:,.2f}, {_counted(given['line_count'], 'line')}"),
    ]


def _show_phi(phi: dict[str, str]) -> None:
    out.print("Patient data (this reading is recorded)", style="italic")
    table = _grid()
    for field, text in phi.items():
        if field != _UNFORMATTED:
            table.add_row(field, Text(_printable(text)))
    if table.rows:
        _print(table)
    if _UNFORMATTED in phi:
        out.print(Text(_printable(phi[_UNFORMATTED])), soft_wrap=True)
    out.print()


def _show_score(scored: ScoreReport) -> None:
    below = scored.decision == "review"
    out.print(
        Text.assemble(
            ("Score ", "italic"),
            (told_apart(scored.score, scored.threshold), "yellow" if below else "green"),
            f", {'below' if below else 'not below'} the threshold {scored.threshold:g}"
            f" (model {scored.model_version})",
        )
    )
    for one in scored.contributions:
        sign = "lowered" if one.contribution < 0 else "raised"
        text = f"{one.name} {one.value:.2f} {sign} it by {abs(one.contribution):.3f}"
        out.print(Padding(Text.assemble(text, (f": {one.description}", "dim")), _INDENT))
    out.print()


def _printable(text: str) -> str:
    """Write out what a terminal would obey instead of show."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in text
    )


def _show_findings(findings: Sequence[Finding]) -> None:
    """Print what each rule found, in the order in which the claim first meets the rules."""
    first = {finding.rule_code: at for at, finding in reversed(list(enumerate(findings)))}
    out.print("Findings", style="italic")
    table = _grid()
    for rule_code, grouped in groupby(
        sorted(findings, key=lambda finding: first[finding.rule_code]),
        key=lambda finding: finding.rule_code,
    ):
        found = list(grouped)
        rule = found[0]
        title = f"{rule.title} ({_EFFECTS[rule.disposition]})"
        table.add_row(Text(rule_code, style="bold"), Text(title))
        for finding in found:
            where = f"line {finding.line_number}, " if finding.line_number else ""
            value = "not shown, it may be PHI" if finding.value is None else finding.value
            table.add_row("", Text(f"{where}{finding.field}: {value}"))
        table.add_row("", Text(rule.hint))
        codes = standard_codes(rule.claim_status, rule.group_code, rule.carc, rule.rarc)
        if codes:
            table.add_row("", Text(codes))
    _print(table)
    out.print()


def _show_lines(report: ClaimReport) -> None:
    """Print the lines: one below the other while none has a price, else each with its own."""
    if report.place.state in _NOT_PRICED:
        out.print(f"Lines ({_NOT_PRICED[report.place.state]})", style="italic")
        for line in report.lines:
            _print(_heading(line.given))
        out.print()
        return
    for line in report.lines:
        out.print(Text(_heading(line.given), style="bold"))
        if line.pricing is not None:
            _show_price(line.pricing, line.basis)
        out.print()


def told_apart(score: float, threshold: float) -> str:
    """Write a score with as many decimals as show on which side of the threshold it is."""
    for decimals in range(_SCORE_DECIMALS, _ALL_DECIMALS):
        shown = round(score, decimals)
        if (shown < threshold) == (score < threshold) and (shown == threshold) == (
            score == threshold
        ):
            return f"{score:.{decimals}f}"
    return repr(score)


def _heading(given: dict[str, Any]) -> str:
    """Give a line as it was billed, on one line of text."""
    units = given["units"].normalize()
    parts = [
        f"Line {given['line_number']}",
        _dates(given),
        " ".join([_or_dash(given["hcpcs"]), *(given["modifiers"] or [])]),
        f"place {_or_dash(given['place_of_service'])}",
        f"{units:f} {'unit' if units == 1 else 'units'}",
        *([f"{given['minutes']} minutes"] if given["minutes"] is not None else []),
        f"charge ${given['charge']:,.2f}",
    ]
    return "  ".join(parts)


def _show_price(pricing: dict[str, Any], basis: Basis | None) -> None:
    status, amount = pricing["pricing_status"], pricing["allowed_amount"]
    codes = standard_codes(None, pricing["group_code"], pricing["carc"], pricing["rarc"])
    _print(
        Text.assemble(
            (status, _STYLES[status]),
            "" if amount is None else f" ${amount:,.2f}",
            f"  ({codes})" if codes else "",
        )
    )
    if pricing["reason_code"] is not None:
        _print(f"{pricing['reason_code']}: {pricing['reason']}. {pricing['hint']}")
    if pricing["step_codes"]:
        _show_steps(pricing, basis)


def _show_steps(pricing: dict[str, Any], basis: Basis | None) -> None:
    """Write an amount out, from the relative values to the cent."""
    steps = list(
        zip(
            pricing["step_titles"],
            pricing["step_formulas"],
            pricing["step_factors"],
            pricing["step_amounts"],
            strict=True,
        )
    )
    title, first, _, fee = steps[0]
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    if basis is None or not basis.gives(fee):
        _print(
            "The releases in force for places of service and ZIP codes have changed since, "
            "so the parts of the fee cannot be shown."
        )
        table.add_row(title, "", f"{fee}")
    else:
        setting = "facility" if basis.is_facility else "non-facility"
        row = f", row {basis.row_modifier}" if basis.row_modifier else ""
        _print(f"Relative values: {basis.rvu_release}{row}, {setting}.")
        _print(
            f"Indices: {basis.gpci_release}, {basis.carrier} {basis.locality} "
            f"{basis.locality_name}."
        )
        _add_formula(table, basis.formula(first))
    factors = ""
    for title, formula, factor, amount in steps[1:]:
        shown = "" if factor is None else f"{_TIMES} {factor.normalize():f}"
        factors = f"{factors} {shown}".strip()
        if formula is not None and basis is not None:
            # A ceiling by a formula of its own is multiplied as the amount before it was.
            table.add_row(f"{title}:")
            _add_formula(table, basis.formula(formula))
            shown = factors
        limits = factor is None
        table.add_row(f"{title}, lower" if limits else title, shown, f"{amount}")
    table.add_row("rounded", "", Text(f"{pricing['allowed_amount']}", style="bold"))
    _print(table)


def _add_formula(table: Table, formula: Formula) -> None:
    """Write out what one unit comes to, by the formula of the fee schedule."""
    for name, value, index in formula.parts:
        table.add_row(name, f"{value} {_TIMES} {index}", _number(value * index))
    table.add_row("sum", "", _number(formula.total))
    table.add_row(
        "conversion factor",
        f"{_TIMES} {formula.conversion_factor}",
        f"{formula.amount.normalize():f}",
    )


def _dates(given: dict[str, Any]) -> str:
    first, last = given["service_date"], given["service_date_to"]
    if first is None:
        return "no date"
    return f"{first}" if last is None or last == first else f"{first} to {last}"


def _grid() -> Table:
    """Make a table of labels and texts, which wrap beside their label."""
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    return table


def _print(content: Table | Text | str) -> None:
    """Print below a heading, as wide as it is."""
    shown = Text(content) if isinstance(content, str) else content
    out.print(Padding(shown, _INDENT, expand=False))


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def _number(value: Decimal) -> str:
    return f"{value.quantize(_SIX_DECIMALS)}"


def _or_dash(value: object) -> str:
    return "-" if value is None or value == "" else str(value)
