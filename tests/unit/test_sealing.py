"""Sealing: what was sealed opens with the same key and purpose, unchanged, and otherwise not at all."""

from __future__ import annotations

import base64
import inspect

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from wardbench.core import sealing
from wardbench.core.errors import InputError
from wardbench.core.sealing import NONCE, seal, unseal

KEY, OTHER = bytes(range(32)), bytes(range(1, 33))


@given(st.text())
def test_what_was_sealed_opens(text: str) -> None:
    assert unseal(KEY, seal(KEY, text, "a"), "a") == text


def test_another_key_or_purpose_opens_nothing() -> None:
    sealed = seal(KEY, "a secret", "a")
    for key, purpose in ((OTHER, "a"), (KEY, "b")):
        with pytest.raises(InputError):
            unseal(key, sealed, purpose)


def test_a_changed_bit_is_noticed_wherever_it_is() -> None:
    whole = base64.urlsafe_b64decode(seal(KEY, "a secret", "a"))
    for place in range(8 * len(whole)):
        changed = bytearray(whole)
        changed[place // 8] ^= 1 << place % 8
        with pytest.raises(InputError):
            unseal(KEY, base64.urlsafe_b64encode(bytes(changed)).decode(), "a")
    for broken in ("", "not base64!", base64.urlsafe_b64encode(whole[:10]).decode()):
        with pytest.raises(InputError):
            unseal(KEY, broken, "a")


def test_the_same_text_is_never_sealed_alike() -> None:
    sealed = {seal(KEY, "a secret", "a") for _ in range(100)}
    assert len({one[:16] for one in sealed}) == 100, "the 96 bits of the nonce are new each time"


def test_it_is_aes_256_in_gcm() -> None:
    """Opened here by the primitive itself; a shorter key is refused."""
    whole = base64.urlsafe_b64decode(seal(KEY, "a secret", "a"))
    assert AESGCM(KEY).decrypt(whole[:NONCE], whole[NONCE:], b"a") == b"a secret" and NONCE == 12
    with pytest.raises(InputError, match="32 bytes"):
        seal(KEY[:16], "a secret", "a")
    assert "random" not in inspect.getsource(sealing).replace("Random", ""), "nonces come from the secrets module"
