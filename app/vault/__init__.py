"""PHI under keys that never enter the database in clear, and the hashes SQL matches with."""

from app.vault.ciphers import ClaimCipher, DecryptionRefusedError, ErasedError
from app.vault.keyring import BatchEncryptor, KeyRing, Sealed
from app.vault.tokens import Tokens, normalised

__all__ = [
    "BatchEncryptor",
    "ClaimCipher",
    "DecryptionRefusedError",
    "ErasedError",
    "KeyRing",
    "Sealed",
    "Tokens",
    "normalised",
]
