"""Fixtures: both PostgreSQL servers, a database for each test, CMS's files."""

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from app.embedded.binaries import wheel_bin_dir
from tests.own_server import VARIABLE, OwnServer, own_url
from tests.servers import EXTENSIONS, Database, Server, distribution_bin_dir, running

OBSERVED: Final = {"shared_preload_libraries": "pg_stat_statements"}
"""What lets a test read the statements that the program ran."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Refuse two tests of one id: pytest-xdist, which deals tests out by id, would run one."""
    tests = Counter(item.nodeid for item in items)
    twice = [nodeid for nodeid, count in tests.items() if count > 1]
    if twice:
        message = f"tests that have their id in common: {', '.join(twice)}"
        raise pytest.UsageError(message)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show the figures that tests recorded, in whichever process they ran."""
    reports = [
        report
        for outcome in ("passed", "failed")
        for report in terminalreporter.getreports(outcome)
        if report.when == "call" and report.user_properties
    ]
    if own_url() is not None:
        skipped = len(terminalreporter.getreports("skipped"))
        tests = "1 test was" if skipped == 1 else f"{skipped} tests were"
        terminalreporter.write_line(f"{VARIABLE}: {tests} skipped, each with its reason below")
    if reports:
        terminalreporter.write_sep("-", "what tests measured")
    for report in reports:
        terminalreporter.write_line(report.nodeid)
        for name, figure in report.user_properties:
            terminalreporter.write_line(f"  {name}: {figure}")


@pytest.fixture(scope="session")
def postgres15(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The distribution's PostgreSQL: 15 on Debian 12, the oldest that is supported."""
    if own_url() is not None:
        pytest.skip(f"{VARIABLE}: this test is of two servers")
    folder = tmp_path_factory.mktemp("pg15")
    with running(distribution_bin_dir(), folder, OBSERVED) as cluster:
        yield Server("15", cluster)


@pytest.fixture(scope="session")
def postgres18(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """The embedded PostgreSQL, with the distribution's pgTAP; or the tester's own server."""
    if own_url() is not None:
        yield request.getfixturevalue("own_server")
        return
    extensions = EXTENSIONS / distribution_bin_dir().parent.name
    settings = OBSERVED | {"extension_control_path": f"$system:{extensions}"}
    with running(wheel_bin_dir(), tmp_path_factory.mktemp("pg18"), settings) as cluster:
        yield Server("18", cluster)


@pytest.fixture(scope="session")
def own_server() -> Iterator[Server]:
    """The server that TEST_DATABASE_URL names; databases made in it are dropped, roles stay."""
    url = own_url()
    assert url is not None
    cluster = OwnServer(url)
    server = Server(str(cluster.version), cluster)
    try:
        yield server
    finally:
        server.drop_templates()


@pytest.fixture(scope="session", params=["15", "18"] if own_url() is None else ["own"])
def server(request: pytest.FixtureRequest) -> Server:
    """Each of the two servers in turn, or the tester's own alone."""
    if request.param == "own":
        own = request.getfixturevalue("own_server")
        assert isinstance(own, Server)
        return own
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
