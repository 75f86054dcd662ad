"""Where studies stand is kept in the process: it follows every change, and nothing that was undone is ever seen."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from campus.cast import Cast, make_cast
from campus.test_studies import ORDER, decide, registered, submitted
from wardbench.campus.studies import deciding, ending, presenting, queries, standings
from wardbench.campus.studies.models import Study

pytestmark = pytest.mark.django_db(transaction=True)


def kept(cast: Cast, key: str = "trial_centre") -> dict[str, Any]:
    return {one.study.reference: (one.status, one.steps, one.turns) for one in queries.visible(cast.actor(key))}


def afresh() -> dict[str, Any]:
    """The same without anything that was kept; nothing is kept inside a transaction."""
    with transaction.atomic():
        worked = [standings.stands(study) for study in Study.objects.exclude(submitted=None)]
    return {one.study.reference: (one.status, one.steps, one.turns) for one in worked}


def test_what_is_kept_follows_every_change() -> None:
    cast = make_cast()
    study, other = submitted(cast), submitted(cast)
    assert kept(cast) == afresh()
    for step, key in ORDER:
        decide(cast, study, step, key)
        assert kept(cast) == afresh()
        assert [one.study for one, turn in queries.waiting(cast.actor(key)) if turn.step == step] in ([], [other])
    deciding.ask(other.id, "validation", "Which patients?", by=cast.actor("trial_centre"))
    assert kept(cast) == afresh()
    ending.withdraw(other.id, "No time", by=cast.actor("researcher"))
    assert kept(cast) == afresh()


def test_page_and_inbox_name_the_same_turns_to_everybody() -> None:
    cast = make_cast()
    study = submitted(cast)
    today = timezone.localdate()
    for step, key in [*ORDER, (None, None)]:
        here = standings.stands(Study.objects.get(id=study.id))
        for person in cast.people:
            by = cast.actor(person)
            inbox = {turn.step for one, turn in queries.waiting(by) if one.study == study}
            page = {one.step for one in presenting.whose_turn(here, today, by) if one.mine}
            assert inbox == page, (step, person)
        if step is not None and key is not None:
            assert step in {turn.step for _one, turn in queries.waiting(cast.actor(key))}
            decide(cast, study, step, key)
            assert step not in {turn.step for _one, turn in queries.waiting(cast.actor(key))}


def test_what_was_undone_is_not_kept() -> None:
    cast = make_cast()
    study = submitted(cast)
    before = kept(cast)
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        decide(cast, study, *ORDER[0])
        assert kept(cast) != before, "within the transaction it has moved"
        raise ZeroDivisionError
    deciding.ask(study.id, "validation", "Which patients?", by=cast.actor("trial_centre"))
    assert kept(cast) == afresh() != before, "another change got the number that the undone one had"


def test_many_studies_ask_no_more_of_the_database_than_few(django_assert_max_num_queries: Any) -> None:
    cast = make_cast()
    for _ in range(3):
        registered(cast)
    by = cast.actor("researcher")
    assert len(queries.visible(by)) == 3
    with django_assert_max_num_queries(2):
        assert [len(each) for each in queries.at_hand(by, 2)] == [3, 2]
    with django_assert_max_num_queries(2):
        assert len(queries.waiting(by)) == 3


def test_only_what_is_shown_is_read() -> None:
    from django.db import connection

    cast = make_cast()
    for _ in range(5):
        registered(cast)
    found = queries.visible(cast.actor("researcher"))
    with CaptureQueriesContext(connection) as asked:
        assert [one.study.reference for one in found[1:3]] == [one.study.reference for one in found][1:3]
    assert len(asked) == 2 and len(found) == 5
