"""`claims demo`: the main job from beginning to end, with a summary."""

import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

import rich_click as click
from psycopg import Connection, rows
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from app.cli.load import load_behind_bar
from app.cli.options import json_option
from app.cli.process import run
from app.cli.starter import load_starter
from app.database.connect import Role, connect
from app.database.schema import upgrade
from app.desk.accounting import Accounting, read_accounting
from app.generate import AS_OF, FAULT_SHARE, Generator
from app.intake.load import LoadResult
from app.pipeline.once import ProcessResult
from app.program.console import err, out, print_json, progress
from app.program.errors import translated
from app.program.paths import DATA_DIR
from app.program.settings import load_settings

PROGRAM: Final = "claims"
SAMPLE: Final = DATA_DIR / "sample_claims.ndjson.gz"
DEMO_SEED: Final = 2

TOP_FAILED: Final = """
select reasons.rule_code as code, reasons.title, reasons.claims, reasons.example_claim_id,
  count(*) over () as reasons
from pipeline.failed_reasons as reasons
order by reasons.claims desc, reasons.rule_code
limit 6"""

TOP_PENDED: Final = """
select reasons.reason_code as code, reasons.title, reasons.claims, reasons.example_claim_id,
  count(*) over () as reasons
from pipeline.pended_reasons as reasons
order by reasons.claims desc, reasons.reason_code
limit 6"""

AN_EXAMPLE: Final = """
select claim.claim_id
from production.claims as claim
where claim.decision = 'approved'
order by claim.line_count desc, claim.claim_id
limit 1"""


@click.command()
@click.option(
    "--claims",
    type=click.IntRange(min=1),
    help="Generate this many claims instead of taking the sample of 1,000.",
)
@click.option("--seed", default=DEMO_SEED, show_default=True, help="Seed of generated claims.")
@json_option
def demo(claims: int | None, seed: int, *, as_json: bool) -> None:
    """Run the main job: make the database, load claims, process them, show what came out."""
    settings = load_settings()
    err.print("Making the database ready")
    upgrade()
    with connect(Role.OPERATOR) as conn:
        load_starter(conn)
        before = read_accounting(conn)
    with tempfile.TemporaryDirectory(prefix="claims-demo-") as folder:
        file = SAMPLE
        if claims is not None:
            file = Path(folder) / "claims.ndjson"
            _generate(file, claims, seed)
        # As on the day that the claims are made for: later they would run into timely filing.
        loaded = load_behind_bar((str(file),), settings, received_on=AS_OF)
    processed = run(settings)
    with connect(Role.OPERATOR) as conn:
        after = read_accounting(conn)
        if as_json:
            print_json(_as_object(before, after, loaded, processed))
        else:
            _show(conn, after, loaded, processed)


def _generate(file: Path, claims: int, seed: int) -> None:
    """Write claims behind a progress bar."""
    with file.open("wb") as target, progress() as display:
        target.writelines(
            display.track(
                Generator(claims, seed, AS_OF, FAULT_SHARE),
                total=claims,
                description=f"Generating claims (seed {seed})",
            )
        )


def _as_object(
    before: Accounting, after: Accounting, loaded: LoadResult, processed: ProcessResult
) -> dict[str, object]:
    """Give what this run did; claims that were there before are counted apart."""
    return {
        "claims": after.loaded - before.loaded,
        "claims_already_loaded": loaded.claims_already_loaded,
        "transferred": after.transferred - before.transferred,
        "failed": after.failed - before.failed,
        "pended": after.pended - before.pended,
        "below_threshold": after.below_threshold - before.below_threshold,
        "denied": after.denied - before.denied,
        "in_progress": after.in_progress,
        "superseded": after.superseded - before.superseded,
        "load_seconds": round(loaded.seconds, 3),
        "load_claims_per_second": round(loaded.claims_per_second, 1),
        "process_seconds": round(processed.seconds, 3),
        "claims_per_second": round(processed.claims_per_second, 1),
        "allowed_total": after.allowed_total - before.allowed_total,
    }


def _show(
    conn: Connection[Any], after: Accounting, loaded: LoadResult, processed: ProcessResult
) -> None:
    """Print the summary for a person: of the whole database, because a demo may run twice."""
    with translated():
        example = (conn.execute(AN_EXAMPLE).fetchone() or (None,))[0]
        with conn.cursor(row_factory=rows.dict_row) as cur:
            failed = cur.execute(TOP_FAILED).fetchall()
            pended = cur.execute(TOP_PENDED).fetchall()

    outcome = Table(show_header=False, box=None, padding=(0, 2))
    outcome.add_column()
    outcome.add_column(justify="right")
    outcome.add_row("claims in this database", f"{after.loaded:,}")
    outcome.add_row(
        "  priced by the fee schedule",
        f"{after.transferred - after.pended - after.denied:,}",
        style="green",
    )
    outcome.add_row(
        "    of them on review by their score", f"{after.below_threshold:,}", style="yellow"
    )
    outcome.add_row("  in production, waiting for a person", f"{after.pended:,}", style="yellow")
    outcome.add_row("  in production, denied", f"{after.denied:,}", style="red")
    outcome.add_row("  failed, back to the submitter", f"{after.failed:,}", style="red")
    if after.in_progress:
        outcome.add_row("  in progress", f"{after.in_progress:,}")
    if after.superseded:
        outcome.add_row("  superseded", f"{after.superseded:,}")
    outcome.add_row("allowed amount", f"${after.allowed_total:,.2f}")
    if loaded.claims:
        outcome.add_row(
            "loaded now",
            f"{loaded.claims:,} in {loaded.seconds:.1f} s ({loaded.claims_per_second:,.0f}/s)",
        )
    if loaded.claims_already_loaded:
        outcome.add_row("loaded in an earlier run", f"{loaded.claims_already_loaded:,}")
    if processed.claims:
        outcome.add_row(
            "processed now",
            f"{processed.claims:,} in {processed.seconds:.1f} s "
            f"({processed.claims_per_second:,.0f}/s)",
        )
    out.print(Panel(outcome, title="Claims", expand=False))
    claims = _program()
    _show_reasons("Why claims failed", failed, f"{claims} failed")
    _show_reasons("Why claims wait for a person", pended, f"{claims} review list")

    out.print("[bold]Where to look next[/bold]")
    table = Table.grid(padding=(0, 2))
    if example is not None:
        table.add_row(f"  {claims} show {example}", "why a claim came to its amount")
    if failed:
        table.add_row(f"  {claims} show {failed[0]['example_claim_id']}", "why a claim failed")
    if after.pended or after.below_threshold:
        table.add_row(f"  {claims} review list", "what waits for a person, and why")
    table.add_row(f"  {claims} failed", "all failed claims by reason")
    table.add_row(f"  {claims} status", "batches, counts and reference releases")
    table.add_row(f"  {claims} db psql", "the database itself")
    table.add_row(f"  {claims} db stop", "stop the server; the data stay")
    out.print(table)


def _program() -> str:
    """Give what a person types to call this program from here."""
    program = Path(sys.argv[0])
    if program.name != PROGRAM or shutil.which(PROGRAM) == str(program.absolute()):
        return PROGRAM
    here = Path.cwd()
    return str(program.relative_to(here) if program.is_relative_to(here) else program)


def _show_reasons(title: str, found: list[dict[str, Any]], command: str) -> None:
    """Print the most frequent reasons, with a claim to look at."""
    if not found:
        return
    table = Table(
        "", "reason", "claims", "for example", title=title, title_justify="left", box=None
    )
    table.columns[2].justify = table.columns[3].justify = "right"
    for row in found:
        table.add_row(
            row["code"], Text(row["title"]), f"{row['claims']:,}", str(row["example_claim_id"])
        )
    out.print(table)
    more = found[0]["reasons"] - len(found)
    if more:
        out.print(f"  and {more} more {'reason' if more == 1 else 'reasons'}: {command}")
    out.print()
