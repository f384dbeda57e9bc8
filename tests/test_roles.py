"""Each role logs in and tries everything: what was decided works, and nothing else does.

The decisions are those of pgtests/catalogue, which compares them with the privileges that the
catalogue tells of; here statements are run. A table, view, sequence or routine without a decision
fails both.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import psycopg
from psycopg import Connection, rows, sql

from app.database.connect import Role, connect
from app.pipeline.once import process_pending
from app.program.paths import ROOT
from app.program.settings import load_settings
from app.reference.starter import ensure_starter
from tests.servers import Database
from tests.vault_support import load, write_claims

ROLES: Final = tuple(role for role in Role if role is not Role.ADMIN)
IN_ONE_TABLE: Final = ("app", "worker", "operator", "analyst", "reviewer")
"""Roles whose decisions about relations stand in one table; the others' in a file of their own."""

CATALOGUE: Final = ROOT / "pgtests/_support/catalogue.sql"
RELATIONS: Final = ROOT / "pgtests/catalogue/privileges/relations.sql"
ROUTINES: Final = ROOT / "pgtests/catalogue/privileges/routines.sql"
AUDIT: Final = ROOT / "pgtests/auditing/privileges.sql"
_BY_NAME: Final = re.compile(r"\('(claims_(?:auditor|sealer))', '([a-z_.]+)', '(select|insert)'\)")
LETTERS: Final = {"select": "r", "insert": "a"}

READ_RELATIONS: Final = """
select
  relation.name,
  relation.kind,
  relation.is_partition,
  written.column,
  written.type
from our_relations as relation
left join lateral (
  select
    quote_ident(attribute.attname) as column,
    format_type(attribute.atttypid, attribute.atttypmod) as type
  from pg_catalog.pg_attribute as attribute
  where
    attribute.attrelid = relation.oid
    and attribute.attnum > 0
    and not attribute.attisdropped
    and attribute.attidentity = ''
    and attribute.attgenerated = ''
  order by attribute.attnum
  limit 1
) as written on true
where not relation.is_internal
order by relation.name"""

READ_ROUTINES: Final = """
select
  split_part(routine.name, '(', 1) as name,
  routine.kind,
  coalesce(
    (
      select string_agg(format('null::%s', argument.type::regtype), ', ' order by argument.place)
      from unnest(found.proargtypes) with ordinality as argument (type, place)
    ),
    ''
  ) as arguments
from our_routines as routine
inner join pg_catalog.pg_proc as found on routine.oid = found.oid
order by routine.name"""

OF_TABLES: Final = {
    "r": "select * from {name} limit 0",
    "(r)": "select from {name} limit 0",
    "a": "insert into {name} ({column}) select null::{type} where false",
    "w": "update {name} set {column} = null where false",
    "d": "delete from {name} where false",
    "D": "truncate {name}",
    "t": "create trigger mine before insert on {name} for each row"
    " execute function suppress_redundant_updates_trigger()",
}
OF_SEQUENCES: Final = {
    "U": "select nextval('{name}')",
    "r": "select last_value from {name}",
    "w": "select setval('{name}', 1)",
}

READABLE: Final = """
select relation.oid::regclass::text
from pg_catalog.pg_class as relation
inner join pg_catalog.pg_attribute as attribute
  on relation.oid = attribute.attrelid and attribute.attname = 'submitter_id'
where
  relation.relkind in ('r', 'p', 'v')
  and has_column_privilege('claims_analyst', relation.oid, attribute.attnum, 'select')"""

RESTRICTED: Final = """
select event.detail
from audit.events as event
where event.action = 'login.restricted'
order by event.event_id"""

# What a statement comes to where the object is of a kind that it cannot be run on.
IMPOSSIBLE: Final = ("55000", "42809", "0A000", "428C9")


@dataclass(frozen=True, slots=True)
class Relation:
    """A table, partition, view or sequence; a column of it that can be written."""

    name: str
    kind: str
    is_partition: bool
    column: str | None
    type: str | None

    def statements(self) -> Iterator[tuple[str, str]]:
        """Give harmless statements, by the letter of the privilege that each needs."""
        for letter, template in (OF_SEQUENCES if self.kind == "S" else OF_TABLES).items():
            yield letter, template.format(name=self.name, column=self.column, type=self.type)


@dataclass(frozen=True, slots=True)
class Routine:
    """A function or procedure, and nulls to call it with."""

    name: str
    kind: str
    arguments: str

    @property
    def call(self) -> str:
        """The call."""
        return f"{'call' if self.kind == 'p' else 'select'} {self.name}({self.arguments})"


def between(file: Path, first: str, last: str) -> str:
    """Cut the statements that write decisions down out of a pgTAP file."""
    text = file.read_text(encoding="utf-8")
    return text[text.index(first) : text.index(last)]


def read_relations(conn: Connection[Any]) -> tuple[list[Relation], dict[tuple[str, str], str]]:
    """Read the relations, and what was decided, by role and name."""
    conn.execute(CATALOGUE.read_text(encoding="utf-8"))
    conn.execute(between(RELATIONS, "create temporary table decided", "create function"))
    decided = {
        (f"claims_{role}", name): letters
        for name, *found in conn.execute(
            sql.SQL("select relation, {} from decided").format(
                sql.SQL(", ").join(map(sql.Identifier, IN_ONE_TABLE))
            )
        )
        for role, letters in zip(IN_ONE_TABLE, found, strict=True)
    }
    for role, name, privilege in _BY_NAME.findall(AUDIT.read_text(encoding="utf-8")):
        decided[role, name] = decided.get((role, name), "") + LETTERS[privilege]
    with conn.cursor(row_factory=rows.class_row(Relation)) as cur:
        return cur.execute(READ_RELATIONS).fetchall(), decided


def read_routines(conn: Connection[Any]) -> tuple[list[Routine], dict[str, list[str]]]:
    """Read the routines, and by whom it was decided that each is called."""
    conn.execute(CATALOGUE.read_text(encoding="utf-8"))
    conn.execute(between(ROUTINES, "create temporary table decided", "select bag_eq"))
    decided = dict(conn.execute("select routine, callers from decided").fetchall())
    with conn.cursor(row_factory=rows.class_row(Routine)) as cur:
        return cur.execute(READ_ROUTINES).fetchall(), decided


def outcome(conn: Connection[Any], statement: str) -> str:
    """Run a statement and undo it; `00000`, or the SQLSTATE that it failed with."""
    try:
        with conn.transaction(force_rollback=True):
            conn.execute(statement)
    except psycopg.Error as error:
        return error.sqlstate or str(error)
    return "00000"


def expected(letter: str, decided: str) -> bool:
    """Tell whether a statement that needs a privilege goes; of some columns is not of all."""
    if letter == "(r)":
        return "r" in decided
    return letter in decided.replace("(r)", "")


def test_each_role_does_with_tables_what_was_decided(database: Database) -> None:
    with database.connect() as admin:
        relations, decided = read_relations(admin)
    names = {relation.name for relation in relations if not relation.is_partition}
    assert names == {name for _, name in decided}
    assert {"audit.events", "production.claims", "vault.data_keys"} <= names

    wrong, allowed = [], 0
    for role in ROLES:
        with database.connect(role) as conn:
            assert conn.info.user == role
            for relation in relations:
                for letter, statement in relation.statements():
                    wanted = expected(letter, decided.get((role, relation.name), "-"))
                    found = outcome(conn, statement)
                    refused = found == "42501" or (not wanted and found in IMPOSSIBLE)
                    if refused == wanted or not (refused or found == "00000"):
                        wrong.append((role, statement, found))
                    allowed += wanted
    assert wrong == []
    assert allowed > len(names)


def test_each_role_calls_the_routines_that_were_decided(database: Database) -> None:
    with database.connect() as admin:
        routines, decided = read_routines(admin)
    assert {routine.name for routine in routines} == set(decided)

    wrong, allowed = [], 0
    for role in ROLES:
        with database.connect(role) as conn:
            for routine in routines:
                # Without the schema it is for views alone, which call it for whoever reads them.
                (usable,) = conn.execute(
                    "select has_schema_privilege(%s, 'usage')", (routine.name.split(".")[0],)
                ).fetchone() or (False,)
                wanted = usable and role in decided[routine.name]
                found = outcome(conn, routine.call)
                if (found == "42501") == wanted:
                    wrong.append((role, routine.call, found))
                allowed += wanted
    assert wrong == []
    assert allowed > len(ROLES)


def test_a_restricted_login_reads_the_rows_of_its_submitters_alone(
    database: Database, tmp_path: Path
) -> None:
    """In every table and view that analysts read and that says whose a row is."""
    prepare(tmp_path)
    readable = {name for (name,) in admin_rows(database, READABLE)}
    assert {"production.claims", "analysis.claims", "models.review_verdicts"} <= readable

    def seen() -> dict[str, set[int]]:
        with database.connect(Role.ANALYST) as conn:
            found = {}
            for name in readable:
                query = f"select distinct submitter_id from {name}"  # noqa: S608 - of the catalogue
                found[name] = {row[0] for row in conn.execute(query)}
            found["pended"] = {
                row[0] for row in conn.execute("select lines from pipeline.pended_reasons")
            }
            return found

    def restrict(*submitters: str) -> None:
        with connect(Role.OPERATOR, autocommit=True) as conn:
            conn.execute(
                "call maintenance.restrict_login(%s, %s)", (Role.ANALYST, list(submitters))
            )

    everything = seen()
    assert everything["production.claims"] == {1, 2}
    assert everything["pended"]
    restrict("other")
    assert {name: ids for name, ids in seen().items() if name != "pended" and ids - {2}} == {}
    assert seen()["analysis.claim_lines"] == {2}
    assert seen()["pended"] != everything["pended"]
    restrict("default", "other")
    assert seen() == everything
    restrict()
    assert seen() == everything
    with database.connect(Role.OPERATOR) as conn:
        (whose,) = conn.execute(
            "select count(distinct submitter_id) from production.claims"
        ).fetchone() or (0,)
        assert whose == 2, "operators see all"
    assert next(detail for (detail,) in admin_rows(database, RESTRICTED)) == {
        "login": "claims_analyst",
        "submitters": ["other"],
    }


def prepare(folder: Path) -> None:
    """Bring claims of two submitters into production, and a verdict on one of each."""
    with connect(Role.OPERATOR, autocommit=True) as conn:
        ensure_starter(conn)
        conn.execute("call maintenance.add_submitter('other')")
        conn.execute("update queue.settings set scoring_required = false")
    for seed, submitter in enumerate(("default", "other"), start=1):
        path = folder / submitter
        write_claims(path, 40, seed=seed)
        load(path, claims_submitter=submitter)
    process_pending(load_settings())
    with connect(Role.REVIEWER, autocommit=True) as conn:
        for (claim_id,) in conn.execute(
            "select min(claim_id) from production.review_queue group by submitter_id"
        ).fetchall():
            conn.execute("call scoring.record_review(%s, 'approved', 'as_billed')", (claim_id,))


def admin_rows(database: Database, query: str) -> list[tuple[Any, ...]]:
    """Read as the administrator."""
    with database.connect() as conn:
        return conn.execute(query).fetchall()


def test_no_role_goes_round_its_privileges(database: Database) -> None:
    """Neither by becoming another role, nor by the means of a superuser."""
    for role in ROLES:
        with database.connect(role) as conn:
            for statement in (
                *(f"set role {other}" for other in (*ROLES, "claims_owner") if other != role),
                "set session_replication_role = 'replica'",
                "create schema mine",
                "create table public.mine (number integer)",
                "copy (select 1) to program 'true'",
                "select pg_read_file('/etc/passwd')",
                "create role mine",
            ):
                assert outcome(conn, statement) == "42501", (role, statement)
