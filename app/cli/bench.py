"""`claims bench`: how fast, and how near to the floor."""

import rich_click as click
from rich.table import Table

from app.bench import run_bench
from app.cli.options import json_option
from app.console import err, out, print_json
from app.settings import load_settings


@click.command()
@click.option(
    "--claims",
    type=click.IntRange(min=1),
    default=100_000,
    show_default=True,
    help="How many to generate for each of the two runs.",
)
@click.option("--seed", default=1, show_default=True, help="Seed of the generated claims.")
@json_option
def bench(claims: int, seed: int, *, as_json: bool) -> None:
    """Measure loading and processing of generated claims in databases of its own.

    Twice: from a database never analysed, and the same again warm. The floor is a bare
    COPY of the rows produced into empty tables with the same partitions and indexes,
    over the same number of connections.
    """
    result = run_bench(load_settings(), claims, seed, on_step=lambda text: err.print(f"… {text}"))
    if as_json:
        print_json(result)
        return
    table = Table("", "never analysed", "warm", box=None)
    for column in table.columns[1:]:
        column.justify = "right"
    for name, label in (
        ("load_claims_per_second", "load, claims per second"),
        ("process_seconds", "process, seconds"),
        ("claims_per_second", "process, claims per second"),
        ("floor_seconds", "floor, seconds"),
        ("ratio_to_floor", "process / floor"),
    ):
        table.add_row(label, f"{result[name]:,}", f"{result['warm'][name]:,}")
    for stage in result["stage_seconds"]:
        table.add_row(
            f"{stage}, seconds of all connections",
            f"{result['stage_seconds'][stage]:,}",
            f"{result['warm']['stage_seconds'][stage]:,}",
        )
    for part in result["audit_percent"] or ():
        table.add_row(
            f"audit, percent of the time to {part}",
            f"{result['audit_percent'][part]}",
            f"{result['warm']['audit_percent'][part]}",
        )
    out.print(table)
