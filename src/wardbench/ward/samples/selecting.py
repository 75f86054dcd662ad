"""What a query selects, as bitmaps: facet by facet, whose specimens, and what keeps one from being given."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from wardbench.core.consent import Tier
from wardbench.ward.samples.counting import Meet
from wardbench.ward.samples.index import SampleIndex
from wardbench.ward.samples.layout import Words, setting
from wardbench.ward.samples.query import Choice, Giving, Patients, Query, Range


class Reason(StrEnum):
    """What keeps a specimen from being given; several may at once."""

    ELSEWHERE = "elsewhere"
    DEPLETED = "depleted"
    RESERVED = "reserved"
    RETAINED = "retained"
    THAWED = "thawed"
    FORBIDDEN = "forbidden"


def selected(index: SampleIndex, facet: str, choice: Choice) -> Words:
    """The specimens of a choice in one facet."""
    return index.kept((facet, choice), lambda: _selected(index, facet, choice))


def _selected(index: SampleIndex, facet: str, choice: Choice) -> Words:
    if isinstance(choice, frozenset):
        return index.having(facet, choice)
    found = np.zeros(index.layout.words, np.uint64)
    for part in choice:
        band = index.ranges[facet].band(part)
        if band is None:
            np.bitwise_or(found, within(index, facet, part), out=found)
        else:
            index.bitmaps.add_to(found, index.facets[facet].first + band)
    return found


def within(index: SampleIndex, facet: str, wanted: Range) -> Words:
    """The specimens of which a number lies in a range; as many operations as the number of values has bits, twice."""
    slices, values, info = index.slices[facet]
    low, high = info.codes(values, wanted)
    found = _below(slices, high)
    np.bitwise_and(found, np.bitwise_not(_below(slices, low)), out=found)
    return np.bitwise_and(found, index.present, out=found)


def _below(slices: np.ndarray[tuple[int, ...], np.dtype[np.uint64]], end: int) -> Words:
    """The positions whose code is below `end`; bit i of codes is 0 where slice i is 1 (O'Neil and Quass 1997)."""
    if end >> len(slices):
        return np.full(slices.shape[1], ~np.uint64(0))
    found = np.zeros(slices.shape[1], np.uint64)
    for bit, zero in enumerate(slices):
        operation = np.bitwise_or if end >> bit & 1 else np.bitwise_and
        operation(found, zero, out=found)
    return found


def of_patients(index: SampleIndex, patients: Patients) -> Words:
    """The specimens of these persons, taken in the window around a day of theirs."""
    return index.kept(("patients", patients.digest), lambda: _of_patients(index, patients))


def _of_patients(index: SampleIndex, patients: Patients) -> Words:
    from wardbench.ward.samples import kernels

    persons, first, last = index.persons
    begins = np.searchsorted(persons, patients.persons)
    counts = np.searchsorted(persons, patients.persons, side="right") - begins
    which = np.repeat(np.arange(counts.size), counts)
    donor = np.repeat(begins, counts) + np.arange(which.size) - np.repeat(np.cumsum(counts) - counts, counts)
    bounds = np.iinfo(np.int32)
    low, high = np.full(which.size, bounds.min, np.int32), np.full(which.size, bounds.max, np.int32)
    if patients.windowed and patients.anchors is not None:
        anchor = patients.anchors.astype(np.int64)[which]
        # `NO_DAY` lies below every window, open ones too.
        lowest = bounds.min + 1
        low[:] = lowest if patients.first is None else np.clip(anchor + patients.first, lowest, bounds.max)
        high[:] = bounds.max if patients.last is None else np.clip(anchor + patients.last, lowest, bounds.max)
    found = np.zeros(index.layout.words, np.uint64)
    kernels.mark(index.day_at, first[donor], last[donor], low, high, found)
    return np.bitwise_and(found, index.present, out=found)


def hindrances(index: SampleIndex, giving: Giving) -> dict[Reason, Words]:
    """For each reason the specimens that it keeps from being given."""
    always = (Reason.ELSEWHERE, Reason.DEPLETED, Reason.RETAINED)
    found = {reason: index.hindering(reason) for reason in always}
    if not giving.reserved:
        found[Reason.RESERVED] = index.hindering(Reason.RESERVED)
    if giving.most_thaws is not None:
        found[Reason.THAWED] = selected(index, "thaws", (Range(giving.most_thaws + 1),))
    if giving.need or giving.withdrawn:
        key = ("forbidden", giving.need, giving.withdrawn)
        found[Reason.FORBIDDEN] = index.kept(
            key, lambda: _forbidden(index, giving.need) | named(index, giving.withdrawn)
        )
    return found


def named(index: SampleIndex, specimens: frozenset[str]) -> Words:
    """The specimens of these names; names that the index does not know are passed over."""
    if not specimens:
        return np.zeros(index.layout.words, np.uint64)
    return index.kept(("named", specimens), lambda: _named(index, specimens))


def _named(index: SampleIndex, specimens: frozenset[str]) -> Words:
    names = index.rows.column("specimen")
    rows = np.flatnonzero(pc.is_in(names, value_set=pa.array(sorted(specimens), names.type)).to_numpy())
    return setting(index.layout.words, np.flatnonzero(np.isin(index.row_at, rows)))


def _forbidden(index: SampleIndex, need: frozenset[Tier]) -> Words:
    allowed = index.present.copy()
    for tier in need:
        np.bitwise_and(allowed, index.having("consent", [tier]), out=allowed)
    return np.bitwise_xor(allowed, index.present, out=allowed)


@dataclass(frozen=True)
class Selection:
    """What a query selects: `all`, and without what each facet chose; `before` without what can be given."""

    all: Meet
    without: dict[str, Meet]
    before: Meet


def select(index: SampleIndex, query: Query) -> Selection:
    """The specimens of a query, and of it with one choice less for each facet that is chosen in."""
    fixed = index.present if query.patients is None else of_patients(index, query.patients)
    parts = {facet: selected(index, facet, choice) for facet, choice in query.chosen}
    kept_back = () if query.giving is None else tuple(hindrances(index, query.giving).values())
    without = {
        facet: Meet((fixed, *(words for other, words in parts.items() if other != facet)), kept_back) for facet in parts
    }
    chosen = (fixed, *parts.values())
    return Selection(Meet(chosen, kept_back), without, Meet(chosen))


def loosened(index: SampleIndex, giving: Giving) -> dict[str, Giving]:
    """What could be given up, each by itself: one or two more thaws, a tier of consent, that others have reserved."""
    found: dict[str, Giving] = {}
    if giving.most_thaws is not None:
        held = index.slices["thaws"][1]
        for most in [int(thaws) for thaws in held if thaws > giving.most_thaws][:2]:
            found[f"thaws {most}"] = replace(giving, most_thaws=most)
    for tier in Tier:
        if tier in giving.need:
            found[f"tier {tier}"] = replace(giving, need=giving.need - {tier})
    if not giving.reserved:
        found["reserved"] = replace(giving, reserved=True)
    return found
