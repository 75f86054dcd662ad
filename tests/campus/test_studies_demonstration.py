"""The demonstration's studies: made by the services, each somewhere else on the path."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from wardbench.campus.demonstration.people import make_people
from wardbench.campus.demonstration.questions import make_questions
from wardbench.campus.demonstration.studies import make_studies
from wardbench.campus.people.queries import actor_of
from wardbench.campus.studies import documents, queries, standings
from wardbench.campus.studies.models import Document, Permit, Study
from wardbench.campus.studies.standing import Status


@pytest.mark.django_db
def test_the_studies_of_the_demonstration(tmp_path: Path, settings: Any) -> None:
    people = make_people()
    made = make_studies(people, make_questions(people))
    now = {key: standings.stands(Study.objects.get(id=study.id)).status for key, study in made.items()}
    assert now == {
        "proteins": Status.APPROVED,
        "abroad": Status.APPROVED,
        "scarce": Status.REFUSED,
        "kidneys": Status.SUBMITTED,
        "trial": Status.SUBMITTED,
        "thesis": Status.DRAFT,
    }
    assert {one.study for one in Permit.objects.all()} == {made["proteins"], made["abroad"]}
    waits = {key: [one.study for one, _turn in queries.waiting(actor_of(people[key]))] for key in people}
    assert waits["board2"] == [made["kidneys"]] and waits["board1"] == []
    assert waits["diabetologist"] == [made["kidneys"]] and waits["trialcentre"] == [made["trial"]]
    assert waits["student"] == [made["thesis"]]
    assert all(documents.is_whole(settings.DOCUMENTS, one.digest) for one in Document.objects.all())
