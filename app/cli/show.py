"""`claims show`: one claim explained, whatever state it is in."""

from dataclasses import asdict
from decimal import Decimal
from typing import Any, Final

import rich_click as click
from psycopg import IsolationLevel
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from app.claim_report import ClaimReport, Finding, Line, find_claim, read_claim
from app.cli.options import json_option
from app.console import notice, out, print_json
from app.database import Role, connect
from app.price_basis import Basis
from app.reports import standard_codes
from app.scoring.explain import ScoreReport
from app.settings import load_settings

_STYLES: Final = {
    "priced": "green",
    "pended": "yellow",
    "bundled": "cyan",
    "not_covered": "cyan",
    "denied": "red",
    "transferred": "green",
    "failed": "red",
}
_WAITING: Final = {
    "received": "It waits for validation. Next: claims process",
    "validated": "It waits for its score. Next: claims process",
    "scored": "It waits for transfer. Next: claims process",
}
_SIX_DECIMALS: Final = Decimal("0.000001")
_INDENT: Final = (0, 0, 0, 2)


@click.command()
@click.argument("claim")
@click.option(
    "--phi",
    "with_phi",
    is_flag=True,
    help="Decrypt the fields that identify the patient; an audit event records it.",
)
@json_option
def show(claim: str, *, with_phi: bool, as_json: bool) -> None:
    """Explain one claim: its state, what was found, and how each amount came about.

    CLAIM is a claim id, or the claim number as the submitter sent it.
    """
    settings = load_settings()
    with connect(Role.OPERATOR) as conn:
        # One snapshot, because the claim may move to production meanwhile.
        conn.isolation_level = IsolationLevel.REPEATABLE_READ
        found = find_claim(conn, settings, claim)
        report = read_claim(conn, settings, found.claim_id, with_phi=with_phi)
    if as_json:
        print_json(_as_object(report) | {"also_claim_number_of": found.also})
        return
    _show_claim(report)
    if report.phi is not None:
        _show_phi(report.phi)
    if report.score is not None:
        _show_score(report.score)
    for verdict in report.verdicts:
        notice(
            f"{verdict.recorded_at.astimezone():%Y-%m-%d %H:%M} {verdict.reviewer}: "
            f"{verdict.verdict.replace('_', ' ')}, {verdict.reason}"
        )
    if report.findings:
        _show_findings(report.findings)
    for line in report.lines:
        _show_line(line)
    if report.place.state in _WAITING:
        notice(_WAITING[report.place.state])
    for other in found.also:
        notice(f"{claim.strip()} is a claim number too, of another claim: claims show {other}")


def _show_claim(report: ClaimReport) -> None:
    place, given = report.place, report.given
    out.print(
        Text.assemble(
            (f"Claim {place.claim_id}", "bold"),
            "  ",
            (place.state, _STYLES.get(place.state, "yellow")),
            f" ({place.decision})" if place.decision else "",
        )
    )
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 2))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    table.add_row(
        "batch",
        Text(
            f"{place.batch_id} ({place.batch_state}) of {place.submitter}, "
            f"received {place.received_at.astimezone():%Y-%m-%d %H:%M}"
        ),
    )
    if place.transferred_at is not None:
        table.add_row("transferred", f"{place.transferred_at.astimezone():%Y-%m-%d %H:%M}")
    if report.failure is not None:
        table.add_row(
            "failed",
            f"{report.failure['failed_at'].astimezone():%Y-%m-%d %H:%M} "
            f"in {report.failure['stage']}",
        )
    if given:
        for label, text in _given(given):
            table.add_row(label, Text(text))
    if report.outcome is not None:
        table.add_row("allowed", f"[bold]${report.outcome['allowed_amount']:,.2f}[/bold]")
        for key, what in (("pended", "wait for a person"), ("denied", "are denied")):
            if report.outcome[f"{key}_line_count"]:
                table.add_row("", f"{report.outcome[f'{key}_line_count']} lines {what}")
    out.print(table, "")


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
        ("charge", f"${given['total_charge']:,.2f}, {given['line_count']} lines"),
    ]


def _show_phi(phi: dict[str, str]) -> None:
    table = Table(
        title="Patient data (this reading is recorded)", title_justify="left",
        show_header=False, box=None, padding=(0, 2, 0, 2),
    )  # fmt: skip
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for field, text in phi.items():
        table.add_row(field, Text(text))
    out.print(table, "")


def _show_score(scored: ScoreReport) -> None:
    below = scored.decision == "review"
    out.print(
        Text.assemble(
            ("Score ", "italic"),
            (f"{scored.score:.3f}", "yellow" if below else "green"),
            f", {'below' if below else 'not below'} the threshold {scored.threshold:g}"
            f" (model {scored.model_version})",
        )
    )
    for one in scored.contributions:
        sign = "lowered" if one.contribution < 0 else "raised"
        text = f"{one.name} {one.value:.2f} {sign} it by {abs(one.contribution):.3f}"
        out.print(Padding(Text.assemble(text, (f": {one.description}", "dim")), _INDENT))
    out.print()


def _show_findings(findings: list[Finding]) -> None:
    out.print("Findings", style="italic")
    for finding in findings:
        where = f"line {finding.line_number}, " if finding.line_number else ""
        out.print(
            Text.assemble(
                ("  ", ""), (finding.rule_code, "bold"), f" {finding.title} ({finding.disposition})"
            )
        )
        value = "not shown, it may be PHI" if finding.value is None else finding.value
        codes = standard_codes(finding.claim_status, finding.group_code, finding.carc, finding.rarc)
        for text in (f"{where}{finding.field}: {value}", finding.hint, codes):
            if text:
                out.print(Padding(Text(text), (0, 0, 0, 7)))
    out.print()


def _show_line(line: Line) -> None:
    given = line.given
    units = given["units"].normalize()
    head = [
        f"Line {given['line_number']}",
        _dates(given),
        " ".join([_or_dash(given["hcpcs"]), *(given["modifiers"] or [])]),
        f"place {_or_dash(given['place_of_service'])}",
        f"{units:f} {'unit' if units == 1 else 'units'}",
        *([f"{given['minutes']} minutes"] if given["minutes"] is not None else []),
        f"charge ${given['charge']:,.2f}",
    ]
    out.print(Text("  ".join(head), style="bold"))
    pricing = line.pricing
    if pricing is None:
        out.print(Padding("not priced", _INDENT), "")
        return
    status, amount = pricing["pricing_status"], pricing["allowed_amount"]
    codes = standard_codes(None, pricing["group_code"], pricing["carc"], pricing["rarc"])
    out.print(
        Padding(
            Text.assemble(
                (status, _STYLES[status]),
                "" if amount is None else f" ${amount:,.2f}",
                f"  ({codes})" if codes else "",
            ),
            _INDENT,
        )
    )
    if pricing["reason_code"] is not None:
        reason = f"{pricing['reason_code']}: {pricing['reason']}. {pricing['hint']}"
        out.print(Padding(Text(reason), _INDENT))
    if pricing["step_codes"]:
        _show_steps(line.basis, pricing)
    out.print()


def _show_steps(basis: Basis | None, pricing: dict[str, Any]) -> None:
    """Write an amount out, from the relative values to the cent."""
    steps = list(
        zip(pricing["step_codes"], pricing["step_factors"], pricing["step_amounts"], strict=True)
    )
    _, _, fee = steps[0]
    if basis is None or not basis.gives(fee):
        text = (
            f"fee {fee}: the releases in force for places and ZIP codes have changed since, "
            "so its parts cannot be shown"
        )
        out.print(Padding(Text(text), _INDENT))
    else:
        setting = "facility" if basis.is_facility else "non-facility"
        row = f" row {basis.row_modifier}" if basis.row_modifier else ""
        text = (
            f"{basis.rvu_release}{row}, {setting}; {basis.gpci_release}, "
            f"{basis.carrier} {basis.locality} {basis.locality_name}"
        )
        out.print(Padding(Text(text, style="dim"), _INDENT))
    table = Table(show_header=False, box=None, padding=(0, 1, 0, 1))
    table.add_column(no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    if basis is not None and basis.gives(fee):
        parts = (
            ("work", basis.work_rvu, basis.work_gpci),
            ("practice expense", basis.practice_expense_rvu, basis.practice_expense_gpci),
            ("malpractice", basis.malpractice_rvu, basis.malpractice_gpci),
        )
        for name, value, index in parts:
            table.add_row(name, f"{value} × {index}", _number(value * index))
        total = sum((value * index for _, value, index in parts), Decimal())
        table.add_row("sum", "", _number(total))
        table.add_row("conversion factor", f"× {basis.conversion_factor}", f"{fee}")
    for code, factor, amount in steps[1:]:
        table.add_row(*_step(basis, code, factor), f"{amount}")
    table.add_row("rounded", "", f"[bold]{pricing['allowed_amount']}[/bold]")
    out.print(Padding(table, _INDENT))


def _step(basis: Basis | None, code: str, factor: Decimal | None) -> tuple[str, str]:
    """Give the name and the factor of a step after the fee."""
    if code == "opps_cap" and basis is not None:
        return "OPPS cap, lower", (
            f"({basis.work_rvu} × {basis.work_gpci}"
            f" + {basis.opps_practice_expense_rvu} × {basis.practice_expense_gpci}"
            f" + {basis.opps_malpractice_rvu} × {basis.malpractice_gpci})"
            f" × {basis.conversion_factor}"
        )
    name = {"charge": "charge, lower"}.get(code, code.replace("_", " "))
    return name, "" if factor is None else f"× {factor.normalize():f}"


def _dates(given: dict[str, Any]) -> str:
    first, last = given["service_date"], given["service_date_to"]
    if first is None:
        return "no date"
    return f"{first}" if last is None or last == first else f"{first} to {last}"


def _number(value: Decimal) -> str:
    return f"{value.quantize(_SIX_DECIMALS)}"


def _or_dash(value: object) -> str:
    return "-" if value is None or value == "" else str(value)


def _as_object(report: ClaimReport) -> dict[str, Any]:
    """Give the report as a JSON object; what each step was computed from with the line."""
    return {
        **asdict(report.place),
        "failure": report.failure,
        "claim": report.given,
        "outcome": report.outcome,
        "score": report.score,
        "verdicts": report.verdicts,
        "findings": report.findings,
        "lines": [
            {**line.given, "pricing": line.pricing, "basis": line.basis} for line in report.lines
        ],
        "phi": report.phi,
    }
