"""Logs: one JSON object a line, of known fields alone, so that no PHI can come along."""

import logging
import sys
import traceback
from types import TracebackType
from typing import Any, Final, TextIO

import structlog
from structlog.typing import EventDict, WrappedLogger

KNOWN_FIELDS: Final = frozenset(
    {
        # Every line.
        *("timestamp", "level", "event", "logger"),
        # Who, and what for: ids, never names.
        *("worker_id", "request_id", "client_id", "submitter_id", "batch_id", "batch_ids"),
        *("claim_id", "release_id", "host", "pid", "version"),
        # What was done, in counts and seconds.
        *(
            "stage",
            "batches",
            "claims",
            "lines",
            "failed",
            "pended",
            "denied",
            "below_threshold",
            "isolated",
            "retried",
        ),
        *("seconds", "bytes", "attempts", "workers", "connections", "signal", "idle_seconds"),
        # A request: the template of its route, not the path that was asked for.
        *("method", "route", "status"),
        # What went wrong: codes of ours and of PostgreSQL, and words that are ours.
        *("code", "message", "hint", "sqlstate", "exception", "reason"),
        "fields_dropped",
    }
)
"""A field that is not among them is left out of the line, and counted in fields_dropped."""

SPEAKING_LOGGERS: Final = ("psycopg.pool", "app")
"""Loggers of the standard library whose text is known to hold nothing but what we gave them."""

LISTED: Final = 50
"""As many elements of a list are written; batch ids of a call can be ten thousand."""

Plain = str | int | float | bool | None


def configure(stream: TextIO | None = None, *, level: int = logging.INFO) -> None:
    """Send all logs, those of libraries included, to `stream` (standard output) as JSON lines."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(stream or sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, silence_libraries],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                name_exception,
                keep_known_fields,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)


def silence_libraries(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Keep the text of a library's log line only where it cannot hold a value that was sent."""
    name = str(event.get("logger", ""))
    if not any(name == known or name.startswith(f"{known}.") for known in SPEAKING_LOGGERS):
        event["event"] = "a library logged a line, left out because it may hold what was sent"
    return event


def name_exception(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Write an exception as its types and places: its text can hold the values of a row."""
    found = event.pop("exc_info", None)
    if found is True:
        found = sys.exc_info()
    if isinstance(found, BaseException):
        found = (type(found), found, found.__traceback__)
    if isinstance(found, tuple) and found[1] is not None:
        event["exception"] = _described(found[1], found[2])
    return event


def keep_known_fields(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Leave out every field that is not known, and every value that is no plain one."""
    kept: dict[str, Any] = {}
    for name, value in event.items():
        if name in KNOWN_FIELDS and _is_plain(value):
            kept[name] = list(value)[:LISTED] if isinstance(value, (list, tuple)) else value
    if len(kept) < len(event):
        kept["fields_dropped"] = len(event) - len(kept)
    return kept


def _is_plain(value: object) -> bool:
    if isinstance(value, (list, tuple)):
        return all(isinstance(element, Plain) for element in value)
    return isinstance(value, Plain)


def _described(error: BaseException, trace: TracebackType | None) -> list[str]:
    """Give the type of an exception, those it came from, and where each was raised."""
    lines = [type(error).__name__]
    lines += [
        f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(trace)
    ]
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if cause is not None:
        lines += ["from", *_described(cause, cause.__traceback__)]
    return lines
