"""Errors keep all that they say on their way through a process pool."""

import importlib
import inspect
import multiprocessing
import pickle
import pkgutil
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from http import HTTPStatus
from typing import Any

import pytest

import app
from app.program.errors import ClaimsError
from app.service.problems import ApiError

VALUES: dict[str, Any] = {
    "status": HTTPStatus.CONFLICT,
    "code": "SOME_CODE",
    "message": "it happened",
    "hint": "Do something.",
    "headers": {"Retry-After": "7"},
}
"""What the errors are made with, by the name of the parameter; any other is given a text."""


def errors() -> Iterator[type[Exception]]:
    """Every class of errors that the program has."""
    for module in pkgutil.walk_packages(app.__path__, "app."):
        if module.name != "app.__main__":
            found = importlib.import_module(module.name)
            for kind in vars(found).values():
                if (
                    inspect.isclass(kind)
                    and issubclass(kind, Exception)
                    and kind.__module__ == found.__name__
                ):
                    yield kind


def made(kind: type[Exception]) -> Exception:
    """Make one with a value for each parameter of its constructor."""
    if kind.__init__ is Exception.__init__:
        return kind("a text")
    return kind(
        *(VALUES.get(name, f"a text for {name}") for name in inspect.signature(kind).parameters)
    )


ERRORS = sorted(errors(), key=lambda kind: f"{kind.__module__}.{kind.__name__}")


def test_the_errors_are_found() -> None:
    assert {ClaimsError, ApiError} <= set(ERRORS)


@pytest.mark.parametrize("kind", ERRORS, ids=lambda kind: f"{kind.__module__}.{kind.__name__}")
def test_an_error_survives_pickling(kind: type[Exception]) -> None:
    error = made(kind)
    found = pickle.loads(pickle.dumps(error))  # noqa: S301 - what this test pickled
    assert type(found) is kind
    assert found.args == error.args
    assert vars(found) == vars(error)
    assert str(found) == str(error)


def _refuse() -> None:
    raise ApiError(HTTPStatus.CONFLICT, "SOME_CODE", "it happened", "Do it.", {"X-Why": "so"})


def test_an_error_leaves_the_process_pool_whole() -> None:
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        with pytest.raises(ApiError) as caught:
            pool.submit(_refuse).result()
        assert (caught.value.code, caught.value.http_status) == ("SOME_CODE", 409)
        assert caught.value.headers == {"X-Why": "so"}
        assert pool.submit(abs, -1).result() == 1
