"""`claims bench`: how fast, and how near to the floor."""

from typing import Final

import rich_click as click
from rich.table import Table

from app.bench.http import run_http_bench
from app.bench.pipeline import run_bench
from app.cli.options import json_option
from app.program.console import err, out, print_json
from app.program.settings import load_settings

SCORING_PARTS: Final = {
    "features": "features out",
    "inference": "inference",
    "scores": "scores in",
}


@click.command()
@click.option(
    "--claims",
    type=click.IntRange(min=1),
    default=100_000,
    show_default=True,
    help="How many to generate for each of the two runs.",
)
@click.option("--seed", default=1, show_default=True, help="Seed of the generated claims.")
@click.option(
    "--http",
    "over_http",
    is_flag=True,
    help="Measure the service instead: the claims in requests of 10,000, then a steady load of "
    "one-claim requests with a large one amid them.",
)
@click.option(
    "--rate",
    default=200,
    show_default=True,
    type=click.IntRange(1, 10_000),
    help="With --http: one-claim requests a second.",
)
@click.option(
    "--seconds",
    default=60,
    show_default=True,
    type=click.IntRange(1, 3600),
    help="With --http: how long they come.",
)
@json_option
def bench(  # noqa: PLR0913 - one parameter for each option
    claims: int, seed: int, *, over_http: bool, rate: int, seconds: int, as_json: bool
) -> None:
    """Measure loading and processing of generated claims in databases of its own.

    Twice: from a database never analysed, and the same again warm. The floor is a bare
    COPY of the rows produced into empty tables with the same partitions and indexes,
    over the same number of connections.
    """
    if over_http:
        _bench_http(claims, seed, rate, seconds, as_json=as_json)
        return
    result = run_bench(load_settings(), claims, seed, on_step=_step)
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
        if stage == "score":
            for part, label in SCORING_PARTS.items():
                table.add_row(
                    f"  {label}",
                    f"{result['scoring_seconds'][part]:,}",
                    f"{result['warm']['scoring_seconds'][part]:,}",
                )
    for part in result["audit_percent"] or ():
        table.add_row(
            f"audit, percent of the time to {part}",
            f"{result['audit_percent'][part]}",
            f"{result['warm']['audit_percent'][part]}",
        )
    out.print(table)


def _bench_http(claims: int, seed: int, rate: int, seconds: int, *, as_json: bool) -> None:
    found = run_http_bench(
        load_settings(), claims=claims, seed=seed, rate=rate, seconds=seconds, on_step=_step
    )
    if as_json:
        print_json(found)
        return
    table = Table("", "", show_header=False, box=None)
    table.columns[1].justify = "right"
    for name, value in found.items():
        text = f"{value:,}" if isinstance(value, (int, float)) else str(value)
        table.add_row(name.replace("_", " "), text)
    out.print(table)


def _step(text: str) -> None:
    err.print(f"… {text}")
