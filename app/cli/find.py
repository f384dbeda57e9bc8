"""`claims find`: the claims of a member or a patient, or with a claim number."""

import rich_click as click
from rich.table import Table

from app.cli.options import asked_for, json_option
from app.database.connect import Role, connect
from app.database.trail import PURPOSES, Told, tell
from app.desk.search import Found, Kind, find_claims, patient_token
from app.program.console import notice, out, print_json
from app.program.settings import load_settings
from app.vault.keyring import read_tokens


@click.command()
@click.option(
    "--member-id",
    metavar="ID",
    callback=asked_for("Member id"),
    help="Member id, as on the insurance card.",
)
@click.option(
    "--claim-number",
    metavar="NUMBER",
    callback=asked_for("Claim number"),
    help="Claim number, as the submitter sent it.",
)
@click.option(
    "--patient",
    metavar="LAST,FIRST,YYYY-MM-DD",
    callback=asked_for("Patient (LAST,FIRST,YYYY-MM-DD)"),
    help="Name and birth date.",
)
@click.option(
    "--purpose",
    type=click.Choice(PURPOSES),
    metavar="PURPOSE",
    help=f"Why they are looked for, which the audit trail keeps ({', '.join(PURPOSES)}).",
)
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
def find(  # noqa: PLR0913 - one for each option
    member_id: str | None,
    claim_number: str | None,
    patient: str | None,
    *,
    purpose: str | None,
    limit: int,
    after: int,
    as_json: bool,
) -> None:
    """Find claims without decrypting any; give one of the three.

    What stands on a command line is seen in the process list and kept by the shell: given as -,
    the value is asked for, or read from standard input.

    Case, accents, blanks, punctuation and leading zeros of names and member ids do not matter.
    An audit event records the search.
    """
    given = {"member": member_id, "claim_number": claim_number, "patient": patient}
    if sum(value is not None for value in given.values()) != 1:
        raise click.UsageError("Give one of --member-id, --claim-number and --patient.")
    settings = load_settings()
    with connect(Role.OPERATOR) as conn:
        tell(conn, Told(purpose=purpose), in_transaction=False)
        tokens = read_tokens(conn, settings)
        kind: Kind
        if member_id is not None:
            kind, token = "member", tokens.member(member_id)
        elif claim_number is not None:
            kind, token = "claim_number", tokens.claim_number(claim_number)
        else:
            kind, token = "patient", patient_token(tokens, patient or "")
        found = find_claims(conn, kind, token, after=after, limit=limit)
    following = found[-1].claim_id if len(found) == limit else None
    if as_json:
        print_json({"claims": found, "next_after": following})
    else:
        _show(found, following)


def _show(found: list[Found], following: int | None) -> None:
    if not found:
        notice("No claims.")
        return
    table = Table(
        "claim", "state", "decision", "received", "service", "charge", "allowed",
        box=None, padding=(0, 2, 0, 0),
    )  # fmt: skip
    for column in (table.columns[0], *table.columns[-2:]):
        column.justify = "right"
    for row in found:
        table.add_row(
            str(row.claim_id),
            row.state,
            row.decision or "",
            f"{row.received_at.astimezone():%Y-%m-%d}",
            "" if row.first_service_date is None else f"{row.first_service_date}",
            "" if row.total_charge is None else f"${row.total_charge:,.2f}",
            "" if row.allowed_amount is None else f"${row.allowed_amount:,.2f}",
        )
    out.print(table)
    if following is not None:
        notice(f"More: --after {following}")
    notice("One claim: claims show CLAIM")
