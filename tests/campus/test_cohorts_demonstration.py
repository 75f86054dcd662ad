"""The demonstration's cohorts: made by the services on the synthetic campus, with somebody in each."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from wardbench.campus.access.queries import patients_of
from wardbench.campus.cohorts import finding, queries
from wardbench.campus.configuration import Configuration
from wardbench.campus.counting import sessions
from wardbench.campus.demonstration.cohorts import TREATED, make_cohorts, put_behind_questions
from wardbench.campus.demonstration.people import make_people
from wardbench.campus.demonstration.questions import make_questions
from wardbench.campus.people.queries import actor_of
from wardbench.synthetic import write_store


@pytest.mark.django_db
def test_the_cohorts_of_the_demonstration(tmp_path: Path, settings: Any) -> None:
    write_store(tmp_path / "twin", 1500, 1)
    settings.CAMPUS = Configuration(store=str(tmp_path / "twin"), twin=str(tmp_path / "twin"))
    settings.CAMPUS_FOLDER = None
    sessions._sessions.clear()
    finding._kept.clear()
    people = make_people()
    made, questions = make_cohorts(people), make_questions(people)
    put_behind_questions(made, questions, people)
    assert set(made) == {"kidneys", "creatinine", "metformin", "colon"}
    student = actor_of(people["student"])
    for cohort in made.values():
        assert queries.seen(cohort.id, student).standing == "reader"
        assert (latest := queries.latest(cohort)) and (latest.value or 0) > 0 and latest.mode == "sandbox"
    assert [version.number for version in queries.versions(made["kidneys"])] == [2, 1]
    assert queries.seen(made["kidneys"].id, actor_of(people["physician"])).standing == "editor"
    assert len(patients_of(actor_of(people["physician"]))) == TREATED
    question = questions["kidneys"]
    question.refresh_from_db()
    assert question.cohort == made["kidneys"].id and question.figure
    sessions._sessions.clear()
    finding._kept.clear()
