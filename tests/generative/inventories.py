"""Random tables of specimens so small that ties and boundaries happen all the time, and questions about them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
from hypothesis import strategies as st

from wardbench.core.consent import Tier, mask
from wardbench.ward.samples import CATEGORIES, FACETS, SCHEMA, Choice, Giving, Patients, Query, Range

FIRST = datetime(2019, 12, 30)
DONORS = ("d1", "d2", "d3", None)
PERSONS = {"d1": 11, "d2": 12, "d3": None, None: None}
COLLECTIONS = ("colon", "heart")
MATERIALS = ("Plasma", "DNA")
CODES = ("C18.7", "C18.2", "C20", "I50", "D49")
DIMENSIONS = ("volume", "pieces")
TIERS = (Tier.STORAGE, Tier.RESEARCH, Tier.GENETIC)
DAYS = 6

Row = dict[str, Any]
words = {
    "collection": COLLECTIONS,
    "material": MATERIALS,
    "temperature": ("RT", "LNliquid"),
    "kind": ("primary", "aliquot"),
    "status": ("stored", "out", "used_up", "away"),
    "sex": ("female", "male"),
    "tube": ("PED",),
    "delay": ("A", "B"),
    "delay_after": ("B",),
    "consent": tuple(TIERS),
    "chapter": ("C00-D49", "I00-I99", ""),
    "diagnosis": ("C18", "C20", "I50", ""),
}
_GIVEN = ("collection", "material", "kind", "status")


def maybe(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | strategy


@st.composite
def inventories(draw: st.DrawFn) -> list[Row]:
    """Rows as `SCHEMA` has them, some of donors whose specimens differ in what they are diagnosed with."""
    row = st.fixed_dictionaries(
        {
            "donor": st.sampled_from(DONORS),
            **{
                name: st.sampled_from(values) if name in _GIVEN else maybe(st.sampled_from(values))
                for name, values in words.items()
                if name not in ("consent", "chapter", "diagnosis")
            },
            "collected": maybe(st.integers(0, 4 * DAYS - 1).map(lambda n: FIRST + timedelta(hours=6 * n))),
            "age": maybe(st.sampled_from((0, 9, 10, 90, 130))),
            "diagnoses": maybe(st.lists(st.sampled_from(CODES), max_size=3)),
            "amount": maybe(st.sampled_from((0, 1, 5, 100_000))),
            "thaws": st.integers(0, 6),
            "consent": st.lists(st.sampled_from(TIERS), max_size=3).map(mask),
            "reserved": st.booleans(),
            "retained": st.booleans(),
        }
    )
    rows = draw(st.lists(row, max_size=14))
    dimension = st.sampled_from(DIMENSIONS)
    for number, given in enumerate(rows):
        given["specimen"] = f"s{number * 7 % 15:02}"
        given["person_id"] = PERSONS[given["donor"]]
        given["dimension"] = None if given["amount"] is None else draw(dimension)
    return rows


def table_of(rows: list[Row]) -> pa.Table:
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def _ends(values: tuple[int, ...]) -> st.SearchStrategy[tuple[int | None, int | None]]:
    pairs = st.tuples(maybe(st.sampled_from(values)), maybe(st.sampled_from(values)))
    return pairs.filter(lambda ends: None in ends or ends[0] <= ends[1])


_FIRST_DAY = (FIRST - datetime(1970, 1, 1)).days
ranges = {
    "age": _ends((0, 9, 10, 50, 130)).map(lambda ends: Range(*ends)),
    "collected": _ends(tuple(range(_FIRST_DAY - 1, _FIRST_DAY + DAYS + 1))).map(lambda ends: Range(*ends)),
    "amount": st.tuples(_ends((0, 1, 4, 100_000)), st.sampled_from(DIMENSIONS)).map(lambda got: Range(*got[0], got[1])),
    "thaws": _ends((0, 1, 2, 5, 6)).map(lambda ends: Range(*ends)),
}


def choices(facet: str) -> st.SearchStrategy[Choice]:
    if facet in CATEGORIES:
        return st.frozensets(st.sampled_from((*words[facet], "elsewhere")), min_size=1, max_size=3)
    part = ranges[facet] | st.just(Range(unknown=True))
    return st.lists(part, min_size=1, max_size=2).map(tuple)


givings = st.builds(
    Giving,
    need=st.frozensets(st.sampled_from(TIERS)),
    most_thaws=maybe(st.integers(0, 6)),
    reserved=st.booleans(),
)


@st.composite
def patients(draw: st.DrawFn) -> Patients:
    held = draw(st.lists(st.tuples(st.sampled_from((11, 12, 13)), st.integers(-1, DAYS)), max_size=4))
    first, last = draw(_ends((-2, 0, 1)))
    persons = np.array([person for person, _ in held], np.int64)
    return Patients(persons, np.array([_FIRST_DAY + day for _, day in held], np.int32), first, last)


@st.composite
def queries(draw: st.DrawFn) -> Query:
    chosen = draw(st.lists(st.sampled_from(FACETS), max_size=4, unique=True))
    return Query.of(
        {facet: draw(choices(facet)) for facet in chosen},
        patients=draw(maybe(patients())),
        giving=draw(maybe(givings)),
    )
