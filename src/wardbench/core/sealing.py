"""Texts that are kept where somebody who steals the database must not read them: AES-256-GCM.

A sealed text carries a nonce of its own, so that the same text is never sealed to the same bytes, and belongs to a
purpose: what was sealed for one opens for no other. Keys are 32 bytes, as `pseudonyms.derive_key` makes them.
"""

from __future__ import annotations

import base64
import binascii
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from wardbench.core.errors import InputError

NONCE = 12
"""Bytes of a nonce: the 96 bits that GCM is made for. Random ones serve 2**32 texts under one key."""


def seal(key: bytes, text: str, purpose: str) -> str:
    """`text`, unreadable and unchangeable without `key`, as ASCII."""
    nonce = secrets.token_bytes(NONCE)
    return base64.urlsafe_b64encode(nonce + _cipher(key).encrypt(nonce, text.encode(), purpose.encode())).decode(
        "ascii"
    )


def unseal(key: bytes, sealed: str, purpose: str) -> str:
    """What was sealed; InputError where it was changed, or sealed with another key or for another purpose."""
    try:
        found = base64.b64decode(sealed, altchars=b"-_", validate=True)
        return _cipher(key).decrypt(found[:NONCE], found[NONCE:], purpose.encode()).decode()
    except (InvalidTag, binascii.Error, ValueError):
        raise InputError("A sealed text does not open: it was changed, or sealed with another key.") from None


def _cipher(key: bytes) -> AESGCM:
    if len(key) != 32:
        raise InputError("key: AES-256 takes 32 bytes.")
    return AESGCM(key)
