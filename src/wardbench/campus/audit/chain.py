"""The chain: each event's hash covers its content and the hash before it, under a key that the database never sees.

h(n) = HMAC-SHA256(key, h(n-1) || canonical JSON of event n). Whoever changes, removes, inserts or reorders events in
the database without the key breaks it at the first such row. Cutting off the end leaves a shorter chain that is whole:
against that, heads (number, hash) are kept elsewhere (`heads`).
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

START = bytes(32)
_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def canonical(event: Mapping[str, Any]) -> bytes:
    """`event` as JSON that has one spelling: sorted keys, no spaces, UTF-8."""
    return _ENCODER.encode(event).encode()


def link(key: bytes, before: bytes, event: Mapping[str, Any]) -> bytes:
    """The hash of `event` after `before`, 32 bytes."""
    return hmac.digest(key, before + canonical(event), hashlib.sha256)


@dataclass(frozen=True)
class Broken:
    """The first event that does not fit, and how."""

    number: int
    why: str


def verify(
    key: bytes, events: Iterable[tuple[int, bytes, bytes, Mapping[str, Any] | None]], heads: Mapping[int, bytes]
) -> tuple[int, Broken | None]:
    """How many events fit, and what is wrong with the first that does not.

    `events` are (number, hash before, hash, content) by number, with None for a content that cannot be read as what we
    write; `heads` hashes that were kept elsewhere, by number.
    """
    number, before = 0, START
    for number_found, said_before, said, content in events:
        if number_found != number + 1:
            return number, Broken(number + 1, f"missing: the next event is number {number_found}")
        number = number_found
        if content is None:
            return number - 1, Broken(number, "was changed: it cannot be read as an event")
        if not hmac.compare_digest(said_before, before):
            return number - 1, Broken(number, "does not follow the event before it")
        try:
            fits = hmac.compare_digest(said, link(key, before, content))
        except (TypeError, ValueError):  # what JSON has no spelling for, such as a blob or NaN
            fits = False
        if not fits:
            return number - 1, Broken(number, "was changed, or written without the key")
        if number in heads and not hmac.compare_digest(heads[number], said):
            return number - 1, Broken(number, "differs from the head that was kept elsewhere")
        before = said
    later = [kept for kept in heads if kept > number]
    if later:
        return number, Broken(number + 1, f"missing: a head kept elsewhere says there were {max(later)} events")
    return number, None
