"""The way to the database: TLS, unless it stays on this machine; tried on a server that has it."""

import os
import secrets
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psycopg
import pytest
from click.testing import CliRunner
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from app.cli import main
from app.database.connect import Role, connect, parameters
from app.database.transport import check_transport
from app.program.errors import ClaimsError
from app.program.settings import load_settings
from tests.servers import clean_settings, distribution_bin_dir, running

NAME: Final = "db.example.com"

IS_ENCRYPTED: Final = """
select tls.ssl, tls.version
from pg_catalog.pg_stat_ssl as tls
where tls.pid = pg_backend_pid()"""


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Let no setting of the surroundings in."""
    clean_settings(monkeypatch, tmp_path)
    for variable in ("PGHOST", "PGHOSTADDR", "PGSSLMODE", "PGSERVICE"):
        monkeypatch.delenv(variable, raising=False)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql:///claims",
        "postgresql:///claims?host=/var/run/postgresql",
        "postgresql://127.0.0.1/claims",
        "postgresql://127.0.0.9/claims",
        "postgresql://[::1]/claims",
        "postgresql://localhost/claims",
        "postgresql://127.0.0.1,[::1]/claims",
        f"postgresql://{NAME}/claims?hostaddr=127.0.0.1",
        f"postgresql://{NAME}/claims?sslmode=require",
        f"postgresql://{NAME}/claims?sslmode=verify-ca",
        f"postgresql://{NAME}/claims?sslmode=verify-full",
        "postgresql:///claims?service=claims&sslmode=verify-full",
        "postgresql:///claims?service=claims&host=/var/run/postgresql",
    ],
)
def test_what_is_local_or_under_tls_goes(url: str) -> None:
    check_transport({k: str(v) for k, v in conninfo_to_dict(url).items()})


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://{NAME}/claims",
        "postgresql://192.0.2.1/claims",
        "postgresql://localhost.example.com/claims",
        f"postgresql://127.0.0.1,{NAME}/claims",
        f"postgresql://localhost,{NAME}/claims?hostaddr=127.0.0.1,",
        "postgresql://localhost/claims?hostaddr=192.0.2.1",
        *(f"postgresql://{NAME}/claims?sslmode={mode}" for mode in ("disable", "allow", "prefer")),
        "postgresql:///claims?service=claims",
    ],
)
def test_what_others_could_read_is_refused(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", url)
    for role in Role:
        with pytest.raises(ClaimsError) as caught:
            parameters(role, load_settings())
        assert caught.value.code == "DB_TLS_REQUIRED"
    assert "sslmode=verify-full" in caught.value.hint


@pytest.mark.parametrize(
    "command",
    [
        *(["db", "upgrade"], ["db", "status"], ["status"], ["process"], ["worker"]),
        *(["keys", "status"], ["audit", "list"], ["client", "list"]),
    ],
    ids=" ".join,
)
def test_no_command_goes_there(command: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", f"postgresql://{NAME}/claims")
    done = CliRunner().invoke(main, command)
    assert done.exit_code == 1
    assert "DB_TLS_REQUIRED" in done.stderr


def test_what_the_environment_says_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGHOST", NAME)
    with pytest.raises(ClaimsError, match=NAME):
        check_transport({"dbname": "claims"})
    monkeypatch.setenv("PGSSLMODE", "verify-full")
    check_transport({"dbname": "claims"})
    with pytest.raises(ClaimsError, match="sslmode=prefer"):
        check_transport({"dbname": "claims", "sslmode": "prefer"})


@dataclass(frozen=True)
class Secured:
    """A server that takes connections under TLS alone, and the certificate that it shows."""

    address: str
    certificate: Path

    def url(self, host: str, **options: str | Path) -> str:
        """Lead to the server by its address, under the name of a host."""
        asked = "&".join(f"{name}={value}" for name, value in options.items())
        return f"postgresql://{host}/postgres?hostaddr={self.address}&{asked}"


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    folder = tmp_path_factory.mktemp("secured")
    # A loopback address of its own, so that its port is nobody else's.
    address = f"127.{secrets.randbelow(250) + 1}.{secrets.randbelow(250)}.7"
    settings = {"listen_addresses": address}
    with running(distribution_bin_dir(), folder, settings) as cluster:
        data = cluster.status().data
        assert data is not None
        certificate, key = folder / "server.crt", folder / "server.key"
        subprocess.run(
            [
                *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1"),
                *("-subj", f"/CN={NAME}", "-addext", f"subjectAltName=DNS:{NAME}"),
                *("-keyout", str(key), "-out", str(certificate)),
            ],
            check=True,
            capture_output=True,
        )
        owner = data.stat()
        for file in (certificate, key):
            copy = shutil.copy(file, data)
            os.chown(copy, owner.st_uid, owner.st_gid)
            Path(copy).chmod(0o600)
        with (data / "pg_hba.conf").open("a") as rules:
            rules.write("hostssl all all 127.0.0.0/8 trust\n")
        with psycopg.connect(make_conninfo("", **cluster.conninfo()), autocommit=True) as conn:
            conn.execute("alter system set ssl = on")
            conn.execute("select pg_reload_conf()")
        yield Secured(address, certificate)


def test_a_connection_under_tls(secured: Secured, monkeypatch: pytest.MonkeyPatch) -> None:
    verified = {"sslmode": "verify-full", "sslrootcert": secured.certificate}
    for options in ({"sslmode": "require"}, verified):
        monkeypatch.setenv("DATABASE_URL", secured.url(NAME, **options))
        with connect(Role.ADMIN) as conn:
            row = conn.execute(IS_ENCRYPTED).fetchone()
            assert conn.pgconn.ssl_in_use
        assert row is not None
        assert row[0]
        assert row[1].startswith("TLSv1.")


@pytest.mark.parametrize(
    ("host", "sslmode", "with_root", "reason"),
    [
        ("other.example.com", "verify-full", True, "does not match host name"),
        (NAME, "verify-full", False, "root certificate file"),
        (NAME, "disable", False, "no encryption"),
    ],
)
def test_who_answers_is_verified(  # noqa: PLR0913 - fixtures and cases
    secured: Secured,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    *,
    host: str,
    sslmode: str,
    with_root: bool,
    reason: str,
) -> None:
    root = secured.certificate if with_root else tmp_path / "none.crt"
    monkeypatch.setenv("DATABASE_URL", secured.url(host, sslmode=sslmode, sslrootcert=root))
    with pytest.raises(ClaimsError, match=reason) as caught:
        connect(Role.ADMIN)
    assert caught.value.code in {"DB_CONNECTION", "28000"}
