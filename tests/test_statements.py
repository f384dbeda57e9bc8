"""Every statement that stands in Python is prepared against the schema, on both servers."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import Final

import psycopg
from psycopg._queries import PostgresQuery
from psycopg.adapt import Transformer

from app.program.paths import ROOT
from tests.servers import Server

STATEMENT: Final = re.compile(r"\s*(select|insert|update|delete|with|values|merge)\s")
"""What PostgreSQL can prepare; DDL, COPY, CALL, LISTEN and the like it cannot."""
NOT_PREPARED: Final = {
    "app.desk.search:_SELECT_FOUND": "its from is filled in by FIND_CLAIMS and FIND_OWN_CLAIMS",
}
"""By module and name: why a statement that looks like one cannot be prepared."""

FEWEST: Final = 150


@dataclass(frozen=True, slots=True)
class Statement:
    """A text in a module that PostgreSQL prepares: not DDL, COPY, CALL and the like."""

    module: str
    name: str
    line: int
    text: str

    @property
    def key(self) -> str:
        """What a person calls it."""
        return f"{self.module}:{self.name}"


def statements() -> Iterator[Statement]:
    """Find named constants that are statements, and texts that are given to `execute` as they are.

    A constant that is put together from others is taken from the module, as it is when it runs.
    """
    for path in sorted((ROOT / "app").rglob("*.py")):
        source = path.read_text(encoding="utf-8")
        if "\nselect" not in source and "execute" not in source:
            continue
        tree = ast.parse(source)
        module = str(path.relative_to(ROOT).with_suffix("")).replace("/", ".")
        for node in ast.walk(tree):
            for name, value in named_values(node):
                text = value.value if isinstance(value, ast.Constant) else None
                if node in tree.body and is_put_together(value):
                    text = getattr(import_module(module), name)
                if isinstance(text, str) and STATEMENT.match(text):
                    yield Statement(module, name, value.lineno, text)


def named_values(node: ast.AST) -> list[tuple[str, ast.expr]]:
    """Give what a node assigns, or hands to `execute` and its like, with a name for it."""
    match node:
        case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
            return [(name, value)]
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            return [(name, value)]
        case ast.Call(
            func=ast.Attribute(attr="execute" | "executemany" | "stream"), args=[text, *_]
        ):
            return [("execute", text)]
        case _:
            return []


def is_put_together(value: ast.expr) -> bool:
    """Tell a text that an expression gives: f"...", a + b, "...".format(...)."""
    match value:
        case ast.JoinedStr() | ast.BinOp():
            return True
        case ast.Call(func=ast.Attribute(attr="format" | "replace")):
            return True
        case _:
            return False


FOUND: Final = list(statements())


def test_statements_are_found() -> None:
    assert len(FOUND) >= FEWEST
    assert NOT_PREPARED.keys() <= {one.key for one in FOUND}


def prepared(conn: psycopg.Connection[tuple[object, ...]], statement: Statement) -> str | None:
    """Prepare it as psycopg sends it; what PostgreSQL says against it."""
    names = set(re.findall(r"%\((\w+)\)", statement.text))
    query = PostgresQuery(Transformer(conn))
    positional = len(re.findall(r"(?<!%)%s", statement.text))
    parameters = dict.fromkeys(names) if names else [None] * positional
    try:
        query.convert(statement.text, parameters or None)
        result = conn.pgconn.prepare(b"", query.query)
    except psycopg.Error as error:
        return str(error)
    if result.error_message:
        return result.error_message.decode()
    return None


def test_each_statement_fits_the_schema(server: Server) -> None:
    with server.database(server.migrated) as database, database.connect() as conn:
        conn.execute("set search_path = pg_catalog, pg_temp")
        refused = [
            f"{one.module.replace('.', '/')}.py:{one.line} {one.name}: {said}"
            for one in FOUND
            if one.key not in NOT_PREPARED and (said := prepared(conn, one)) is not None
        ]
    assert not refused, "\n".join(refused)
