"""`claims keys`: make, list, rotate, rewrap and destroy keys."""

import os
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

import rich_click as click
from rich.table import Table

from app.cli.options import asked_for, json_option
from app.database.connect import Role, connect
from app.desk.search import patient_token
from app.program.console import notice, out, print_json, progress
from app.program.errors import ClaimsError
from app.program.settings import Settings, load_settings
from app.vault.keyring import read_tokens
from app.vault.providers import (
    KeyProvider,
    command_provider,
    create_key_file,
    file_provider,
    key_provider,
)
from app.vault.reencryption import Reencrypted, reencrypt
from app.vault.rotation import rewrap_data_keys, rotate_data_key
from app.vault.shred import (
    Patient,
    Shredded,
    find_patient,
    find_patient_of,
    shred_months,
    shred_patient,
)
from app.vault.status import KeyStatus, count_claims, list_keys, read_status


@click.group()
def keys() -> None:
    """Keys that protect what identifies patients: make, list, rotate, rewrap, destroy."""


@keys.command()
@json_option
def init(*, as_json: bool) -> None:
    """Make the keys that are missing, and say what to keep a copy of.

    The wrapping key file of CLAIMS_ENCRYPTION_KEY_FILE is made here alone; the data keys and the
    erasure keys are made by the first load too.
    """
    settings = load_settings()
    with connect(Role.OPERATOR) as conn:
        path = settings.claims_encryption_key_file
        if path is not None and not list_keys(conn):
            with suppress(FileExistsError):
                create_key_file(path)
                notice(f"Made the wrapping key {path}")
        status = read_status(conn, settings)
    if as_json:
        print_json(asdict(status))
        return
    _show_status(status)
    notice(
        "Keep copies of the wrapping key and of the erasure keys, and not with the backups of the "
        "database. After each `claims keys shred` replace the copies of the erasure keys."
    )


@keys.command(name="list")
@json_option
def list_(*, as_json: bool) -> None:
    """List the data keys: which encrypts new claims, and which key wraps each."""
    with connect(Role.OPERATOR) as conn:
        found = list_keys(conn)
    if as_json:
        print_json({"keys": found})
        return
    if not found:
        notice("No keys yet. They are made by the first load, or by: claims keys init")
        return
    table = Table("key", "for", "state", "made", "retired", "wrapped by", box=None)
    table.columns[0].justify = "right"
    for key in found:
        table.add_row(
            str(key.data_key_id),
            {"phi": "fields", "token": "tokens"}[key.purpose],
            key.state,
            _day(key.created_at),
            _day(key.retired_at),
            key.wrapped_by,
        )
    out.print(table)


@keys.command()
@click.option("--count", is_flag=True, help="Count the claims under each key: reads every claim.")
@json_option
def status(*, count: bool, as_json: bool) -> None:
    """Open all keys, and say which they are; with --count, what stands under each."""
    settings = load_settings()
    with connect(Role.OPERATOR) as conn:
        found = read_status(conn, settings)
        counted = count_claims(conn) if count else None
    if as_json:
        print_json({**asdict(found), "claims": counted})
        return
    _show_status(found)
    if counted is None:
        return
    table = Table("claims in", "key", "version", "claims", "of them erased", box=None)
    for column in table.columns[1:]:
        column.justify = "right"
    for row in counted:
        table.add_row(
            row.place, str(row.data_key_id), str(row.version), f"{row.claims:,}", f"{row.erased:,}"
        )
    out.print(table)
    stale = sum(
        row.claims - row.erased for row in counted if row.data_key_id != found.active_data_key_id
    )
    if stale:
        notice(f"{stale:,} claims stand under a retired key. Next: claims keys rotate --resume")


@keys.command()
@click.option(
    "--resume", is_flag=True, help="Start no new key; go on with what a rotation left to do."
)
@click.option(
    "--later", is_flag=True, help="Start the new key alone; old rows follow with --resume."
)
@json_option
def rotate(*, resume: bool, later: bool, as_json: bool) -> None:
    """Start a new data key for new claims at once, then put all that is stored under it.

    The service runs on meanwhile. Interrupt it at any time; --resume goes on.
    """
    if resume and later:
        raise click.UsageError("--resume and --later exclude each other.")
    settings = load_settings()
    made = None
    if not resume:
        with connect(Role.OPERATOR) as conn:
            rotated = rotate_data_key(conn, settings)
        made = rotated.made
        notice(f"Data key {made} encrypts new claims; {rotated.retired} is retired.")
    done = Reencrypted() if later else _reencrypt_behind_bar(settings)
    if as_json:
        print_json(
            {
                "data_key_id": made,
                "claims": done.replaced,
                "erased": done.erased,
                "refused": done.refused,
                "seconds": round(done.seconds, 3),
                "claims_per_second": round(done.claims_per_second, 1),
            }
        )
    elif not later:
        out.print(
            f"{done.replaced:,} claims encrypted anew in {done.seconds:,.1f} s, "
            f"{done.claims_per_second:,.0f} claims per second."
        )
    if done.refused:
        raise ClaimsError(
            "VAULT_DECRYPTION_REFUSED",
            f"{len(done.refused):,} claims do not decrypt and stay as they are: they were changed "
            f"or moved; the first is {done.refused[0]}",
            "The audit trail has an event claim.phi_refused for each. Restore the rows from a "
            "backup.",
        )


def _reencrypt_behind_bar(settings: Settings) -> Reencrypted:
    with progress() as display:
        task = display.add_task("Encrypting anew", total=None)
        return reencrypt(
            settings,
            on_progress=lambda done, total: display.update(task, completed=done, total=total),
        )


@keys.command()
@click.option("--to-file", type=click.Path(path_type=Path), help="File that holds the new key.")
@click.option(
    "--to-variable",
    metavar="NAME",
    help="Environment variable that holds the new key; a key on a command line could be seen.",
)
@click.option("--to-command", metavar="COMMAND", help="Command that wraps from now on.")
@json_option
def rewrap(
    to_file: Path | None, to_variable: str | None, to_command: str | None, *, as_json: bool
) -> None:
    """Put the data keys under another wrapping key; no claim is touched.

    The settings lead to the old key, one of the options to the new one. Change the settings
    right after: from then on the new key alone opens the database.
    """
    if sum(one is not None for one in (to_file, to_variable, to_command)) != 1:
        raise click.UsageError("Give one of --to-file, --to-variable and --to-command.")
    settings = load_settings()
    new: KeyProvider
    setting: str
    if to_file is not None:
        new = file_provider(to_file.absolute())
        setting = f"CLAIMS_ENCRYPTION_KEY_FILE={to_file.absolute()}"
    elif to_variable is not None:
        new = key_provider(to_variable, os.environ.get(to_variable, ""))
        setting = f"CLAIMS_ENCRYPTION_KEY to what {to_variable} holds"
    else:
        new = command_provider("--to-command", to_command or "", settings.key_command_seconds)
        setting = f"CLAIMS_KEY_COMMAND={to_command}"
    with connect(Role.OPERATOR) as conn:
        count = rewrap_data_keys(conn, settings, new)
    if as_json:
        print_json({"data_keys": count, "wrapped_by": new.fingerprint.hex()})
    else:
        out.print(f"{count} data keys are wrapped by {new.fingerprint.hex()} now.")
        notice(f"Now set {setting}, and destroy the old key when no backup needs it.")


@keys.command()
@click.option(
    "--patient",
    metavar="LAST,FIRST,YYYY-MM-DD",
    callback=asked_for("Patient (LAST,FIRST,YYYY-MM-DD)"),
    help="All claims of a patient; - asks for it, or reads it from standard input, so that it "
    "stands in no process list and no history of the shell.",
)
@click.option("--claim", "claim_id", type=int, help="All claims of the patient of this claim.")
@click.option(
    "--older-than",
    type=click.DateTime(["%Y-%m"]),
    metavar="YYYY-MM",
    help="All claims received in months before this one.",
)
@click.option(
    "--unknown",
    is_flag=True,
    help="Destroy the key of a patient of whom no claim stands in the database, for backups.",
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
def shred(  # noqa: PLR0913 - one for each option
    patient: str | None,
    claim_id: int | None,
    older_than: datetime | None,
    *,
    unknown: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Make what identifies patients unreadable for good, in backups of the database too.

    The erasure keys are destroyed in their file outside the database. Amounts, dates and codes
    stay. Copies of that file that are kept elsewhere must be replaced by the new one.
    """
    if sum(one is not None for one in (patient, claim_id, older_than)) != 1:
        raise click.UsageError("Give one of --patient, --claim and --older-than.")
    settings = load_settings()
    # In autocommit mode: the keys are locked across two transactions.
    with connect(Role.OPERATOR, autocommit=True) as conn:
        if older_than is not None:
            _confirm(
                f"All patient data received before {older_than:%Y-%m} becomes unreadable.", yes=yes
            )
            done = shred_months(conn, settings, older_than.date())
        else:
            if patient is not None:
                tokens = read_tokens(conn, settings)
                who = find_patient(conn, patient_token(tokens, patient))
            else:
                who = find_patient_of(conn, claim_id or 0)
            _check_known(who, unknown=unknown)
            _confirm(
                f"The patient data of {len(who.claim_ids):,} claims becomes unreadable.", yes=yes
            )
            done = shred_patient(conn, settings, who)
            if who.same_member:
                notice(
                    f"{len(who.same_member):,} claims have the same member id and another patient, "
                    "or do not say which; they were left alone. The first: claims show "
                    f"{who.same_member[0]}"
                )
    _say_shredded(done, as_json=as_json)


def _check_known(who: Patient, *, unknown: bool) -> None:
    if not who.claim_ids and not unknown:
        raise ClaimsError(
            "SHRED_PATIENT_UNKNOWN",
            "no claim of that patient stands in the database",
            "Look at the spelling and the birth date. With --unknown the key is destroyed all the "
            "same, for claims that stand in backups alone.",
        )


def _confirm(what: str, *, yes: bool) -> None:
    if not yes:
        click.confirm(f"{what} Nothing brings it back. Go on?", abort=True, err=True)


def _say_shredded(done: Shredded, *, as_json: bool) -> None:
    if as_json:
        print_json(asdict(done))
        return
    keys_text = "Keys destroyed" if done.destroyed else "The keys had been destroyed before"
    out.print(f"{keys_text}; {done.claims:,} claims unlinked.")
    notice(
        f"The erasure keys are of generation {done.generation} now: copy the file to the other "
        "hosts, and replace all copies that are kept."
    )


def _show_status(status: KeyStatus) -> None:
    table = Table(show_header=False, box=None)
    table.add_row("wrapping key", f"{status.wrapping_key} ({status.wrapping_key_fingerprint})")
    table.add_row("data keys", f"{status.data_keys}, new claims under {status.active_data_key_id}")
    table.add_row(
        "erasure keys",
        f"{status.erasure_keys_file}, generation {status.erasure_generation}",
    )
    out.print(table)


def _day(at: datetime | None) -> str:
    return "" if at is None else f"{at.astimezone():%Y-%m-%d}"
