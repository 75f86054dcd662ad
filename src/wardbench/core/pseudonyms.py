"""Names for patients that mean nothing outside one study, and keys derived from one master key.

A pseudonym is HMAC-SHA256 of the patient's number under a key of the study's own, which HKDF (RFC 5869) derives from a
master key. Without the master key nobody can try all numbers, and two studies cannot compare their patients. A master
key is replaced by adding a version: new pseudonyms carry it, and those of the versions before are still recognised.
This module holds keys in memory alone; it never writes one.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from wardbench.core.errors import InputError, NotFoundError

MOST_DAYS = 182
"""Dates of a patient move by up to this many days, earlier or later, all by the same number."""


def derive_key(master: bytes, purpose: str, length: int = 32) -> bytes:
    """A key of `length` bytes for one purpose: HKDF with SHA-256 and no salt, the master key being random itself."""
    if not 1 <= length <= 255 * 32:
        raise InputError("length: HKDF with SHA-256 derives between 1 and 8160 bytes.")
    return expand(hmac.digest(bytes(32), master, hashlib.sha256), purpose.encode(), length)


def expand(extracted: bytes, info: bytes, length: int) -> bytes:
    """The second half of HKDF: blocks that hang together until there are enough bytes."""
    block, derived = b"", b""
    while len(derived) < length:
        block = hmac.digest(extracted, block + info + bytes([len(derived) // 32 + 1]), hashlib.sha256)
        derived += block
    return derived[:length]


@dataclass(frozen=True)
class Pseudonymiser:
    """Pseudonyms of one study. `masters` are the master keys by version, of 32 bytes or more; the highest is in use."""

    masters: Mapping[int, bytes] = field(repr=False)
    study: str

    def __post_init__(self) -> None:
        if not self.study:
            raise InputError("study: a pseudonym belongs to a study; name it.")
        if not self.masters or any(version < 1 or len(key) < 32 for version, key in self.masters.items()):
            raise InputError("masters: give at least one master key of 32 bytes or more, numbered from 1.")

    @property
    def version(self) -> int:
        """The version that new pseudonyms carry."""
        return max(self.masters)

    def pseudonym(self, namespace: str, number: int, *, version: int | None = None) -> str:
        """The name of a patient ("person"), a visit or a specimen in this study, as `1-ABCD...`.

        NotFoundError where there is no master key of that version.
        """
        version = version or self.version
        digest = self._digest(f"pseudonym/{namespace}", number, version)
        return f"{version}-{base64.b32encode(digest[:20]).decode('ascii')}"

    def is_of(self, pseudonym: str, namespace: str, number: int) -> bool:
        """Whether a pseudonym is this patient's, by the version that it carries."""
        version, dash, _ = pseudonym.partition("-")
        if not dash or not version.isdecimal() or int(version) not in self.masters:
            return False
        return hmac.compare_digest(pseudonym, self.pseudonym(namespace, number, version=int(version)))

    def behind(self, pseudonym: str, namespace: str, numbers: Iterable[int]) -> int:
        """Which of `numbers` a pseudonym stands for, for the keeper of the keys. NotFoundError if none."""
        for number in numbers:
            if self.is_of(pseudonym, namespace, number):
                return number
        raise NotFoundError("This pseudonym is of none of these patients in this study.")

    def days(self, person: int) -> int:
        """By how many days the dates of a patient move in this study: never 0, the same in every version's time."""
        drawn = int.from_bytes(self._digest("days", person, min(self.masters))[:8]) % (2 * MOST_DAYS)
        return drawn - MOST_DAYS if drawn < MOST_DAYS else drawn - MOST_DAYS + 1

    def _digest(self, purpose: str, number: int, version: int) -> bytes:
        if version not in self.masters:
            raise NotFoundError(f"There is no master key of version {version}.")
        key = derive_key(self.masters[version], f"wardbench/study/{self.study}")
        return hmac.digest(key, f"{purpose}\x00{number}".encode(), hashlib.sha256)
