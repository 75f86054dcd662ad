"""An inventory of specimens of any size, for demonstrations and for measuring how they are found.

It has what real ones have: aliquots that are alike but for those that were used, a few large collections and many small
ones, materials that come in kits, donors of whom one half gave once and some dozens of times, diagnoses that a donor
got between two visits. Columns are those of `wardbench.ward.samples.SCHEMA`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from wardbench.core.consent import PRESUMED, Tier, mask

Ints = npt.NDArray[np.int64]

FIRST_DAY = np.datetime64("2006-01-01", "D").astype(int)
LAST_DAY = np.datetime64("2026-01-01", "D").astype(int)
COLLECTIONS = 40
CATEGORIES = 300
ML, UG, MG = 1_000_000, 1_000, 1_000_000


@dataclass(frozen=True)
class _Item:
    """Tubes of a kit: how many, of what, where they are kept, and how much is in one."""

    material: str
    kind: str
    count: int
    temperature: str
    dimension: str
    amount: int
    tube: str = ""


_BLOOD = (
    _Item("WholeBlood", "primary", 1, "-18to-35", "volume", 4 * ML, "PED"),
    _Item("Plasma", "aliquot", 4, "-60to-85", "volume", ML // 2, "PED"),
    _Item("Serum", "aliquot", 3, "-60to-85", "volume", ML // 2, "SST"),
    _Item("BuffyCoat", "derivative", 1, "-60to-85", "volume", ML // 4, "PED"),
)
_KITS = (
    _BLOOD,
    (*_BLOOD, _Item("DNA", "derivative", 2, "-18to-35", "mass", 20 * UG)),
    (*_BLOOD, _Item("PBMC", "derivative", 3, "LNvapour", "cells", 5_000_000, "CPT")),
    (
        _Item("Urine", "aliquot", 4, "-60to-85", "volume", 2 * ML),
        _Item("UrineSediment", "derivative", 1, "-60to-85", "volume", ML // 2),
    ),
    (
        _Item("TissueFreshFrozen", "aliquot", 3, "LNliquid", "mass", 50 * MG),
        _Item("TissueFixed", "primary", 1, "RT", "pieces", 1),
    ),
    (_Item("CerebrospinalFluid", "aliquot", 5, "-60to-85", "volume", ML // 4),),
    (
        _Item("Faeces", "primary", 2, "-60to-85", "mass", 500 * MG),
        _Item("Saliva", "primary", 1, "RT", "volume", 2 * ML),
    ),
    (
        _Item("BoneMarrowAspirate", "primary", 1, "LNvapour", "volume", 2 * ML),
        _Item("RNA", "derivative", 2, "-60to-85", "mass", 5 * UG),
    ),
    (
        _Item("NasalWashing", "primary", 1, "-60to-85", "volume", ML),
        _Item("Swab", "primary", 1, "-18to-35", "pieces", 1),
    ),
)
_KIT_SHARES = (0.38, 0.12, 0.1, 0.13, 0.1, 0.04, 0.05, 0.04, 0.04)
_ITEMS = tuple(item for kit in _KITS for item in kit)
_STATUSES = ("stored", "used_up", "away", "disposed", "out", "picked", "shipped", "missing", "collected")
_STATUS_SHARES = (0.86, 0.05, 0.03, 0.02, 0.01, 0.01, 0.005, 0.005, 0.01)
_CONSENTS: tuple[tuple[float, frozenset[Tier]], ...] = (
    (0.35, frozenset(Tier) - {Tier.COMMERCIAL, Tier.ABROAD}),
    (0.2, frozenset(Tier)),
    (0.28, PRESUMED),
    (0.1, frozenset({Tier.STORAGE, Tier.RESEARCH, Tier.GENETIC})),
    (0.04, frozenset({Tier.STORAGE})),
    (0.03, frozenset()),
)
_DELAYS = ("A", "B", "C", "D", "E", "F", "G", "X")
_DELAY_SHARES = (0.3, 0.35, 0.15, 0.08, 0.05, 0.03, 0.02, 0.02)


def make_inventory(specimens: int, donors: int, *, seed: int = 1) -> pa.Table:
    """A table of so many specimens of so many donors (at most as many as specimens), by donor; the same for a seed.

    Donors of whom a patient's record is known, nine of ten, have the numbers from 1 on as `person_id`.
    """
    if not 1 <= donors <= specimens:
        raise ValueError("there are one or more donors, and no more than specimens")
    chance = np.random.default_rng(seed)
    visits = _visits(chance, specimens, donors)
    kit, visit, item = _tubes(chance, visits, specimens)
    return _table(chance, visits, visit, item, kit)


@dataclass(frozen=True)
class _Visits:
    """By visit: whose, when (seconds since 1970), in which collection; by donor: what is said of them."""

    donor: Ints
    time: Ints
    collection: Ints
    kit: Ints
    delay: Ints
    birth: Ints
    sex: Ints
    consent: Ints
    known: npt.NDArray[np.bool_]
    codes: Ints
    code_counts: Ints
    later_code: Ints
    later_from: Ints


def _shares(count: int, power: float) -> npt.NDArray[np.float64]:
    """Falling shares, as sizes of collections and frequencies of diagnoses fall."""
    shares = np.arange(1, count + 1, dtype=np.float64) ** -power
    return np.asarray(shares / shares.sum())


def _visits(chance: np.random.Generator, specimens: int, donors: int) -> _Visits:
    each = float(np.dot(_KIT_SHARES, [sum(item.count for item in kit) for kit in _KITS]))
    mean = max(specimens * 1.02 / donors / each, 1.0)
    count = np.minimum(1 + chance.poisson(chance.exponential(mean - 1.0, donors)), 60) if mean > 1 else np.ones(donors)
    donor = np.repeat(np.arange(donors), count.astype(np.int64))
    short = int(specimens * 1.02 / each) - donor.size
    if short > 0:
        donor = np.sort(np.concatenate([donor, chance.integers(0, donors, short)]))
    home = chance.choice(COLLECTIONS, donors, p=_shares(COLLECTIONS, 1.0))
    away = chance.random(donor.size) < 0.15
    collection = np.where(away, chance.choice(COLLECTIONS, donor.size, p=_shares(COLLECTIONS, 1.0)), home[donor])
    codes = chance.integers(1, 4, donors)
    day = chance.integers(FIRST_DAY, LAST_DAY, donor.size)
    return _Visits(
        donor=donor,
        time=day * 86_400 + chance.integers(7 * 12, 18 * 12, donor.size) * 300,
        collection=collection,
        kit=chance.choice(len(_KITS), donor.size, p=_KIT_SHARES),
        delay=chance.choice(len(_DELAYS), donor.size, p=_DELAY_SHARES),
        birth=FIRST_DAY - (chance.beta(3.0, 2.0, donors) * 85 * 365.25).astype(np.int64),
        sex=chance.choice(3, donors, p=(0.52, 0.475, 0.005)),
        consent=chance.choice(len(_CONSENTS), donors, p=[share for share, _ in _CONSENTS]),
        known=chance.random(donors) < 0.9,
        codes=chance.choice(CATEGORIES, int(codes.sum()), p=_shares(CATEGORIES, 0.9)),
        code_counts=codes,
        later_code=chance.choice(CATEGORIES, donors, p=_shares(CATEGORIES, 0.9)),
        later_from=np.where(chance.random(donors) < 0.2, chance.integers(FIRST_DAY, LAST_DAY, donors), 1 << 40),
    )


def _tubes(chance: np.random.Generator, visits: _Visits, specimens: int) -> tuple[Ints, Ints, Ints]:
    """The visit and the kind of tube of each specimen, `specimens` of them, every donor with one at least."""
    contents: list[list[int]] = []
    start = 0
    for kit in _KITS:
        contents.append([start + place for place, item in enumerate(kit) for _ in range(item.count)])
        start += len(kit)
    flat = np.concatenate([np.array(content) for content in contents])
    sizes = np.array([len(content) for content in contents])
    begins = np.cumsum(sizes) - sizes
    size = sizes[visits.kit]
    visit = np.repeat(np.arange(visits.donor.size), size)
    number = np.arange(visit.size) - np.repeat(np.cumsum(size) - size, size)
    item = flat[begins[visits.kit[visit]] + number]
    donor = visits.donor[visit]
    first = np.concatenate([[True], donor[1:] != donor[:-1]])
    spare = np.flatnonzero(~first)
    keep = np.ones(visit.size, np.bool_)
    keep[chance.choice(spare, max(visit.size - specimens, 0), replace=False)] = False
    return visits.kit[visit[keep]], visit[keep], item[keep]


def _table(chance: np.random.Generator, visits: _Visits, visit: Ints, item: Ints, kit: Ints) -> pa.Table:
    size = visit.size
    donor = visits.donor[visit]
    time = visits.time[visit]
    day = time // 86_400
    status = chance.choice(len(_STATUSES), size, p=_STATUS_SHARES)
    full = np.array([one.amount for one in _ITEMS])[item]
    left = np.where(chance.random(size) < 0.15, chance.integers(1, 10, size) / 10, 1.0)
    amount = np.where(np.isin(status, (1, 3)), 0, np.maximum((full * left).astype(np.int64), 1))
    thaws = np.minimum(np.where(chance.random(size) < 0.12, chance.geometric(0.6, size), 0), 6)
    tissue = np.char.startswith([one.material for one in _ITEMS], "Tissue")[item]
    after = chance.choice(len(_DELAYS), visits.donor.size, p=_DELAY_SHARES)
    numbers = pc.cast(pa.array(np.arange(1, size + 1)), pa.string())
    collections = [f"collection-{number:02}" for number in range(1, COLLECTIONS + 1)]
    return pa.table(
        {
            "specimen": pc.binary_join_element_wise("S", pc.utf8_lpad(numbers, 9, "0"), ""),
            "donor": _words(donor, [f"D{number:08}" for number in range(1, visits.birth.size + 1)]),
            "person_id": pa.array(donor + 1, mask=~visits.known[donor]),
            "collection": _words(visits.collection[visit], collections),
            "material": _words(item, [one.material for one in _ITEMS]),
            "temperature": _words(item, [one.temperature for one in _ITEMS], missing=chance.random(size) < 0.01),
            "kind": _words(item, [one.kind for one in _ITEMS]),
            "status": _words(status, list(_STATUSES)),
            "collected": pa.array(time.astype("datetime64[s]"), mask=(chance.random(visits.donor.size) < 0.01)[visit]),
            "age": pa.array(np.maximum((day - visits.birth[donor]) / 365.25, 0).astype(np.int16)),
            "sex": _words(visits.sex[donor], ["female", "male", "other"]),
            "diagnoses": _diagnoses(visits, donor, day),
            "amount": pa.array(amount),
            "dimension": _words(item, [one.dimension for one in _ITEMS]),
            "thaws": pa.array(thaws.astype(np.int16)),
            "tube": _words(item, [one.tube for one in _ITEMS], missing=_untold(item)),
            "delay": _words(visits.delay[visit], list(_DELAYS), missing=tissue),
            "delay_after": _words(after[visit], list(_DELAYS)),
            "consent": pa.array(np.array([mask(tiers) for _, tiers in _CONSENTS], np.uint16)[visits.consent[donor]]),
            "reserved": pa.array((chance.random(size) < 0.03) & (status == 0)),
            "retained": pa.array(tissue & (chance.random(size) < 0.2)),
        }
    )


def _untold(item: Ints) -> npt.NDArray[np.bool_]:
    return np.array([not one.tube for one in _ITEMS])[item]


def _words(codes: Ints, words: list[str], *, missing: npt.NDArray[np.bool_] | None = None) -> Any:
    """Codes as a dictionary of their words, each word once."""
    distinct = list(dict.fromkeys(words))
    place = np.array([distinct.index(word) for word in words] if len(distinct) < len(words) else range(len(words)))
    return pa.DictionaryArray.from_arrays(pa.array(place[codes].astype(np.int32), mask=missing), pa.array(distinct))


def _diagnoses(visits: _Visits, donor: Ints, day: Ints) -> Any:
    """The codes of each specimen: those of its donor, and one more once the donor has it."""
    categories = [f"{letter}{number:02}" for letter in "CIEJKMNGFLDHQRZ" for number in range(10, 30)]
    words = pa.array(
        [f"{category}.{place % 10}" if place % 3 else category for place, category in enumerate(categories)]
    )
    later = day >= visits.later_from[donor]
    count = visits.code_counts[donor] + later
    begins = np.cumsum(visits.code_counts) - visits.code_counts
    row = np.repeat(np.arange(donor.size), count)
    ends = np.cumsum(count)
    number = np.arange(row.size) - np.repeat(ends - count, count)
    own = number < visits.code_counts[donor[row]]
    place = np.where(own, begins[donor[row]] + number, 0)
    code = np.where(own, visits.codes[place], visits.later_code[donor[row]])
    offsets = pa.array(np.concatenate([[0], ends]).astype(np.int32))
    return pa.ListArray.from_arrays(offsets, words.take(pa.array(code)))
