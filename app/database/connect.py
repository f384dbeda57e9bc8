"""Connections: to the embedded server as one of its roles, or to DATABASE_URL's as a role."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final
from urllib.parse import quote, urlencode

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import TupleRow

from app.database.installer import fingerprint
from app.database.trail import Told, origin, tell
from app.database.transport import check_transport
from app.embedded import SUPERUSER, default_cluster
from app.program.console import notice_once
from app.program.errors import ClaimsError, DatabaseError, from_psycopg, translated
from app.program.paths import MIGRATIONS_DIR
from app.program.settings import Settings, load_settings

APPLICATION_NAME: Final = "claims"
NO_REVISION: Final = "base"

SESSION: Final = {
    "DateStyle": "ISO",
    "IntervalStyle": "postgres",
    "standard_conforming_strings": "on",
    "search_path": "pg_catalog,pg_temp",
}
"""What the program's sessions set, whatever the server, the database or a role says.

psycopg reads no timestamp in another style, and without standard_conforming_strings libpq doubles
the backslashes of bytea, which COPY then takes for bytes: what was encrypted would be lost. What a
statement names without a schema is PostgreSQL's own, whoever may create functions in public.
"""

FIND_VERSION_TABLE: Final = "select to_regclass('public.alembic_version') is not null"
FIND_REVISION: Final = "select version_num from public.alembic_version"
FIND_ROUTINES: Final = "select obj_description('public.alembic_version'::regclass, 'pg_class')"
# Else a statement whose client was killed runs on to its end. PostgreSQL on Windows cannot.
END_WITH_CLIENT: Final = """
select set_config('client_connection_check_interval', '5s', false)
where version() !~* 'windows|mingw|visual c'"""
FIND_MEMBERSHIP: Final = """
select pg_has_role(current_user, role.oid, 'member')
from pg_catalog.pg_roles as role
where role.rolname = %(role)s"""


class Role(StrEnum):
    """Who acts: the administrator (migrations), or one of the roles that revisions make."""

    ADMIN = "admin"
    APP = "claims_app"
    WORKER = "claims_worker"
    OPERATOR = "claims_operator"
    ANALYST = "claims_analyst"
    REVIEWER = "claims_reviewer"
    AUDITOR = "claims_auditor"
    SEALER = "claims_sealer"


def connect(role: Role, *, autocommit: bool = False) -> psycopg.Connection[TupleRow]:
    """Connect as `role`; the embedded server is started if it is not running.

    For every role but ADMIN the schema must be the one this program needs (SCHEMA_NOT_CURRENT),
    and audit events of the session name the user and host of this process as their origin.
    """
    settings = load_settings()
    info = parameters(role, settings)
    try:
        conn = psycopg.connect(session_conninfo(info), autocommit=True)
    except psycopg.OperationalError as error:
        if role is not Role.ADMIN:
            _explain_refusal(role)
        raise from_psycopg(error) from None
    prepare(conn)
    if role is not Role.ADMIN:
        try:
            check_schema(conn)
            tell(conn, Told(origin=origin()), in_transaction=False)
        except BaseException:
            conn.close()
            raise
    conn.autocommit = autocommit
    return conn


def prepare(conn: psycopg.Connection[TupleRow]) -> None:
    """Let the server end a new session's statement when its client is gone; in autocommit mode."""
    with translated():
        conn.execute(END_WITH_CLIENT)


def parameters(role: Role, settings: Settings) -> dict[str, str]:
    """Give libpq's parameters for `role`; starts the embedded server.

    A DATABASE_URL with a user logs in as that user and takes the role on; one without a user
    logs in as the role itself (the administrator as postgres). A server elsewhere is reached
    under TLS or not at all: DB_TLS_REQUIRED.
    """
    if settings.database_url is None:
        cluster = default_cluster(settings.claims_home)
        cluster.start()
        info = cluster.conninfo(SUPERUSER if role is Role.ADMIN else role)
    else:
        info = {k: str(v) for k, v in conninfo_to_dict(settings.database_url).items()}
        check_transport(info)
        if "user" not in info:
            info["user"] = SUPERUSER if role is Role.ADMIN else str(role)
        elif role is not Role.ADMIN:
            info["options"] = f"{info.get('options', '')} -c role={role}".strip()
    return {"application_name": APPLICATION_NAME} | info


def session_conninfo(info: Mapping[str, str]) -> str:
    """Write libpq's parameters for a session of the program: in UTF-8 and with `SESSION`."""
    options = " ".join(f"-c {name}={value}" for name, value in SESSION.items())
    pinned = {"client_encoding": "UTF8", "options": f"{info.get('options', '')} {options}".strip()}
    return make_conninfo("", **(dict(info) | pinned))


def as_url(info: Mapping[str, str]) -> str:
    """Write libpq's parameters as a URL, without those that only libpq programs understand."""
    rest = {
        name: value
        for name, value in info.items()
        if name not in {"user", "dbname", "requirepeer", "application_name"}
    }
    login = f"{quote(info['user'], safe='')}@" if "user" in info else ""
    dbname = quote(info.get("dbname", ""), safe="")
    return f"postgresql://{login}/{dbname}?{urlencode(rest, quote_via=quote, safe='/')}"


def needed_revision() -> str:
    """Give the newest revision that this program brings; their numbers sort as they follow."""
    return max(path.name.split("_")[0] for path in MIGRATIONS_DIR.glob("versions/[0-9]*.py"))


def find_revision(conn: psycopg.Connection[TupleRow]) -> str:
    """Give the revision of the database's schema, or `base` when it has none."""
    known = conn.execute(FIND_VERSION_TABLE).fetchone()
    row = conn.execute(FIND_REVISION).fetchone() if known and known[0] else None
    return str(row[0]) if row else NO_REVISION


def check_schema(conn: psycopg.Connection[TupleRow]) -> None:
    """Raise SCHEMA_NOT_CURRENT when the database's schema is not the one this program needs.

    Other routines over the same schema are told, and no more: while one version of the program
    replaces another, the earlier one goes on with the routines of the later one.
    """
    with translated():
        found = find_revision(conn)
    needed = needed_revision()
    if found == needed:
        _check_routines(conn)
        return
    newer = found != NO_REVISION and found > needed
    raise ClaimsError(
        "SCHEMA_NOT_CURRENT",
        f"the database's schema is at revision {found}, and this program needs {needed}",
        "Install the version of claims that upgraded it." if newer else "Run `claims db upgrade`.",
    )


def _check_routines(conn: psycopg.Connection[TupleRow]) -> None:
    with translated():
        row = conn.execute(FIND_ROUTINES).fetchone()
    if row is None or row[0] != f"routines {fingerprint()}":
        notice_once(
            "The routines in the database are those of another version of this program. "
            "If this is the newer one, run `claims db upgrade`."
        )


def _explain_refusal(role: Role) -> None:
    """Raise the reason why `role` was refused, if the administrator can see it."""
    try:
        conn = connect(Role.ADMIN, autocommit=True)
    except DatabaseError:
        return
    with conn:
        check_schema(conn)
        with translated():
            member = conn.execute(FIND_MEMBERSHIP, {"role": str(role)}).fetchone()
        if not (member and member[0]):
            raise ClaimsError(
                "DB_ROLE",
                f"the login {conn.info.user} may not act as {role}",
                f"As an administrator: grant {role} to {conn.info.user}.",
            )
