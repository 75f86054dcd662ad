"""Who hears what becomes of a question, and the cohort behind it."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

import pytest
from django.urls import reverse

from campus.cast import Cast
from wardbench.campus.cohorts.models import Cohort, Share, Version
from wardbench.campus.counting.feasibility import Estimate
from wardbench.campus.notices import queries as notices
from wardbench.campus.people.rules import SYSTEM, Actor, ForbiddenError
from wardbench.campus.questions import action_views, explained, queries, services
from wardbench.campus.questions.models import Question
from wardbench.campus.questions.rules import Side
from wardbench.core.disclosure import Figure
from wardbench.core.errors import NotFoundError, UnsupportedError

STUDY = uuid.UUID("11111111-1111-1111-1111-111111111111")


@pytest.fixture
def question(cast: Cast) -> Question:
    made = services.raise_question(
        title="Why do they fall?", text="So.", side=Side.WARD, topics=[], by=cast.actor("physician")
    )
    services.follow(made, by=cast.actor("student"))
    return made


def told(cast: Cast, key: str) -> list[str]:
    return [one.line for one in reversed(notices.inbox(cast.actor(key)))]


def test_followers_hear_of_everything_but_their_own_acts(cast: Cast, question: Question) -> None:
    researcher, physician = cast.actor("researcher"), cast.actor("physician")
    services.comment(question, "We may know.", by=researcher)
    services.take_up(question, STUDY, by=researcher)
    services.give_back(question, STUDY, why="No money.", by=SYSTEM)
    services.answer(question, "Because.", by=researcher)
    services.close(question, by=physician)
    services.reopen(question, "Not so.", by=physician)
    assert told(cast, "student") == [
        "Researcher commented on “Why do they fall?”.",
        "A study has taken up “Why do they fall?”.",
        "No study works on “Why do they fall?” any more.",
        "Researcher answered “Why do they fall?”.",
        "“Why do they fall?” is closed.",
        "“Why do they fall?” is open again.",
    ]
    assert len(told(cast, "physician")) == 4, "whoever closed and reopened knows"
    assert told(cast, "researcher") == [] == told(cast, "lecturer"), "who does not follow hears nothing"
    services.unfollow(question, by=cast.actor("student"))
    services.comment(question, "And now?", by=researcher)
    assert len(told(cast, "student")) == 6


def test_a_partner_hears_of_an_open_question_and_never_of_its_discussion(cast: Cast, question: Question) -> None:
    transfer, partner = cast.actor("technology_transfer"), cast.actor("partner")
    services.open_to_partners(question, by=transfer)
    question.refresh_from_db()
    services.follow(question, by=partner)
    services.comment(question, "Between ourselves.", by=cast.actor("researcher"))
    services.answer(question, "Because.", by=cast.actor("researcher"))
    assert told(cast, "partner") == ["Researcher answered “Why do they fall?”."]
    services.open_to_partners(question, opened=False, by=transfer)
    question.refresh_from_db()
    services.close(question, by=cast.actor("physician"))
    assert len(told(cast, "partner")) == 1


def a_version(cast: Cast, owner: str = "researcher", mode: str = "feasibility", **figure: object) -> Version:
    cohort = Cohort.objects.create(owner=cast.people[owner], name="Secret name")
    fields = {"figure": "120", "value": 120.0, **figure}
    return Version.objects.create(
        cohort=cohort, number=1, hash="a" * 64, definition="{}", author=cast.people[owner], mode=mode, **fields
    )


def test_the_figure_that_was_disclosed_comes_with_the_cohort(cast: Cast, question: Question) -> None:
    version = a_version(cast)
    services.put_cohort(question, version.id, by=cast.actor("researcher"))
    question.refresh_from_db()
    assert (question.figure, question.touched, question.cohort_hash) == ("120", 120, "a" * 64)
    few = a_version(cast, figure="fewer than 10", value=None)
    services.put_cohort(question, few.id, by=cast.actor("researcher"))
    question.refresh_from_db()
    assert (question.figure, question.touched) == ("fewer than 10", None)
    services.put_cohort(question, None, by=cast.actor("physician"))
    question.refresh_from_db()
    assert (question.figure, question.touched, question.cohort, question.cohort_hash) == ("", None, None, "")


@pytest.mark.parametrize("mode", ["stewardship", "study", "exact", "", "anything new"])
def test_an_exact_figure_stays_with_whoever_counted(cast: Cast, question: Question, mode: str) -> None:
    version = a_version(cast, mode=mode, figure="6173451", value=6173451.0)
    services.put_cohort(question, version.id, by=cast.actor("researcher"))
    question.refresh_from_db()
    assert question.cohort_version == version.id
    assert (question.figure, question.touched, question.figure_mode) == ("", None, "")
    assert "6173451" not in cast.client("physician").get(reverse("question", args=[question.id])).content.decode()


def test_a_figure_of_the_twin_is_said_to_be_one_and_ranks_nothing(cast: Cast, question: Question) -> None:
    services.put_cohort(question, a_version(cast, mode="sandbox").id, by=cast.actor("researcher"))
    question.refresh_from_db()
    assert (question.figure, question.touched) == ("120", None)
    assert "made-up patients" in cast.client("student").get(reverse("question", args=[question.id])).content.decode()


def test_who_may_not_see_the_cohort_sees_the_number_alone(cast: Cast, question: Question) -> None:
    version = a_version(cast)
    with pytest.raises(NotFoundError):
        services.put_cohort(question, version.id, by=cast.actor("physician"))
    services.put_cohort(question, version.id, by=cast.actor("researcher"))
    page = reverse("question", args=[question.id])
    assert "Secret name" in cast.client("researcher").get(page).content.decode()
    others = cast.client("physician").get(page).content.decode()
    assert "Secret name" not in others and "120" in others
    Share.objects.create(cohort=version.cohort, person=cast.people["physician"])
    assert "Secret name" in cast.client("physician").get(page).content.decode()


def test_who_may_put_a_cohort_behind_a_question(cast: Cast, question: Question) -> None:
    may = {"physician", "coordinator", "researcher", "lecturer"}
    for key in cast.people:
        version = a_version(cast, key)
        if key.rstrip("2") in may:
            services.put_cohort(question, version.id, by=cast.actor(key))
        else:
            with pytest.raises(ForbiddenError):
                services.put_cohort(question, version.id, by=cast.actor(key))
    services.answer(question, "Because.", by=cast.actor("researcher"))
    with pytest.raises(ForbiddenError):
        services.put_cohort(question, None, by=cast.actor("physician"))


def test_the_page_offers_the_cohorts_that_one_may_see(cast: Cast, question: Question) -> None:
    version = a_version(cast)
    address = reverse("question_cohort", args=[question.id])
    assert str(version.id) not in cast.client("physician").get(address).content.decode()
    client = cast.client("researcher")
    assert str(version.id) in client.get(address).content.decode()
    assert client.post(address, {"version": str(uuid.uuid4())}).status_code == 200, "none of those that were offered"
    assert client.post(address, {"version": str(version.id)}).status_code == 302
    assert [q.touched for q in queries.ledger(cast.actor("student"), queries.Filter())] == [120]


def test_it_can_be_asked_why_somebody_sees_a_question(cast: Cast, question: Question) -> None:
    assert [one.id for one in explained.find(cast.actor("student"), "fall")] == [str(question.id)]
    assert explained.find(cast.actor("partner"), "fall") == []
    assert [bool(one.verdict) for one in explained.answers(cast.actor("student"), str(question.id))][:2] == [True, True]
    assert not any(one.verdict for one in explained.answers(cast.actor("partner"), str(question.id)))
    assert explained.answers(cast.actor("student"), "none") == []


def test_a_feasibility_count_on_request_comes_with_the_cohort(
    cast: Cast, question: Question, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Sequence[str]] = []

    def estimate(definition: object, *, by: Actor, projects: Sequence[str]) -> Estimate:
        asked.append(projects)
        if len(asked) > 1:
            raise UnsupportedError("PrimaryCriteria: a feasibility count may not ask this.")
        return Estimate(Figure(85.0, "85"), (), "", "snapshot-1", 19)

    monkeypatch.setattr(action_views.feasibility, "estimate", estimate)
    monkeypatch.setattr(action_views.cohorts, "definition_of", lambda version: None)
    version = a_version(cast, mode="sandbox", figure="7", value=7.0)
    address, client = reverse("question_cohort", args=[question.id]), cast.client("researcher")
    assert client.post(address, {"version": str(version.id), "count": "on"}).status_code == 302
    question.refresh_from_db()
    assert (question.figure, question.touched, question.figure_mode) == ("85", 85, "feasibility")
    assert asked == [[f"cohort:{version.cohort_id}", f"question:{question.id}"]]
    refused = client.post(address, {"version": str(version.id), "count": "on"})
    assert refused.status_code == 200 and "may not ask this" in refused.content.decode()
    assert client.post(address, {"version": str(version.id)}).status_code == 302 and len(asked) == 2
    question.refresh_from_db()
    assert (question.figure, question.touched) == ("7", None)
