"""A patient beside those whom an answer comes from."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from wardbench.bench.outcomes.applicability import Applicability, Place, Term, beside, place_of, preference_of
from wardbench.ward.patients.profile import PatientProfile, Recorded

KEPT = Applicability(
    -0.5,
    0.4,
    0.1,
    0.9,
    2020,
    (
        Term("condition_occurrence", 1, "Heart failure", -365, -1, None, 1.0),
        Term("measurement", 2, "HbA1c", -365, -1, (7.0, None), 2.0),
        Term("person", 0, "Female", 0, 0, None, 4.0),
        Term("person", 0, "Age 60 to 64", 0, 0, None, 8.0),
        Term("person", 0, "Time zero in 2020", 0, 0, None, 16.0),
    ),
    (10,),
    (11,),
)


def rows(ill: date, values: list[tuple[date, float | None]], sex: int = 8507, born: int | None = 1950) -> Any:
    measured = [{"measurement_date": d, "measurement_concept_id": 2, "value_as_number": v} for d, v in values]
    condition = {"condition_start_date": ill, "condition_concept_id": 0, "condition_source_concept_id": 1}
    return {
        "person": [{"gender_concept_id": sex, "year_of_birth": born}],
        "condition_occurrence": [condition],
        "measurement": measured,
    }


@pytest.mark.parametrize(
    ("given", "added"),
    [
        (rows(date(2020, 5, 1), []), 1),
        (rows(date(2018, 5, 1), [(date(2020, 5, 1), None)]), 0),
        (rows(date(2020, 4, 1), [(date(2020, 5, 1), 7.5), (date(2020, 4, 1), 5.0)]), 3),
        (rows(date(2020, 4, 1), [(date(2020, 5, 1), 7.0), (date(2020, 4, 1), 9.0)]), 1),
        (rows(date(2020, 4, 1), [(date(2020, 5, 1), None), (date(2020, 4, 1), 9.0)]), 3),
        (rows(date(2020, 5, 1), [], sex=8532), 5),
        (rows(date(2020, 5, 1), [], born=1958), 9),
        (rows(date(2020, 5, 1), [], born=None), 1),
    ],
)
def test_a_score_is_what_the_record_says(given: Any, added: float) -> None:
    odds = math.exp(-0.5 + added + 16) / (0.4 / 0.6)
    assert preference_of(KEPT, given) == pytest.approx(odds / (1 + odds))


def test_somebody_is_among_them_or_at_the_edge_or_beyond() -> None:
    places = [place_of(KEPT, preferred) for preferred in (0.05, 0.2, 0.5, 0.8, 0.95)]
    assert places == [
        Place.BEYOND_COMPARATOR, Place.MOSTLY_COMPARATOR, Place.AMONG, Place.MOSTLY_TARGET, Place.BEYOND_TARGET,
    ]  # fmt: skip
    # Arms whose scores hardly spread are still those of people who might have had either.
    assert place_of(replace(KEPT, low=0.48, high=0.52), 0.6) is Place.AMONG


def test_a_patient_is_unlike_where_most_have_what_they_have_not() -> None:
    def row(kind: str, name: str, share: str) -> dict[str, str]:
        return {"kind": kind, "name": name, "share": share}

    who = [
        row("Sex", "Female", "35%"),
        row("Sex", "Male", "65%"),
        row("Age", "20 to 59", "5%"),
        row("Age", "60 to 69", "40%"),
        row("Age", "not recorded", ""),
        row("Condition", "Heart failure", "nearly all"),
        row("Condition", "Gout", "30%"),
        row("Drug", "metformin", "8%"),
        row("Procedure", "Heart ultrasound", "40%"),
    ]
    drug = Recorded(5, "metformin", "", "", True)
    found = beside(who, PatientProfile(8507, 45, (), (drug,)))
    assert [(one.name, one.has, one.unlike) for one in found] == [
        ("Male", True, False),
        ("20 to 59", True, True),
        ("Heart failure", False, True),
        ("Gout", False, False),
        ("metformin", True, True),
    ]
