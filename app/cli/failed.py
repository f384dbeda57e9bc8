"""`claims failed`: why claims failed, and which ones."""

from itertools import groupby

import rich_click as click
from rich.table import Table
from rich.text import Text

from app.cli.options import json_option, submitter_option
from app.database.connect import Role, connect
from app.desk.second_chances import retry_failed_claims
from app.desk.status import (
    FailedCount,
    FailedFinding,
    FailedReason,
    Rule,
    read_failed_claims,
    read_failed_reasons,
    standard_codes,
)
from app.intake.load import load_files
from app.program.console import notice, out, print_json
from app.program.errors import ClaimsError
from app.program.settings import load_settings


@click.group(invoke_without_command=True)
@click.option("--rule", "rule_code", help="List the claims that this rule failed, such as V010.")
@click.option(
    "--limit",
    type=click.IntRange(min=1, max=100_000),
    default=50,
    show_default=True,
    help="How many claims to list.",
)
@click.option(
    "--after", default=0, metavar="CLAIM_ID", help="List the claims that follow this one."
)
@json_option
@click.pass_context
def failed(
    ctx: click.Context, rule_code: str | None, limit: int, after: int, *, as_json: bool
) -> None:
    """List failed claims by reason, or with --rule those of one rule; retry or correct them."""
    if ctx.invoked_subcommand is not None:
        return
    if after and rule_code is None:
        msg = "--after goes with --rule."
        raise click.UsageError(msg)
    with connect(Role.OPERATOR) as conn:
        if rule_code is None:
            count, reasons = read_failed_reasons(conn)
        else:
            # One more, to tell whether any follow.
            rule, found = read_failed_claims(
                conn, rule_code.strip().upper(), after=after, limit=limit + 1
            )
    if rule_code is None:
        if as_json:
            print_json(
                {"claims": count.claims, "not_decoded": count.not_decoded, "reasons": reasons}
            )
        else:
            _show_reasons(count, reasons)
        return
    claims = sorted({row.claim_id for row in found})
    following = claims[limit - 1] if len(claims) > limit else None
    if following is not None:
        found = [row for row in found if row.claim_id <= following]
    if as_json:
        print_json({"rule": rule, "findings": found, "next_after": following})
    else:
        _show_rule(rule, found, following)


@failed.command()
@click.argument("claims", nargs=-1, type=int, metavar="[CLAIM]...")
@click.option("--rule", "rule_code", help="Retry the claims that this rule failed, such as V021.")
@submitter_option
@json_option
def retry(
    claims: tuple[int, ...], rule_code: str | None, submitter: str | None, *, as_json: bool
) -> None:
    """Put failed claims on their way again: the given ones, or those of a rule.

    They keep their ids and the time at which they were first received. What could not be
    decoded has to be corrected instead.
    """
    if bool(claims) == bool(rule_code):
        msg = "Name claims, or a rule with --rule."
        raise click.UsageError(msg)
    with connect(Role.OPERATOR, autocommit=True) as conn:
        batches = retry_failed_claims(
            conn,
            submitter or load_settings().claims_submitter,
            list(claims) or str(rule_code).strip().upper(),
        )
    retried = sum(batches.values())
    if as_json:
        print_json({"claims": retried, "batches": sorted(batches)})
        return
    notice(f"{retried:,} claims are on their way again. Next: claims process, or a claims worker")


@failed.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@submitter_option
@json_option
def correct(files: tuple[str, ...], submitter: str | None, *, as_json: bool) -> None:
    """Load corrected claims, each of which takes the place of the failed one with its number.

    The failed claim becomes superseded and both are linked. A file whose claims do not all
    have the number of a failed claim is refused from the batch on in which that is.
    """
    settings = load_settings()
    if submitter is not None:
        settings = settings.model_copy(update={"claims_submitter": submitter})
    result = load_files(files, settings, corrects=True)
    corrected = result.claims - result.not_decoded
    if not corrected and not result.claims_already_loaded:
        raise ClaimsError(
            "FAILED_NOTHING_CORRECTED",
            "nothing was corrected: "
            + (
                f"{result.not_decoded:,} claims could not be decoded"
                if result.not_decoded
                else "there are no claims in what was given"
            ),
            "Give a file of corrected claims, each under the number that failed; `claims failed` "
            "lists those that did.",
        )
    if as_json:
        print_json(
            {
                "claims": corrected,
                "not_decoded": result.not_decoded,
                "claims_already_loaded": result.claims_already_loaded,
            }
        )
        return
    if result.claims_already_loaded:
        notice(f"{result.claims_already_loaded:,} corrected claims were loaded before.")
    if corrected:
        notice(
            f"{corrected:,} corrected claims took the place of failed ones. Next: claims process"
        )
    if result.not_decoded:
        notice(f"{result.not_decoded:,} more could not be decoded, and correct nothing.")


def _show_reasons(count: FailedCount, reasons: list[FailedReason]) -> None:
    if not reasons:
        notice("No failed claims. Next: claims status")
        return
    table = Table("rule", "reason", "claims", "for example", box=None, padding=(0, 2, 0, 0))
    table.columns[2].justify = table.columns[3].justify = "right"
    for row in reasons:
        table.add_row(row.rule_code, Text(row.title), f"{row.claims:,}", str(row.example_claim_id))
    out.print(table)
    notice(
        f"{count.claims:,} claims failed, {count.not_decoded:,} of them could not be decoded; "
        "a claim counts once for each of its rules."
    )
    notice("The claims of a rule: claims failed --rule RULE. One claim: claims show CLAIM")


def _show_rule(rule: Rule, found: list[FailedFinding], following: int | None) -> None:
    out.print(Text.assemble((rule.rule_code, "bold"), f" {rule.title}. {rule.hint}"))
    codes = standard_codes(rule.claim_status, rule.group_code, rule.carc, rule.rarc)
    if codes:
        out.print(Text(codes, style="dim"))
    if not found:
        notice("No failed claims of this rule, or none that follow.")
        return
    table = Table("claim", "batch", "received", "field", "found", box=None, padding=(0, 2, 0, 0))
    table.columns[0].justify = table.columns[1].justify = "right"
    for _, findings in groupby(found, key=lambda row: row.claim_id):
        for at, row in enumerate(findings):
            first = at == 0
            table.add_row(
                str(row.claim_id) if first else "",
                str(row.batch_id) if first else "",
                f"{row.received_at.astimezone():%Y-%m-%d}" if first else "",
                Text(row.field),
                Text(row.value or "(not shown: it may be PHI)"),
            )
    out.print(table)
    if following is not None:
        notice(f"More: claims failed --rule {rule.rule_code} --after {following}")
