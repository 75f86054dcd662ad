"""A patient's timeline: for nobody until something decides who; then for those it names, each view on the record."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

import pytest

from campus import test_builder
from campus.cast import Cast
from wardbench.campus.audit.queries import Search, find
from wardbench.campus.cohorts import patients
from wardbench.campus.people.rules import Actor, Verdict, no, yes

campus, twin, cohort_of = test_builder.campus, test_builder.twin, test_builder.cohort_of


@pytest.fixture
def access(monkeypatch: pytest.MonkeyPatch) -> None:
    """Physicians of the cast treat patient 3 and nobody else."""

    def may_see_patient(actor: Actor, person_id: int) -> Verdict:
        if actor.name == "Physician" and person_id == 3:
            return yes("This patient is in your care.")
        return no("This patient is not in your care.")

    stub = ModuleType("access")
    stub.may_see_patient = may_see_patient  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, patients.ACCESS, stub)


def test_until_something_decides_who_may_there_is_no_such_page(
    campus: Cast,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(patients, "ACCESS", "wardbench.campus.nothing_of_this_name")
    for key in campus.people:
        assert campus.client(key).get("/patients/").status_code == 404
        assert campus.client(key).post("/patients/", {"patient": 3}).status_code == 404


def test_the_care_team_sees_the_patient_and_what_counts(campus: Cast, access: None) -> None:
    cohort = cohort_of(campus, by="physician")
    client = campus.client("physician")
    assert "Every view is on the record" in client.get("/patients/").content.decode()
    page = client.post("/patients/", {"patient": 3, "cohort": str(cohort.id)}).content.decode()
    assert "Diabetic nephropathy" in page and "In the cohort “Nephropathy”" in page and "in your care" in page
    assert page.count('<span class="app-tag">rule 1</span>') == 1 and "8 %" in page and "<svg" in page
    assert "10 January 2020" not in page, "days from entry unless dates are asked for"
    page = client.post("/patients/", {"patient": 3, "show": "dates"}).content.decode()
    assert "10 January 2020" in page
    seen = list(find(Search(verb="cohorts.look_at_patient")))
    assert [event.patient for event in seen] == ["3", "3"]
    assert seen[0].actor == str(campus.people["physician"].id)


def test_another_patient_and_one_that_is_not_there_look_the_same(campus: Cast, access: None) -> None:
    client = campus.client("physician")
    answers = [client.post("/patients/", {"patient": number}) for number in (4, 999)]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert not find(Search(verb="cohorts.look_at_patient")).exists()


def test_others_are_told_which_role_it_needs(campus: Cast, access: None) -> None:
    for key in campus.people:
        wanted = 200 if key.rstrip("2") in ("physician", "coordinator") else 403
        assert campus.client(key).get("/patients/").status_code == wanted, key


def test_somebody_elses_cohort_cannot_be_chosen(campus: Cast, access: None) -> None:
    cohort = cohort_of(campus)
    answer: Any = campus.client("physician").post("/patients/", {"patient": 3, "cohort": str(cohort.id)})
    assert "found" not in answer.context and answer.context["form"].errors["cohort"]
