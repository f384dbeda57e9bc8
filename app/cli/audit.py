"""`claims audit`: seal, verify and read the audit trail."""

import base64
import signal
import sys
import threading
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import msgspec
import rich_click as click
from psycopg import Connection
from rich.padding import Padding
from rich.text import Text

from app.audit.anchors import read_anchors, seal_file
from app.audit.keys import fingerprint, signing_key, trusted_keys
from app.audit.reading import (
    Disclosure,
    Filter,
    all_events,
    claims_of,
    disclosures,
    newest_events,
    patient_of,
    patient_token,
)
from app.audit.sealing import Sealed, seal_events
from app.audit.verifying import Verified, has_seals, verify
from app.cli.options import json_option
from app.database.connect import Role, connect
from app.program.console import notice, out, print_json
from app.program.errors import ClaimsError
from app.program.settings import load_settings

YEARS_ACCOUNTED: Final = 6
"""How far back a patient may ask (45 CFR 164.528 (a)(1))."""

_DATE: Final = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"])
_OUTCOMES: Final = {"succeeded": "bold", "refused": "bold yellow", "failed": "bold red"}
_INDENT: Final = (0, 0, 0, 2)


@click.group()
def audit() -> None:
    """Seal, verify and read the record of who did what to which claims."""


@audit.command()
@click.option(
    "--every",
    type=click.FloatRange(min=1),
    metavar="SECONDS",
    help="Go on sealing at this interval until stopped; an error ends it.",
)
@json_option
def seal(*, every: float | None, as_json: bool) -> None:
    """Hash and sign the events whose transactions have ended, and write the newest seal outside."""
    settings = load_settings()
    stop = threading.Event()
    if every is not None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
    while True:
        _say_sealed(seal_events(settings), as_json=as_json)
        if every is None or stop.wait(every):
            return


def _say_sealed(sealed: Sealed, *, as_json: bool) -> None:
    newest = sealed.seals[-1].seal_number if sealed.seals else None
    if as_json:
        print_json(
            {
                "events": sealed.events,
                "seals": len(sealed.seals),
                "newest_seal": newest,
                "waiting": sealed.waiting,
                "waiting_since": sealed.waiting_since,
            }
        )
        return
    if newest is None:
        out.print("Nothing to seal.")
    else:
        seals = "1 seal" if len(sealed.seals) == 1 else f"{len(sealed.seals):,} seals"
        out.print(f"{sealed.events:,} events sealed by {seals}, the newest is {newest}.")
    if sealed.waiting:
        notice(
            f"{sealed.waiting:,} events, the oldest of {sealed.waiting_since:%Y-%m-%d %H:%M:%S}, "
            "wait for transactions that still run."
        )


@audit.command(name="verify")
@click.option(
    "--seals",
    "file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The file of seals kept outside; by default the one that is configured.",
)
@json_option
@click.pass_context
def verify_command(ctx: click.Context, *, file: Path | None, as_json: bool) -> None:
    """Find and locate whatever was changed, deleted, inserted or exchanged after it was sealed.

    Ends with status 1 when there is anything.
    """
    settings = load_settings()
    path = seal_file(settings) if file is None else file
    if path is None:
        raise ClaimsError(
            "AUDIT_SEAL_FILE_MISSING",
            "CLAIMS_AUDIT_SEAL_COMMAND took the seals, and nothing says where they are now",
            "Bring them here and name the file: claims audit verify --seals FILE.",
        )
    if not path.exists() and not has_seals():
        raise ClaimsError(
            "AUDIT_NOT_SEALED",
            "nothing was sealed yet, so that there is nothing to verify",
            "Run `claims audit seal` first, and then at intervals.",
        )
    verified = verify(trusted_keys(settings), read_anchors(path))
    if as_json:
        print_json({**asdict(verified), "intact": not verified.problems})
    else:
        _show_verified(verified)
    if verified.problems:
        ctx.exit(1)


def _show_verified(verified: Verified) -> None:
    for problem in verified.problems:
        out.print(Text(f"{problem.kind}: ", style="bold red"), Text(problem.message), sep="")
    sealed = verified.events - verified.unsealed
    seals = "1 seal" if verified.seals == 1 else f"{verified.seals:,} seals"
    for month, count in sorted(verified.archived_months.items()):
        out.print(f"{count:,} events of {month} are archived; their seals stand.")
    if verified.unsealed:
        out.print(f"{verified.unsealed:,} events since {verified.unsealed_since} are not sealed.")
    said = "not intact" if verified.problems else "intact"
    out.print(
        Text.assemble(
            f"{seals} over {sealed:,} events: ",
            (said, "bold red" if verified.problems else "bold green"),
            f" ({verified.seconds:.1f} s)",
        )
    )


@audit.command()
@json_option
def key(*, as_json: bool) -> None:
    """Show the public half of the signing key, which is all that verifying needs."""
    public = signing_key(load_settings(), may_create=False).public_key()
    text = base64.b64encode(public.public_bytes_raw()).decode()
    if as_json:
        print_json({"public_key": text, "fingerprint": fingerprint(public).hex()})
    else:
        click.echo(text)


def _filters(command: Any) -> Any:  # noqa: ANN401 - decorates whatever click made
    """Add the options that `list` and `export` share."""
    for option in (
        click.option("--to", "end", type=_DATE, help="Before this time (UTC)."),
        click.option("--from", "start", type=_DATE, help="From this time on (UTC)."),
        click.option("--action", help="Of this action, such as claim.phi_shown."),
        click.option("--actor", help="By this database role, API client or origin (user@host)."),
        click.option("--patient", help="On claims of this patient: a token in hexadecimal."),
        click.option("--claim", type=int, help="On this claim."),
    ):
        command = option(command)
    return command


@audit.command(name="list")
@_filters
@click.option(
    "--limit",
    default=50,
    show_default=True,
    type=click.IntRange(min=1),
    help="How many events to list.",
)
@json_option
def list_command(*, limit: int, as_json: bool, **filters: Any) -> None:  # noqa: ANN401 - of click
    """List the newest events, oldest first."""
    with connect(Role.AUDITOR) as conn:
        found = newest_events(conn, _filter(conn, filters), limit)
    if as_json:
        print_json({"events": found})
        return
    for event in found:
        out.print(_heading(event))
        out.print(Padding(Text(_particulars(event)), _INDENT, expand=False))
    if len(found) == limit:
        notice("There may be more: --limit, or claims audit export.")


@audit.command()
@_filters
def export(**filters: Any) -> None:  # noqa: ANN401 - of click
    """Print all events as NDJSON, one object a line; that they were exported is recorded."""
    encoder = msgspec.json.Encoder()
    with connect(Role.AUDITOR) as conn:
        for event in all_events(conn, _filter(conn, filters)):
            sys.stdout.buffer.write(encoder.encode(event) + b"\n")
    sys.stdout.buffer.flush()


@audit.command(name="disclosures")
@click.option("--patient", help="The patient: a token in hexadecimal.")
@click.option("--claim", type=int, help="The patient of this claim.")
@click.option("--from", "start", type=_DATE, help="From this time on; by default six years ago.")
@click.option(
    "--all",
    "with_exempt",
    is_flag=True,
    help="Also those that need not be accounted for, such as for payment.",
)
@json_option
def disclosures_command(
    *,
    patient: str | None,
    claim: int | None,
    start: datetime | None,
    with_exempt: bool,
    as_json: bool,
) -> None:
    """Account for the disclosures of one patient's data (45 CFR 164.528)."""
    if (patient is None) == (claim is None):
        raise click.UsageError("Name the patient by --patient or by --claim.")
    today = datetime.now(UTC)
    six_years_ago = today.replace(
        year=today.year - YEARS_ACCOUNTED,
        day=min(today.day, 28),
        hour=0,
        minute=0,
        second=0,
        microsecond=0,
    )
    with connect(Role.AUDITOR) as conn:
        token = patient_token(patient) if patient is not None else patient_of(conn, claim or 0)
        since = six_years_ago if start is None else start.replace(tzinfo=UTC)
        found = disclosures(conn, token, since, with_exempt=with_exempt)
    if as_json:
        print_json({"patient_token": token.hex(), "from": since, "disclosures": found})
        return
    _show_disclosures(token, since, found)


def _show_disclosures(token: bytes, since: datetime, found: list[Disclosure]) -> None:
    out.print(
        Text(f"Disclosures of patient {token.hex()} since {since:%Y-%m-%d}"),
        soft_wrap=True,
    )
    for row in found:
        out.print(Text(f"{row.disclosed_at.astimezone():%Y-%m-%d %H:%M}  {row.recipient}"))
        claims = ", ".join(map(str, row.claim_ids))
        address = f"address {row.recipient_address}; " if row.recipient_address else ""
        out.print(
            Padding(
                Text(f"{address}{row.what}: claim {claims}; purpose: {row.purpose_title}"),
                _INDENT,
                expand=False,
            )
        )
    if not found:
        out.print("None.")


def _filter(conn: Connection[Any], given: dict[str, Any]) -> Filter:
    claim, start, end = given["claim"], given["start"], given["end"]
    claim_ids = None if claim is None else [claim]
    if given["patient"] is not None:
        of_patient = claims_of(conn, patient_token(given["patient"]))
        claim_ids = of_patient if claim is None else [c for c in of_patient if c == claim]
    return Filter(
        claim_ids=claim_ids,
        actor=given["actor"],
        action=given["action"],
        start=None if start is None else start.replace(tzinfo=UTC),
        end=None if end is None else end.replace(tzinfo=UTC),
    )


def _heading(event: dict[str, Any]) -> Text:
    return Text.assemble(
        f"{event['event_id']}  {event['occurred_at'].astimezone():%Y-%m-%d %H:%M:%S}  ",
        (event["action"], _OUTCOMES[event["outcome"]]),
        "" if event["outcome"] == "succeeded" else f" ({event['outcome']})",
    )


def _particulars(event: dict[str, Any]) -> str:
    who = event["client"] or event["acting_role"] or event["database_role"]
    first, last = event["first_claim_id"], event["last_claim_id"]
    parts = [
        f"by {who} from {event['origin'] or event['client_address'] or 'the server itself'}",
        *(
            []
            if first is None
            else [f"claim {first}" if first == last else f"claims {first} to {last}"]
        ),
        *([f"for {event['purpose']}"] if event["purpose"] else []),
        *([f"to {event['recipient']}"] if event["recipient"] else []),
    ]
    return ", ".join(parts)
