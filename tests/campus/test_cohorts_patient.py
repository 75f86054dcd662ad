"""A patient's timeline: for those who treat them, each view on the record."""

from __future__ import annotations

from typing import Any

import pytest

from campus import test_builder
from campus.cast import Cast
from wardbench.campus.access.services import give_relation
from wardbench.campus.audit.queries import Search, find
from wardbench.campus.people.rules import SYSTEM

campus, twin, cohort_of = test_builder.campus, test_builder.twin, test_builder.cohort_of


@pytest.fixture
def access(campus: Cast) -> None:
    """Endocrinology treats patient 3 and nobody else."""
    give_relation(3, campus.endocrinology, by=SYSTEM)


def test_the_care_team_sees_the_patient_and_what_counts(campus: Cast, access: None) -> None:
    cohort = cohort_of(campus, by="physician")
    client = campus.client("physician")
    page = client.get("/patients/").content.decode()
    assert "Every view is on the record" in page and 'value="3"' in page
    page = client.post("/patients/", {"patient": 3, "cohort": str(cohort.id)}).content.decode()
    assert "Diabetic nephropathy" in page and "In the cohort “Nephropathy”" in page and "Why you can see this:" in page
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
    pages = [answer.content.decode() for answer in answers]
    assert all("no such patient in your care" in page and "in an emergency" in page for page in pages)
    assert not find(Search(verb="cohorts.look_at_patient")).exists()
    asked = find(Search(verb="cohorts.refuse_patient"))
    assert {(one.patient, one.actor) for one in asked} == {
        (str(n), str(campus.people["physician"].id)) for n in (4, 999)
    }


def test_others_are_told_which_role_it_needs(campus: Cast, access: None) -> None:
    for key in campus.people:
        wanted = 200 if key.rstrip("2") in ("physician", "coordinator") else 403
        assert campus.client(key).get("/patients/").status_code == wanted, key


def test_somebody_elses_cohort_cannot_be_chosen(campus: Cast, access: None) -> None:
    cohort = cohort_of(campus)
    answer: Any = campus.client("physician").post("/patients/", {"patient": 3, "cohort": str(cohort.id)})
    assert "found" not in answer.context and answer.context["form"].errors["cohort"]
