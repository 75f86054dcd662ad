"""Questions are data: checked when they are made, written and read without loss, and nothing else is read."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given

from generative.inventories import queries
from wardbench.core.consent import Tier
from wardbench.core.errors import InputError
from wardbench.ward.samples import Giving, Patients, Query, Range, from_json, name_of, range_of, to_json

GOOD = {"form": 1, "words": {"sex": ["female"]}, "ranges": {"age": [{"low": 60}]}, "giving": None}


@given(queries())
def test_what_is_written_is_read(query: Query) -> None:
    query = query.but(patients=None)
    read = from_json(to_json(query))
    assert to_json(read) == to_json(query)
    assert read.giving == query.giving
    assert [(name, frozenset(choice)) for name, choice in read.chosen] == [
        (name, frozenset(choice)) for name, choice in query.chosen
    ]


def test_the_same_meaning_is_the_same_bytes() -> None:
    one = Query.of({"sex": frozenset({"male", "female"}), "age": (Range(1, 2), Range(5, 6))})
    other = Query.of({"age": (Range(5, 6), Range(1, 2), Range(5, 6)), "sex": frozenset({"female", "male"})})
    assert to_json(one) == to_json(other)


@pytest.mark.parametrize(
    "wrong",
    [
        {"form": 2},
        {"extra": 1},
        {"words": {"colour": ["red"]}},
        {"words": {"sex": []}},
        {"words": {"age": ["60"]}},
        {"ranges": {"sex": [{"low": 1}]}},
        {"ranges": {"age": []}},
        {"ranges": {"age": [{"low": 2, "high": 1}]}},
        {"ranges": {"age": [{"below": 2}]}},
        {"ranges": {"age": [{"low": 1.5}]}},
        {"ranges": {"age": [{"low": 1, "dimension": "volume"}]}},
        {"ranges": {"amount": [{"low": 1}]}},
        {"ranges": {"amount": [{"low": 1, "dimension": "colour"}]}},
        {"ranges": {"age": [{"low": 1, "unknown": True}]}},
        {"giving": {"need": ["all"], "most_thaws": None, "reserved": False}},
        {"giving": {"need": [], "most_thaws": -1, "reserved": False}},
        {"giving": {"need": []}},
    ],
)
def test_what_is_not_known_is_refused(wrong: dict[str, object]) -> None:
    from_json(json.dumps(GOOD))
    with pytest.raises(InputError, match=r"^(query|range|most_thaws)"):
        from_json(json.dumps({**GOOD, **wrong}))


def test_the_persons_of_a_cohort_are_not_written() -> None:
    with pytest.raises(InputError, match="not written"):
        to_json(Query.of(patients=Patients(np.array([1]))))


def test_a_window_needs_days_and_an_order() -> None:
    with pytest.raises(InputError, match="a day for each person"):
        Patients(np.array([1, 2]), np.array([1], np.int32), first=0)
    with pytest.raises(InputError, match="before it begins"):
        Patients(np.array([1]), np.array([1], np.int32), first=1, last=0)


def test_persons_are_named_by_content() -> None:
    same = [Patients(np.array([1, 2]), np.array([3, 4], np.int32), 0, 1).digest for _ in range(2)]
    others = [
        Patients(np.array([1, 3]), np.array([3, 4], np.int32), 0, 1).digest,
        Patients(np.array([1, 2]), np.array([3, 5], np.int32), 0, 1).digest,
        Patients(np.array([1, 2]), np.array([3, 4], np.int32), 0, 2).digest,
        Patients(np.array([1, 2]), np.array([3, 4], np.int32), None, 1).digest,
        Patients(np.array([1, 2])).digest,
    ]
    assert same[0] == same[1] and len({same[0], *others}) == 6


def test_a_choice_is_changed_or_taken_back() -> None:
    query = Query.of({"sex": frozenset({"male"})}, giving=Giving(frozenset({Tier.GENETIC})))
    changed = query.choosing("material", frozenset({"DNA"})).choosing("sex", None)
    assert changed == Query.of({"material": frozenset({"DNA"})}, giving=query.giving)


@pytest.mark.parametrize(
    "band", [Range(0, 9), Range(90), Range(None, 5), Range(), Range(1, 2, "volume"), Range(None, None, "mass"),
             Range(-3, -1), Range(unknown=True)]
)  # fmt: skip
def test_a_band_is_named_and_read(band: Range) -> None:
    assert range_of(name_of(band)) == band
