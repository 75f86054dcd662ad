"""A small hospital about which questions are asked, and a question that was answered."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection
from pathlib import Path
from typing import Any

import msgspec
import pytest

import tiny_cohort_hospital as tiny
from campus.cast import Cast
from wardbench.bench.outcomes.pico import Picked, Pico, Profile
from wardbench.campus.cohorts import finding
from wardbench.campus.cohorts import queries as cohorts
from wardbench.campus.cohorts import services as cohort_services
from wardbench.campus.counting import sessions
from wardbench.campus.outcomes import answering, nearness, services
from wardbench.campus.outcomes.models import Inquiry
from wardbench.campus.people.rules import Actor

PEOPLE = range(1, 61)
ILL = Picked(1, "Heart failure", "condition", "84114007", "SNOMED")


def small_hospital(folder: Path, late: Collection[int] = ()) -> Path:
    """Sixty persons with heart failure on day 5; the first thirty start carvedilol on day 10, the others bisoprolol;
    every third dies on a day of their own. Those who came `late` are observed from day 8, and ill from then on."""
    names = {1: "Heart failure", 2: "carvedilol", 3: "bisoprolol", 4: "Gout", 5: "Potassium"}
    tiny.snapshot(
        folder,
        person=[tiny.person(n, year_of_birth=1930 + n % 30, gender_concept_id=8507 + 25 * (n % 2)) for n in PEOPLE],
        observation_period=[tiny.observed(n, n, 8 if n in late else 1, 300) for n in PEOPLE],
        condition_occurrence=[tiny.condition(n, n, 8 if n in late else 5) for n in PEOPLE],
        drug_exposure=[tiny.drug(n, n, 10, 2 if n <= 30 else 3) for n in PEOPLE],
        measurement=[
            {"measurement_id": n, "person_id": n, "measurement_concept_id": 5, "measurement_date": tiny.on(12),
             "value_as_number": 4 + n / 60, "unit_source_value": "mmol/L"}
            for n in PEOPLE
        ],
        death=[{"person_id": n, "death_date": tiny.on(20 + n)} for n in PEOPLE if n % 3 == 0],
        concept=[
            {"concept_id": id, "concept_name": name, "concept_code": f"c{id}", "vocabulary_id": "SNOMED",
             "domain_id": {2: "Drug", 3: "Drug", 5: "Measurement"}.get(id, "Condition"), "standard_concept": "S",
             "invalid_reason": None}
            for id, name in names.items()
        ],
    )  # fmt: skip
    return folder


def with_records(cast: Cast, hospital: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Cast:
    """The cast, whose campus has these records, on the twin as well."""
    settings.CAMPUS = msgspec.structs.replace(settings.CAMPUS, store=str(hospital), twin=str(hospital))
    monkeypatch.setattr(sessions, "_sessions", {})
    monkeypatch.setattr(sessions, "_people", {})
    monkeypatch.setattr(finding, "_kept", {})
    monkeypatch.setattr(nearness, "_kept", OrderedDict())
    return cast


def answered(one: Inquiry) -> Inquiry:
    """The question after the background was there."""
    answering.carry_on(one.id)
    one.refresh_from_db()
    return one


def cohort_of_all(by: Actor) -> Any:
    """A version of a cohort of somebody's: all sixty, from their diagnosis on."""
    target = services.protocol_of(Pico("Failing hearts", profile=Profile((ILL,)), days=365, washout_days=3)).target
    assert isinstance(target, dict)
    cohort = cohort_services.make_cohort("Failing hearts", by=by, expression=target["expression"])
    return cohort_services.save_version(cohort.id, cohorts.desk(cohort, by).revision, by=by)
