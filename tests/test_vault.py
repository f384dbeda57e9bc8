"""The vault: what is encrypted comes back in its place alone, and keys are told apart."""

import base64
import os
import stat
import threading
from pathlib import Path

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from app.database import Role, connect
from app.errors import ClaimsError
from app.settings import Settings, load_settings
from app.vault import KEY_FILE, BatchCipher, KeyRing, decrypt_field, normalised
from tests.servers import Database, clean_settings

KEY = bytes(range(32))
CIPHER = BatchCipher(7, KEY, 11)
RING = KeyRing({7: KEY, 8: KEY[::-1]}, {"phi": 7, "token": 8})


@given(st.text(st.characters(exclude_categories=())), st.integers(0, 2**63 - 1))
def test_what_is_encrypted_comes_back(text: str, claim_id: int) -> None:
    try:
        text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        text = text.encode("utf-8", "replace").decode()
    blob = CIPHER.encrypt(claim_id, "member_id", text)
    assert decrypt_field(RING, 11, claim_id, "member_id", blob) == text


@given(st.binary())
def test_bytes_that_are_no_text_come_back(raw: bytes) -> None:
    blob = CIPHER.encrypt(1, "original", raw.decode("utf-8", "surrogateescape"))
    assert CIPHER.decrypt(1, "original", blob).encode("utf-8", "surrogateescape") == raw


def test_every_changed_bit_is_refused() -> None:
    blob = CIPHER.encrypt(3, "phone", "2175550100")
    for position in range(8 * len(blob)):
        changed = bytearray(blob)
        changed[position // 8] ^= 1 << position % 8
        with pytest.raises(ClaimsError) as error:
            decrypt_field(RING, 11, 3, "phone", bytes(changed))
        assert error.value.code in {"VAULT_DECRYPTION_REFUSED", "VAULT_KEY_UNKNOWN"}


@pytest.mark.parametrize("length", [0, 4, 5, 20, 32])
def test_a_shortened_ciphertext_is_refused(length: int) -> None:
    with pytest.raises(ClaimsError, match="does not decrypt"):
        decrypt_field(RING, 11, 3, "phone", CIPHER.encrypt(3, "phone", "2175550100")[:length])


@pytest.mark.parametrize(
    ("batch_id", "claim_id", "field"), [(12, 3, "phone"), (11, 4, "phone"), (11, 3, "city")]
)
def test_a_moved_ciphertext_is_refused(batch_id: int, claim_id: int, field: str) -> None:
    blob = CIPHER.encrypt(3, "phone", "2175550100")
    with pytest.raises(ClaimsError) as error:
        decrypt_field(RING, batch_id, claim_id, field, blob)
    assert error.value.code == "VAULT_DECRYPTION_REFUSED"
    assert "2175550100" not in str(error.value)


def test_no_nonce_comes_twice() -> None:
    assert len({CIPHER.encrypt(1, "city", "")[5:17] for _ in range(10_000)}) == 10_000


def test_tokens_depend_on_kind_and_key() -> None:
    other = KeyRing({7: KEY, 8: KEY}, {"phi": 7, "token": 8})
    tokens = {
        RING.token("member", "1EG4"),
        RING.token("patient", "1EG4"),
        other.token("member", "1EG4"),
    }
    assert {len(token) for token in tokens} == {16}
    assert len(tokens) == 3
    assert RING.token("member", "1EG4") in tokens


@pytest.mark.parametrize(
    ("typed", "also_typed"),
    [("O'Malley", "OMALLEY"), ("Núñez ", "nunez"), ("Müller-Lüdenscheidt", "muller ludenscheidt"),
     ("001-23", "123"), ("STRASSE", "straße")],
)  # fmt: skip
def test_what_people_type_differently_is_the_same(typed: str, also_typed: str) -> None:
    assert normalised(typed) == normalised(also_typed)


def test_keys_are_made_once_and_found_again(database: Database) -> None:
    settings = load_settings()
    with connect(Role.APP) as conn:
        first = KeyRing.open(conn, settings)
    with connect(Role.APP) as conn:
        second = KeyRing.open(conn, settings)
    blob = first.batch_cipher(first.active_data_key_id, 5).encrypt(1, "city", "Clayton")
    assert decrypt_field(second, 5, 1, "city", blob) == "Clayton"
    assert first.token("member", "1") == second.token("member", "1")
    with database.connect() as conn:
        rows = conn.execute("select purpose, wrapped_key from vault.data_keys").fetchall()
    assert sorted(row[0] for row in rows) == ["phi", "token"]


def test_processes_that_start_at_once_agree_on_the_keys(database: Database) -> None:
    settings = load_settings()
    barrier = threading.Barrier(4)
    tokens: list[bytes] = []

    def start() -> None:
        with connect(Role.APP) as conn:
            barrier.wait()
            tokens.append(KeyRing.open(conn, settings).token("member", "1"))

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(tokens) == 4
    assert len(set(tokens)) == 1
    with database.connect() as conn:
        assert conn.execute("select count(*) from vault.data_keys").fetchone() == (2,)


def test_a_wrong_key_is_told_at_once(database: Database) -> None:
    assert database.url
    settings = load_settings()
    with connect(Role.APP) as conn:
        KeyRing.open(conn, settings)
    other = SecretStr(base64.b64encode(os.urandom(32)).decode())
    with connect(Role.APP) as conn, pytest.raises(ClaimsError) as error:
        KeyRing.open(conn, settings.model_copy(update={"claims_encryption_key": other}))
    assert error.value.code == "VAULT_KEY_WRONG"


def test_with_a_database_url_the_key_must_be_given(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert database.url
    monkeypatch.delenv("CLAIMS_ENCRYPTION_KEY")
    with connect(Role.APP) as conn, pytest.raises(ClaimsError) as error:
        KeyRing.open(conn, load_settings())
    assert error.value.code == "VAULT_KEY_MISSING"


@pytest.fixture
def embedded_settings(
    database: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> tuple[psycopg.Connection, Settings]:
    """A connection, and the settings of the embedded default: no URL, no key."""
    conn = database.connect()
    clean_settings(monkeypatch, tmp_path)
    return conn, load_settings()


def test_the_embedded_default_makes_its_own_key_file(
    embedded_settings: tuple[psycopg.Connection, Settings],
) -> None:
    conn, settings = embedded_settings
    with conn:
        first = KeyRing.open(conn, settings)
        path = settings.claims_home / KEY_FILE
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert list(settings.claims_home.iterdir()) == [path]
        assert KeyRing.open(conn, settings).token("member", "1") == first.token("member", "1")

        path.chmod(0o640)
        with pytest.raises(ClaimsError) as error:
            KeyRing.open(conn, settings)
        assert error.value.code == "VAULT_KEY_FILE_EXPOSED"

        path.unlink()
        with pytest.raises(ClaimsError) as error:
            KeyRing.open(conn, settings)
        assert error.value.code == "VAULT_KEY_MISSING"
        assert not path.exists(), "a lost key is never replaced silently"

        path.write_text("bm90IGEga2V5\n")
        path.chmod(0o600)
        with pytest.raises(ClaimsError) as error:
            KeyRing.open(conn, settings)
        assert error.value.code == "VAULT_KEY_INVALID"
