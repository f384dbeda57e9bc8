"""Measure loading and processing, and the floor below which no pipeline can go.

The commands run as a user would run them, in two databases made for the purpose on the
configured server: one that goes through the pipeline, and one whose empty tables take the
same rows by COPY. Both are dropped at the end.
"""

import secrets
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import psycopg
from psycopg import sql

from app.database.connect import Role
from app.database.scratch import connect_to, run_claims, scratch_database, scratch_keys
from app.program.errors import translated
from app.program.settings import Settings

PIPELINE_DATABASE: Final = "claims_bench"
FLOOR_DATABASE: Final = "claims_bench_floor"

# The order is that in which the pipeline inserts.
PRODUCED: Final = (
    ("queue.claim_registry", "submitter_id, claim_number_token, frequency_code"),
    ("production.claim_lines", "service_month, claim_id, line_number"),
    ("production.claims", "service_month, claim_id"),
    ("production.claim_findings", "service_month, claim_id"),
    ("production.claim_scores", "service_month, claim_id"),
)

UNANALYZED: Final = """
select format('alter table %s set (autovacuum_enabled = false)', relation.oid::regclass)
from pg_catalog.pg_class as relation
where
  relation.relkind = 'r'
  and relation.relnamespace in ('staging'::regnamespace, 'production'::regnamespace)"""

WITHOUT_POLICIES: Final = """
select format('alter table %s disable row level security', relation.oid::regclass)
from pg_catalog.pg_class as relation
where relation.relrowsecurity and relation.relnamespace = 'production'::regnamespace"""

ANALYZED_TABLES: Final = """
select count(*)
from pg_catalog.pg_class as relation
where
  relation.relkind = 'r'
  and relation.relnamespace in ('staging'::regnamespace, 'production'::regnamespace)
  and relation.reltuples >= 0"""

# The batches of one call carry the time of the call.
STAGE_SECONDS: Final = """
select
  (
    select round(sum(stage.seconds)::numeric, 3)
    from (
      select distinct batch.validated_at, batch.validate_seconds as seconds
      from queue.batches as batch
      where batch.batch_id > %(after)s
    ) as stage
  ) as validate,
  (
    select coalesce(round(sum(stage.seconds)::numeric, 3), 0)
    from (
      select distinct batch.scored_at, batch.score_seconds as seconds
      from queue.batches as batch
      where batch.batch_id > %(after)s and batch.scored_at is not null
    ) as stage
  ) as score,
  (
    select round(sum(stage.seconds)::numeric, 3)
    from (
      select distinct batch.transferred_at, batch.transfer_seconds as seconds
      from queue.batches as batch
      where batch.batch_id > %(after)s
    ) as stage
  ) as transfer"""

LAST_BATCH: Final = "select coalesce(max(batch.batch_id), 0) from queue.batches as batch"
LAST_CLAIM: Final = "select coalesce(max(claim.claim_id), 0) from production.claims as claim"

TRACK_ROUTINES: Final = sql.SQL("alter database {} set track_functions = 'pl'")

# Of all sessions so far; each adds its own when it ends.
AUDIT_SECONDS: Final = """
select coalesce(sum(routine.total_time), 0) / 1000
from pg_catalog.pg_stat_user_functions as routine
where routine.schemaname = 'auditing' and routine.funcname = 'record_event'"""


def run_bench(
    settings: Settings, claims: int, seed: int, *, on_step: Callable[[str], None]
) -> dict[str, Any]:
    """Measure both runs; seconds and claims per second, by the names the command prints."""
    with (
        tempfile.TemporaryDirectory(prefix="claims-bench-") as folder,
        scratch_database(settings, PIPELINE_DATABASE) as pipeline,
        scratch_database(settings, FLOOR_DATABASE) as floor,
    ):
        bench = _Bench(settings, Path(folder), pipeline, floor, on_step)
        bench.prepare()
        cold = bench.measure(claims, seed)
        cold["warm"] = bench.measure(claims, seed + 1)
    return {"claims": claims, "connections": settings.connections, **cold}


class _Bench:
    """The two databases, and what is measured in them."""

    def __init__(
        self,
        settings: Settings,
        folder: Path,
        pipeline: dict[str, str],
        floor: dict[str, str],
        on_step: Callable[[str], None],
    ) -> None:
        self._settings = settings
        self._folder = folder
        self._pipeline = pipeline
        self._floor = floor
        self._on_step = on_step
        self._keys = scratch_keys(folder, secrets.token_bytes(32))
        self._tracks_routines = False

    def prepare(self) -> None:
        """Make the schema in both, and see to it that autovacuum analyses nothing."""
        for info in (self._pipeline, self._floor):
            self._on_step(f"making the schema in {info['dbname']}")
            self._claims(info, "db", "upgrade")
            with connect_to(info) as conn, translated():
                for (statement,) in conn.execute(UNANALYZED).fetchall():
                    conn.execute(statement)
        with connect_to(self._pipeline) as conn, translated():
            # Only a superuser may; the audit's share is then left out, and that is said.
            try:
                conn.execute(TRACK_ROUTINES.format(sql.Identifier(self._pipeline["dbname"])))
            except psycopg.errors.InsufficientPrivilege:
                self._on_step("the share of the audit is not measured: that takes a superuser")
            else:
                self._tracks_routines = True
        with connect_to(self._floor) as conn, translated():
            conn.execute("grant usage on schema production to claims_worker")
            conn.execute("grant insert on all tables in schema production to claims_worker")
            conn.execute("grant insert on queue.claim_registry to claims_worker")
            # The policies are for who reads; PostgreSQL copies into no table that has some.
            for (statement,) in conn.execute(WITHOUT_POLICIES).fetchall():
                conn.execute(statement)

    def measure(self, claims: int, seed: int) -> dict[str, Any]:
        """Load and process generated claims, then copy what came out."""
        with connect_to(self._pipeline) as conn, translated():
            last_batch = _one(conn, LAST_BATCH)
            last_claim = _one(conn, LAST_CLAIM)
            analyzed = _one(conn, ANALYZED_TABLES)
        file = self._folder / f"claims-{seed}.ndjson"
        self._on_step(f"generating {claims:,} claims")
        self._claims(
            self._pipeline, "generate", "--claims", str(claims), "--seed", str(seed),
            "--output", str(file),
        )  # fmt: skip
        audited = [self._audit_seconds()]
        self._on_step("loading them")
        loaded = self._claims(self._pipeline, "load", str(file))
        audited.append(self._audit_seconds())
        file.unlink()
        self._on_step("processing them")
        processed = self._claims(self._pipeline, "process")
        audited.append(self._audit_seconds())
        with connect_to(self._pipeline) as conn, translated():
            row = conn.execute(STAGE_SECONDS, {"after": last_batch}).fetchone() or (0, 0, 0)
        stage_seconds = dict(zip(("validate", "score", "transfer"), map(float, row), strict=True))
        self._on_step("copying what came out into empty tables")
        floor_seconds = self._copy_floor(last_claim)
        seconds = processed["process_seconds"]
        return {
            "load_claims_per_second": loaded["claims_per_second"],
            "tables_analyzed_before": analyzed,
            "process_seconds": seconds,
            "claims_per_second": processed["claims_per_second"],
            "floor_seconds": round(floor_seconds, 3),
            "ratio_to_floor": round(seconds / floor_seconds, 2),
            "stage_seconds": stage_seconds,
            "scoring_seconds": processed["scoring_seconds"],
            "audit_percent": self._audit_percent(
                audited, loaded["seconds"], sum(stage_seconds.values())
            ),
            "transferred": processed["transferred"],
            "failed": processed["failed"],
            "pended": processed["pended"],
            "below_threshold": processed["below_threshold"],
            "denied": processed["denied"],
        }

    def _audit_seconds(self) -> float:
        with connect_to(self._pipeline) as conn, translated():
            row = conn.execute(AUDIT_SECONDS).fetchone()
        return float(row[0]) if row else 0.0

    def _audit_percent(
        self, audited: list[float], load_seconds: float, stage_seconds: float
    ) -> dict[str, float] | None:
        """Give the share of writing audit events in the time of all connections."""
        if not self._tracks_routines:
            return None
        before, loaded, processed = audited
        return {
            "load": round(100 * (loaded - before) / (load_seconds * self._settings.connections), 3),
            "process": round(100 * (processed - loaded) / stage_seconds, 3),
        }

    def _copy_floor(self, last_claim: int) -> float:
        """Copy the new production rows into the empty tables; the seconds it took."""
        parts = range(self._settings.connections)
        for part in parts:
            with connect_to(self._pipeline) as conn, translated():
                for table, order in PRODUCED:
                    self._unload(conn, table, order, part, last_claim)
        with connect_to(self._floor) as conn, translated():
            conn.execute(
                sql.SQL("truncate {}").format(
                    sql.SQL(", ").join(_identifier(table) for table, _ in PRODUCED)
                )
            )
            conn.execute("checkpoint")
        with ThreadPoolExecutor(len(parts)) as pool:
            started = time.monotonic()
            for done in [pool.submit(self._copy_part, part) for part in parts]:
                done.result()
            return time.monotonic() - started

    def _unload(
        self, conn: psycopg.Connection[Any], table: str, order: str, part: int, last_claim: int
    ) -> None:
        query = sql.SQL(
            "copy (select * from {table} where claim_id > {after} and claim_id % {parts} = {part}"
            " order by {order}) to stdout (format binary)"
        ).format(
            table=_identifier(table),
            after=last_claim,
            parts=self._settings.connections,
            part=part,
            order=sql.SQL(", ").join(map(sql.Identifier, order.split(", "))),
        )
        with self._part(table, part).open("wb") as file, conn.cursor().copy(query) as copy:
            for block in copy:
                file.write(block)

    def _copy_part(self, part: int) -> None:
        with connect_to(self._floor, Role.WORKER) as conn, translated(), conn.transaction():
            for table, _ in PRODUCED:
                statement = sql.SQL("copy {} from stdin (format binary)").format(_identifier(table))
                with (
                    self._part(table, part).open("rb") as file,
                    conn.cursor().copy(statement) as copy,
                ):
                    while block := file.read(1 << 20):
                        copy.write(block)

    def _part(self, table: str, part: int) -> Path:
        return self._folder / f"{table}.{part}"

    def _claims(self, info: dict[str, str], *arguments: str) -> dict[str, Any]:
        return run_claims(info, self._keys, *arguments)


def _identifier(table: str) -> sql.Identifier:
    return sql.Identifier(*table.split("."))


def _one(conn: psycopg.Connection[Any], query: str) -> int:
    row = conn.execute(query).fetchone()
    return int(row[0]) if row else 0
