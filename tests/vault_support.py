"""Key rings for tests without a database."""

from app.settings import Settings
from app.vault import KeyRing, Tokens
from app.vault.erasure import ErasureKeys
from app.vault.keyring import Keys


def key_ring(key: bytes, token_key: bytes, erasure: ErasureKeys | None = None) -> KeyRing:
    """Give a ring that encrypts under data key 7."""
    return KeyRing(
        Settings(), Keys({7: key, 8: token_key}, 7, Tokens(token_key), erasure or ErasureKeys.new())
    )
