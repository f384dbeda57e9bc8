"""Log lines: JSON, of known fields alone, without the text of errors or of libraries."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
import structlog

from app.program import logs

NAME = "Okonkwo"


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """What was logged; the logging of the test run is put back."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    stream = io.StringIO()
    logs.configure(stream)
    yield stream
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_what_is_not_known_is_left_out_and_counted(written: io.StringIO) -> None:
    structlog.get_logger("app.test").info(
        "done", claims=3, batch_ids=[1, 2], patient=NAME, claim={"last_name": NAME}
    )
    (line,) = lines(written)
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "done",
        "level": "info",
        "logger": "app.test",
        "claims": 3,
        "batch_ids": [1, 2],
        "fields_dropped": 2,
    }


def test_a_known_field_holds_plain_values_alone(written: io.StringIO) -> None:
    structlog.get_logger("app.test").info("done", message={"name": NAME}, code=[{"name": NAME}])
    (line,) = lines(written)
    assert line["fields_dropped"] == 2
    assert NAME not in written.getvalue()


def test_long_lists_are_cut(written: io.StringIO) -> None:
    structlog.get_logger("app.test").info("done", batch_ids=list(range(10_000)))
    (line,) = lines(written)
    assert line["batch_ids"] == list(range(logs.LISTED))


def test_an_exception_is_its_types_and_places(written: io.StringIO) -> None:
    def fail() -> None:
        try:
            raise psycopg.errors.UniqueViolation(f"Key (last_name)=({NAME}) already exists.")
        except psycopg.Error as error:
            raise ValueError(NAME) from error

    try:
        fail()
    except ValueError:
        structlog.get_logger("app.test").exception("it failed", code="X")
    (line,) = lines(written)
    assert line["exception"][0] == "ValueError"
    assert "UniqueViolation" in line["exception"]
    assert "test_logs.py" in line["exception"][1]
    assert NAME not in written.getvalue()


def test_libraries_speak_where_they_cannot_hold_what_was_sent(written: io.StringIO) -> None:
    logging.getLogger("litestar").error("bad request: %s", NAME)
    logging.getLogger("psycopg.pool").warning("error connecting in %r", "worker")
    silent, speaking = lines(written)
    assert NAME not in silent["event"]
    assert (silent["level"], silent["logger"]) == ("error", "litestar")
    assert speaking["event"] == "error connecting in 'worker'"


def test_what_is_bound_to_the_context_is_in_every_line(written: io.StringIO) -> None:
    with structlog.contextvars.bound_contextvars(worker_id="w"):
        structlog.get_logger("app.test").info("done")
    structlog.get_logger("app.test").info("done")
    assert [line.get("worker_id") for line in lines(written)] == ["w", None]
