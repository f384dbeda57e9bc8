"""`claims client`: the programs that may call the API."""

from datetime import UTC, datetime, timedelta

import rich_click as click
from rich.table import Table
from rich.text import Text

from app.cli.options import json_option
from app.database.connect import Role, connect
from app.program.console import notice, out, print_json
from app.program.settings import load_settings
from app.service.clients import SCOPES, ClientRow, add_client, list_clients, revoke_client


@click.group()
def client() -> None:
    """Create, list and revoke API clients and their tokens."""


@client.command()
@click.argument("name")
@click.option("--submitter", help="Whose claims it sends and sees; otherwise CLAIMS_SUBMITTER.")
@click.option(
    "--scope",
    "scopes",
    type=click.Choice(SCOPES),
    multiple=True,
    default=("claims:write", "claims:read"),
    show_default=True,
    help="What it may do; give the option once for each.",
)
@click.option(
    "--days",
    type=click.IntRange(min=1, max=3650),
    default=365,
    show_default=True,
    help="Days until its token stops working.",
)
@json_option
def create(
    name: str, submitter: str | None, scopes: tuple[str, ...], days: int, *, as_json: bool
) -> None:
    """Create a client and print its token, once: it is kept nowhere and cannot be shown again."""
    expires_at = datetime.now(UTC) + timedelta(days=days)
    whose = submitter or load_settings().claims_submitter
    with connect(Role.OPERATOR) as conn:
        token = add_client(conn, name, whose, sorted(set(scopes)), expires_at)
    if as_json:
        print_json({"name": name, "submitter": whose, "expires_at": expires_at, "token": token})
        return
    click.echo(token)
    notice("Keep this token now: it is not shown again. Send it as Authorization: Bearer TOKEN")


@client.command(name="list")
@json_option
def list_(*, as_json: bool) -> None:
    """List all clients, the revoked and expired ones too; never their tokens."""
    with connect(Role.OPERATOR) as conn:
        found = list_clients(conn)
    if as_json:
        print_json({"clients": found})
        return
    table = Table(
        "client", "submitter", "scopes", "state", "last used", box=None, padding=(0, 2, 0, 0)
    )
    for row in found:
        table.add_row(
            Text(row.name),
            Text(row.submitter),
            " ".join(row.scopes),
            _state(row),
            f"{row.last_used_at.astimezone():%Y-%m-%d %H:%M}" if row.last_used_at else "never",
        )
    out.print(table)


@client.command()
@click.argument("name")
@json_option
def revoke(name: str, *, as_json: bool) -> None:
    """Revoke a client: services refuse its token a second later at the latest."""
    with connect(Role.OPERATOR) as conn:
        revoke_client(conn, name)
    if as_json:
        print_json({"name": name, "revoked": True})
    else:
        out.print("Revoked.")


def _state(row: ClientRow) -> str:
    if row.revoked_at is not None:
        return f"revoked {row.revoked_at.astimezone():%Y-%m-%d}"
    if row.expires_at <= datetime.now(UTC):
        return f"expired {row.expires_at.astimezone():%Y-%m-%d}"
    return f"until {row.expires_at.astimezone():%Y-%m-%d}"
