"""Fixtures: both PostgreSQL servers, a database for each test, CMS's files."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.embedded.binaries import wheel_bin_dir
from tests.servers import EXTENSIONS, Database, Server, distribution_bin_dir, running


@pytest.fixture(scope="session")
def postgres15(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The distribution's PostgreSQL: 15 on Debian 12, the oldest that is supported."""
    with running(distribution_bin_dir(), tmp_path_factory.mktemp("pg15")) as cluster:
        yield Server("15", cluster)


@pytest.fixture(scope="session")
def postgres18(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The embedded PostgreSQL, with the distribution's pgTAP."""
    extensions = EXTENSIONS / distribution_bin_dir().parent.name
    settings = {"extension_control_path": f"$system:{extensions}"}
    with running(wheel_bin_dir(), tmp_path_factory.mktemp("pg18"), settings) as cluster:
        yield Server("18", cluster)


@pytest.fixture(scope="session", params=["15", "18"])
def server(request: pytest.FixtureRequest) -> Server:
    """Each of the two servers in turn."""
    found = request.getfixturevalue(f"postgres{request.param}")
    assert isinstance(found, Server)
    return found


@pytest.fixture
def database(server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Database]:
    """A migrated database for this test, on each server in turn; the program is pointed at it."""
    with server.database(server.migrated) as copy:
        copy.use(monkeypatch, tmp_path)
        yield copy


@pytest.fixture
def empty_database(
    server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[Database]:
    """An empty database for this test, on each server in turn; the program is pointed at it."""
    with server.database() as copy:
        copy.use(monkeypatch, tmp_path)
        yield copy


@pytest.fixture(scope="session")
def cms_data_dir() -> Path:
    """The folder of files as CMS publishes them."""
    return _folder("CMS_DATA_DIR")


@pytest.fixture(scope="session")
def cms_truth_dir() -> Path:
    """The folder of amounts that CMS computed and published."""
    return _folder("CMS_TRUTH_DIR")


def _folder(variable: str) -> Path:
    value = os.environ.get(variable)
    if value is None:
        pytest.skip(f"{variable} is not set: CMS's files do not come with the project")
    folder = Path(value)
    if not folder.is_dir():
        pytest.fail(f"{variable} is set to {folder}, which is no folder", pytrace=False)
    return folder.absolute()
