"""Concept ids for codes that no vocabulary knows: the same code has the same id in every store and after every load.

A cohort definition holds concept ids. If those of local codes depended on what else was loaded, a definition would mean
other patients after the next load, or in the synthetic twin, without anybody noticing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping

from wardbench.core.omop.tables import FIRST_CUSTOM_CONCEPT

LAST_CONCEPT = 2**31 - 1
"""Concept ids are integers of 32 bits in CDM 5.4."""

LocalCode = tuple[str, str]
"""A code system and a code in it."""


def local_concept_ids(
    codes: Iterable[LocalCode], *, known: Mapping[LocalCode, int] | None = None, taken: Collection[int] = ()
) -> dict[LocalCode, int]:
    """An id from `FIRST_CUSTOM_CONCEPT` on for each code: what it had before (`known`), else a hash of it.

    Where two hashes are the same, or one is `taken`, the next free id is used: among some ten thousand codes that
    happens to one pair in three stores. ValueError where there are more codes than ids.
    """
    wanted = sorted(set(codes))
    before = known or {}
    ids = {code: before[code] for code in wanted if code in before}
    used = {*taken, *before.values()}
    span = LAST_CONCEPT - FIRST_CUSTOM_CONCEPT + 1
    if len(wanted) + len(used) > span:
        raise ValueError(f"there are more than {span} local codes")
    for place, code in sorted((_place(code, span), code) for code in wanted if code not in ids):
        while FIRST_CUSTOM_CONCEPT + place in used:
            place = (place + 1) % span
        ids[code] = FIRST_CUSTOM_CONCEPT + place
        used.add(ids[code])
    return ids


def _place(code: LocalCode, span: int) -> int:
    digest = hashlib.sha256("\x00".join(code).encode()).digest()
    return int.from_bytes(digest[:8]) % span
