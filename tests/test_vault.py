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

from app.database.connect import Role, connect
from app.program.errors import ClaimsError
from app.program.settings import Settings, load_settings
from app.vault import DecryptionRefusedError, KeyRing, Sealed, normalised
from app.vault.ciphers import BatchCipher, ClaimCipher
from app.vault.erasure import ErasureKeys
from app.vault.keyring import ERASURE_FILE
from app.vault.providers import KEY_FILE
from tests.servers import Database, clean_settings
from tests.vault_support import key_ring

KEY = bytes(range(32))
ERASURE = ErasureKeys.new()
RING = key_ring(KEY, KEY[::-1], ERASURE)
ERASURE_ID = 5


def cipher(claim_id: int) -> ClaimCipher:
    """Give the cipher of a claim of batch 11, as the intake has it."""
    key = ERASURE.key(ERASURE_ID)
    assert key
    return BatchCipher(7, KEY, 11).claim(claim_id, key)


@given(st.text(st.characters(exclude_categories=())), st.integers(0, 2**63 - 1))
def test_what_is_encrypted_comes_back(text: str, claim_id: int) -> None:
    try:
        text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        text = text.encode("utf-8", "replace").decode()
    blob = cipher(claim_id).encrypt("member_id", text)
    assert RING.decrypt(Sealed(claim_id, 11, ERASURE_ID), "member_id", blob) == text


@given(st.binary())
def test_bytes_that_are_no_text_come_back(raw: bytes) -> None:
    blob = cipher(1).encrypt("original", raw.decode("utf-8", "surrogateescape"))
    assert cipher(1).decrypt("original", blob).encode("utf-8", "surrogateescape") == raw


def test_version_1_is_still_read() -> None:
    blob = BatchCipher(7, KEY, 11, version=1).claim(3, b"").encrypt("phone", "2175550100")
    assert blob[0] == 1
    assert RING.decrypt(Sealed(3, 11, None), "phone", blob) == "2175550100"
    # As the first version of the program wrote it, under the same key.
    stored = bytes.fromhex(
        "0100000007000102030405060708090a0b967698b624d1947d380fdf56b13dbe1760cf528705a65695d2d9"
    )
    assert RING.decrypt(Sealed(3, 11, None), "phone", stored) == "2175550100"


def test_every_changed_bit_is_refused() -> None:
    blob = cipher(3).encrypt("phone", "2175550100")
    for position in range(8 * len(blob)):
        changed = bytearray(blob)
        changed[position // 8] ^= 1 << position % 8
        with pytest.raises(DecryptionRefusedError) as error:
            RING.decrypt(Sealed(3, 11, ERASURE_ID), "phone", bytes(changed))
        assert error.value.code in {"VAULT_DECRYPTION_REFUSED", "VAULT_KEY_UNKNOWN"}


@pytest.mark.parametrize("length", [0, 4, 5, 20, 32])
def test_a_shortened_ciphertext_is_refused(length: int) -> None:
    blob = cipher(3).encrypt("phone", "2175550100")[:length]
    with pytest.raises(DecryptionRefusedError, match="does not decrypt"):
        RING.decrypt(Sealed(3, 11, ERASURE_ID), "phone", blob)


@pytest.mark.parametrize(
    ("claim_id", "batch_id", "erasure_id", "field"),
    [
        (3, 12, ERASURE_ID, "phone"),
        (4, 11, ERASURE_ID, "phone"),
        (3, 11, ERASURE_ID, "city"),
        (3, 11, ERASURE_ID + 1, "phone"),
        (3, 11, ERASURE_ID + (1 << 48), "phone"),
    ],
)
def test_a_moved_ciphertext_is_refused(
    claim_id: int, batch_id: int, erasure_id: int, field: str
) -> None:
    blob = cipher(3).encrypt("phone", "2175550100")
    with pytest.raises(DecryptionRefusedError) as error:
        RING.decrypt(Sealed(claim_id, batch_id, erasure_id), field, blob)
    assert error.value.code == "VAULT_DECRYPTION_REFUSED"
    assert "2175550100" not in str(error.value)


def test_no_nonce_comes_twice() -> None:
    assert len({cipher(1).encrypt("city", "")[5:17] for _ in range(10_000)}) == 10_000


def test_tokens_depend_on_kind_and_key() -> None:
    other = key_ring(KEY, KEY)
    tokens = {
        RING.tokens.member("1EG4"),
        RING.tokens.token("patient", "1eg4"),
        other.tokens.member("1EG4"),
    }
    assert {len(token) for token in tokens} == {16}
    assert len(tokens) == 3
    assert RING.tokens.member("1EG4") in tokens


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
    erasure_id, cipher = first.encryptor(5).claim(1, None)
    blob = cipher.encrypt("city", "Clayton")
    assert second.decrypt(Sealed(1, 5, erasure_id), "city", blob) == "Clayton"
    assert first.tokens.member("1") == second.tokens.member("1")
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
            tokens.append(KeyRing.open(conn, settings).tokens.member("1"))

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
        assert {one.name for one in settings.claims_home.iterdir()} == {KEY_FILE, ERASURE_FILE}
        assert KeyRing.open(conn, settings).tokens.member("1") == first.tokens.member("1")

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
