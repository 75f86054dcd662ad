"""What a query selects, as bitmaps: facet by facet, whose specimens, and what keeps one from being given."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from wardbench.core.consent import Tier
from wardbench.ward.samples.index import SampleIndex
from wardbench.ward.samples.layout import WORD, Words, pack, setting
from wardbench.ward.samples.query import Choice, Giving, Patients, Query, Range
from wardbench.ward.samples.schema import DIMENSIONS, GIVEABLE

NO_DAY = np.iinfo(np.int32).min


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
    found = np.zeros(index.layout.words, np.uint64)
    if facet in index.wide and isinstance(choice, frozenset):
        return _having(index, facet, choice)
    for part in choice:
        words = within(index, facet, part) if isinstance(part, Range) else index.bits_of(facet, part)
        if words is not None:
            np.bitwise_or(found, words, out=found)
    return found


def _having(index: SampleIndex, facet: str, choice: frozenset[str]) -> Words:
    wide = index.wide[facet]
    places = [wide.place[value] for value in choice if value in wide.place]
    donors = [wide.donors[wide.starts[place] : wide.starts[place + 1]] for place in places]
    rows = [wide.mixed[wide.mixed_starts[place] : wide.mixed_starts[place + 1]] for place in places]
    none = np.zeros(0, np.int32)
    found = index.layout.spread(setting(index.layout.donor_words, np.concatenate([none, *donors])))
    np.bitwise_and(found, index.present, out=found)
    return np.bitwise_or(found, setting(index.layout.words, np.concatenate([none, *rows])))


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
    persons, donors = index.persons
    begins = np.searchsorted(persons, patients.persons)
    counts = np.searchsorted(persons, patients.persons, side="right") - begins
    which = np.repeat(np.arange(counts.size), counts)
    donor = donors[np.repeat(begins, counts) + np.arange(which.size) - np.repeat(np.cumsum(counts) - counts, counts)]
    if not patients.windowed or patients.anchors is None:
        found = index.layout.spread(setting(index.layout.donor_words, donor))
        return np.bitwise_and(found, index.present, out=found)
    found = np.zeros(index.layout.words, np.uint64)
    anchor = patients.anchors.astype(np.int64)[which]
    order = np.argsort(donor, kind="stable")
    donor, anchor = donor[order], anchor[order]
    first = np.concatenate([[True], donor[1:] != donor[:-1]]) if donor.size else np.zeros(0, np.bool_)
    turn = np.arange(donor.size) - np.maximum.accumulate(np.where(first, np.arange(donor.size), 0))
    for number in range(int(turn.max()) + 1 if turn.size else 0):
        chosen = turn == number
        found |= _around(index, donor[chosen], anchor[chosen], patients)
    return found


def _around(index: SampleIndex, donor: np.ndarray, anchor: np.ndarray, patients: Patients) -> Words:
    """Specimens taken in the window around one day for each donor."""
    bounds = np.iinfo(np.int32)
    low = np.full(index.layout.donor_words * WORD, bounds.max, np.int32)
    high = np.full(index.layout.donor_words * WORD, bounds.min, np.int32)
    # `NO_DAY` lies below every window, open ones too.
    lowest = bounds.min + 1
    low[donor] = lowest if patients.first is None else np.clip(anchor + patients.first, lowest, bounds.max)
    high[donor] = bounds.max if patients.last is None else np.clip(anchor + patients.last, lowest, bounds.max)
    found = np.empty(index.layout.words, np.uint64)
    for tile in index.layout:
        days = index.day_at[tile.start * WORD : tile.stop * WORD].reshape(tile.planes, -1)
        own = slice(tile.donors * WORD, tile.donors_stop * WORD)
        found[tile.start : tile.stop] = pack(((days >= low[own]) & (days <= high[own])).reshape(-1))
    return found


def hindrances(index: SampleIndex, giving: Giving) -> dict[Reason, Words]:
    """For each reason the specimens that it keeps from being given."""
    found = {
        Reason.ELSEWHERE: index.kept("elsewhere", lambda: _elsewhere(index)),
        Reason.DEPLETED: index.kept("depleted", lambda: _depleted(index)),
        Reason.RETAINED: index.kept("retained", lambda: index.array("retained").copy()),
    }
    if not giving.reserved:
        found[Reason.RESERVED] = index.kept("reserved", lambda: index.array("reserved").copy())
    if giving.most_thaws is not None:
        above = Range(giving.most_thaws + 1)
        found[Reason.THAWED] = selected(index, "thaws", (above,))
    if giving.need or giving.withdrawn:
        key = ("forbidden", giving.need, giving.withdrawn)
        found[Reason.FORBIDDEN] = index.kept(
            key, lambda: _forbidden(index, giving.need) | named(index, giving.withdrawn)
        )
    return found


def givable(index: SampleIndex, giving: Giving) -> Words:
    """The specimens that nothing keeps from being given."""
    return index.kept(giving, lambda: _givable(index, giving))


def _givable(index: SampleIndex, giving: Giving) -> Words:
    kept_back = np.zeros(index.layout.words, np.uint64)
    for words in hindrances(index, giving).values():
        np.bitwise_or(kept_back, words, out=kept_back)
    np.bitwise_not(kept_back, out=kept_back)
    return np.bitwise_and(kept_back, index.present, out=kept_back)


def _elsewhere(index: SampleIndex) -> Words:
    here = _selected(index, "status", frozenset({*GIVEABLE, "used_up"}))
    return np.bitwise_and(np.bitwise_not(here), index.present)


def _depleted(index: SampleIndex) -> Words:
    nothing = tuple(Range(0, 0, dimension) for dimension in DIMENSIONS)
    return _selected(index, "status", frozenset({"used_up"})) | _selected(index, "amount", nothing)


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
    found = index.present.copy()
    for tier in need:
        words = index.bits_of("consent", tier)
        if words is not None:
            np.bitwise_and(found, words, out=found)
    return np.bitwise_and(np.bitwise_not(found), index.present)


@dataclass(frozen=True)
class Selection:
    """The bitmaps of a query: `all` of it, and without what each facet chose, `before` without what can be given."""

    all: Words
    without: dict[str, Words]
    before: Words


def select(index: SampleIndex, query: Query) -> Selection:
    """The specimens of a query, and of it with one choice less for each facet that is chosen in."""
    parts = {facet: selected(index, facet, choice) for facet, choice in query.chosen}
    fixed = index.present if query.patients is None else of_patients(index, query.patients)
    given = fixed if query.giving is None else fixed & givable(index, query.giving)
    whole, before, without = given, fixed, dict.fromkeys(parts, given)
    for facet, words in parts.items():
        whole, before = whole & words, before & words
        without = {other: rest if other == facet else rest & words for other, rest in without.items()}
    return Selection(whole, without, before)


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
