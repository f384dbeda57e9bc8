"""Labelled synthetic claims: app.generate's claims, lived through by a scratch database.

The claims are received over months and go through intake, validation and transfer as any claims
do, so that their features come from the one definition in SQL and the history they look at grows
as it would. Whether a claim is approved as billed is drawn from a probability made of what the
claim says, of hidden factors that no feature shows (how well a provider documents, how its coders
code, what is in the record of this claim), and of chance. A model can learn the first part alone.
"""

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final, LiteralString

import msgspec
import numpy as np
from numpy.typing import NDArray
from psycopg import Connection

from app.database.scratch import connect_to, run_claims, scratch_database, scratch_keys
from app.generate import AS_OF, FACILITIES, FAULT_SHARE, Generator
from app.program.errors import translated
from app.program.settings import Settings
from app.scoring.columns import take_features
from app.scoring.dataset import POSTGRES_EPOCH, Dataset

DATABASE: Final = "claims_train"
PERIODS: Final = 12
"""Stretches of time after each of which the history is brought up to date."""

KEY: Final = bytes(32)
"""The claims are made up and the database is dropped."""

APPROVED_BASE: Final = 3.6
"""Log odds of approval of a claim about which nothing speaks."""

BACKLOG_SHARE: Final = 0.3
"""Claims that come out of a backlog, at any time up to the latest."""

LATEST: Final = 300
"""Days from service to receipt, at most."""

# The window of dates reaches back to the synthetic claims whenever this is run.
SET_UP: Final[LiteralString] = """
update queue.settings
set
  scoring_required = false,
  service_months_back = greatest(
    36,
    (extract(year from age(current_date, %(as_of)s)) * 12)::integer + 36
  )"""

# The ids of a batch are in the order of the file: one loader had the sequence to itself.
SET_RECEIPT: Final[LiteralString] = """
update staging.claims as claim
set received_at = simulated.received_on::timestamp at time zone 'UTC' + interval '12 hours'
from unnest(%(claim_ids)s::bigint[], %(received_on)s::date[])
  as simulated (claim_id, received_on)
where claim.claim_id = simulated.claim_id"""

NEW_BATCHES: Final[LiteralString] = """
select batch.batch_id, batch.first_claim_id, batch.claim_count
from queue.batches as batch
where batch.state = 'received'
order by batch.batch_id"""

ANALYZE_STAGING: Final[LiteralString] = """
select maintenance.analyze_staging(array(
  select distinct batch.received_on from queue.batches as batch
))"""

VALIDATE: Final[LiteralString] = "select count(*) from validation.validate_batches(%(batch_ids)s)"
TRANSFER: Final[LiteralString] = "select count(*) from transfer.move_batches(%(batch_ids)s)"
REFRESH_HISTORY: Final[LiteralString] = "select maintenance.refresh_history()"
COUNT_FEATURES: Final[LiteralString] = "select count(*) from scoring.feature_list"

RECORD_VERDICTS: Final[LiteralString] = """
insert into models.review_verdicts
(claim_id, service_month, submitter_id, verdict, reason_code, reviewer)
select
  claim.claim_id,
  claim.service_month,
  claim.submitter_id,
  case when outcome.approved then 'approved' else 'not_approved' end,
  case when outcome.approved then 'as_billed' else 'documentation_missing' end,
  'simulated'
from unnest(%(claim_ids)s::bigint[], %(approved)s::boolean[])
  as outcome (claim_id, approved)
inner join production.claims as claim on outcome.claim_id = claim.claim_id
order by claim.claim_id"""

VISIT_LEVELS: Final = {"9920": 0, "9921": 0, "9928": 0, "9922": 2, "9923": 2}
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Claim:
    """A claim as it is sent, when it arrives, and how it ends."""

    text: bytes
    received: date
    approved: bool
    age: int
    sex: str


def make_dataset(
    settings: Settings, claims: int, seed: int, *, on_step: Callable[[str], None] = lambda _: None
) -> Dataset:
    """Let so many generated claims go through a scratch database; the same for the same seed.

    Those that fail validation have no features and are left out, and so are those that would
    be received after AS_OF, which nobody could have learned from by then.
    """
    on_step(f"generating {claims:,} claims")
    world = sorted(
        (one for one in _world(claims, seed) if one.received <= AS_OF),
        key=lambda one: one.received,
    )
    parts = []
    with scratch_database(settings, DATABASE) as info, tempfile.TemporaryDirectory() as folder:
        keys = scratch_keys(Path(folder), KEY)
        on_step("making a scratch database")
        _run(info, keys, "db", "upgrade")
        with connect_to(info) as conn:
            with translated():
                conn.execute(SET_UP, {"as_of": AS_OF})
                conn.execute("call maintenance.ensure_partitions()")
            for number in range(PERIODS):
                start, stop = (len(world) * at // PERIODS for at in (number, number + 1))
                received = world[start:stop]
                on_step(f"claims received from {received[0].received} to {received[-1].received}")
                file = Path(folder) / f"{number}.ndjson"
                file.write_bytes(b"".join(one.text for one in received))
                _run(info, keys, "load", str(file))
                parts.append(_live_through(conn, received))
    return Dataset.in_order(
        **{
            name: np.concatenate([getattr(part, name) for part in parts])
            for name in ("features", "approved", "received", "ages", "sexes")
        }
    )


def _run(info: dict[str, str], keys: dict[str, str], *arguments: str) -> None:
    # One connection, so that ids follow the file.
    run_claims(info, {**keys, "CLAIMS_CONNECTIONS": "1"}, *arguments)


def _live_through(conn: Connection[Any], received: list[_Claim]) -> Dataset:
    """Validate the claims of a period, take their features, transfer and adjudicate them."""
    with translated():
        batches = conn.execute(NEW_BATCHES).fetchall()
        batch_ids = [batch_id for batch_id, _, _ in batches]
        ids = np.concatenate([np.arange(count) + first for _, first, count in batches])
        conn.execute(
            SET_RECEIPT,
            {"claim_ids": ids.tolist(), "received_on": [one.received for one in received]},
        )
        conn.execute(ANALYZE_STAGING)
        conn.execute(VALIDATE, {"batch_ids": batch_ids})
        (width,) = conn.execute(COUNT_FEATURES).fetchone() or (0,)
        features = take_features(conn, batch_ids, width)
        conn.execute(ANALYZE_STAGING)
        conn.execute(TRANSFER, {"batch_ids": batch_ids})
        # The history learns the outcome before the next period begins.
        conn.execute(
            RECORD_VERDICTS,
            {"claim_ids": ids.tolist(), "approved": [one.approved for one in received]},
        )
        conn.execute(REFRESH_HISTORY)
    order = np.argsort(features.claim_ids)
    at = np.searchsorted(ids, features.claim_ids[order])
    found = [received[position] for position in at]
    return Dataset(
        features=features.values[order],
        approved=np.asarray([one.approved for one in found], np.int8),
        received=POSTGRES_EPOCH
        + np.asarray([(one.received - date(2000, 1, 1)).days for one in found], "timedelta64[D]"),
        ages=np.asarray([one.age for one in found], np.int16),
        sexes=np.asarray([one.sex for one in found], "U1"),
    )


class _Hidden:
    """What nobody sees: of each provider, drawn when it first appears."""

    def __init__(self, dice: np.random.Generator) -> None:
        self._dice = dice
        self._known: dict[str, NDArray[np.float64]] = {}

    def of(self, npi: str) -> NDArray[np.float64]:
        """Give how well a provider documents, how high it codes, how late it bills."""
        if npi not in self._known:
            self._known[npi] = self._dice.normal(size=3)
        return self._known[npi]


def _world(claims: int, seed: int) -> Iterator[_Claim]:
    """Yield the claims with their receipt and outcome."""
    generator = Generator(claims, seed, AS_OF, FAULT_SHARE)
    dice = np.random.default_rng(seed)
    hidden = _Hidden(np.random.default_rng([seed, 1]))
    for text in generator:
        claim: Json = msgspec.json.decode(text)
        documents, codes_high, bills_late = hidden.of(str(claim.get("billing_npi")))
        delay = int(dice.lognormal(2.6 + 0.5 * bills_late - 0.25 * documents, 0.6))
        if dice.random() < BACKLOG_SHARE:
            delay = int(dice.integers(LATEST))
        lines: list[Json] = claim["service_lines"]
        serviced = min(_service_dates(lines), default=AS_OF)
        record = dice.normal()
        odds = (
            APPROVED_BASE
            + _visible_odds(claim, lines, serviced, delay)
            + 0.8 * documents
            + 0.7 * record
            - 0.35 * codes_high * _levels(lines)
        )
        patient = claim["patient"]
        yield _Claim(
            text=text,
            received=serviced + timedelta(min(delay, LATEST)),
            approved=bool(dice.random() < 1 / (1 + np.exp(-odds))),
            age=min(AS_OF.year - int(patient["birth_date"][:4]), 90),
            sex=patient["sex"],
        )


def _service_dates(lines: list[Json]) -> Iterator[date]:
    """Yield the dates of service; what is none, or ahead, is a fault that validation finds."""
    for line in lines:
        try:
            day = date.fromisoformat(line["date_of_service"])
        except ValueError:
            continue
        if day <= AS_OF:
            yield day


def _levels(lines: list[Json]) -> int:
    """Give the highest level of an evaluation above 3; zero without one."""
    levels = [
        int(code[-1]) + VISIT_LEVELS[code[:4]]
        for code in (str(line["hcpcs"]) for line in lines)
        if code[:4] in VISIT_LEVELS and code[-1:].isdigit()
    ]
    return max(0, max(levels, default=0) - 3)


def _visible_odds(claim: Json, lines: list[Json], serviced: date, delay: int) -> float:
    """Give the part of the log odds that follows from what the claim says."""
    modifiers = [modifier for line in lines for modifier in line["modifiers"]]
    places = {line["place_of_service"] for line in lines}
    units = sum(line["units"] for line in lines if isinstance(line["units"], int | float))
    charges = [float(line["charge"]) for line in lines]
    concentration = max(charges) / max(sum(charges), 1.0)
    level = _levels(lines)
    weekend = serviced.isoweekday() > 5  # noqa: PLR2004 - Saturday and Sunday
    in_facility = bool(places & FACILITIES)
    age = AS_OF.year - int(claim["patient"]["birth_date"][:4])
    symptom = str(claim["diagnoses"][0]).startswith("R")
    odds: float = -0.25 * max(0, len(lines) - 3) ** 1.5
    odds -= 1.3 * (level > 0) * ("25" in modifiers)
    odds -= 0.9 * level * bool(places & {"02", "10"})
    odds -= 1.1 * weekend * (not in_facility)
    odds -= 0.12 * max(0, units - 6)
    odds -= 1.6 * (sum(charges) > 3000) * (not in_facility)  # noqa: PLR2004 - dollars
    odds -= 0.8 * abs(concentration - 0.6) * (len(lines) > 1)
    odds -= 0.2 * (delay > 45) - 0.2 * (delay < 7)  # noqa: PLR2004 - days
    odds -= 0.9 * symptom * (len(claim["diagnoses"]) == 1)
    odds -= 0.7 * (len(modifiers) > 2)  # noqa: PLR2004 - many
    odds -= 0.5 * (age < 18 or age > 88)  # noqa: PLR2004 - years
    odds += 0.3 * in_facility
    return odds
