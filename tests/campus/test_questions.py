"""Questions: the verbs and their rules, on the database."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connections
from django.utils import timezone

from campus.cast import Cast
from wardbench.campus.audit.models import Event
from wardbench.campus.people.roles import Role
from wardbench.campus.people.rules import SYSTEM, ForbiddenError
from wardbench.campus.questions import queries, rules, services
from wardbench.campus.questions.models import Comment, Follower, Question, TakenUp
from wardbench.campus.questions.rules import ASKER, MOVES, WHO, Action, Side, Status
from wardbench.campus.questions.services import Topic
from wardbench.core.errors import BusyError, InputError, NotFoundError

STUDY = uuid.UUID("11111111-1111-1111-1111-111111111111")
OTHER_STUDY = uuid.UUID("22222222-2222-2222-2222-222222222222")


def raised(cast: Cast, key: str = "physician", title: str = "Why do their kidneys fail?") -> Question:
    side = Side.WARD if key == "physician" else Side.BENCH
    return services.raise_question(
        title=title, text="Despite treatment.", side=side, topics=[Topic("Nephropathy")], by=cast.actor(key)
    )


def at(question: Question, status: Status) -> Question:
    """The question as if it had come to `status`."""
    Question.objects.filter(id=question.id).update(status=status)
    if status is Status.TAKEN_UP:
        TakenUp.objects.create(question=question, study=STUDY, by=question.raised_by)
    question.refresh_from_db()
    return question


def act(action: Action, question: Question, cast: Cast, key: str) -> None:
    by = cast.actor(key)
    match action:
        case Action.TAKE_UP:
            services.take_up(question, OTHER_STUDY, by=by)
        case Action.GIVE_BACK:
            services.give_back(question, STUDY, why="We stopped.", by=by)
        case Action.ANSWER:
            services.answer(question, "Because.", references="A paper", by=by)
        case Action.CLOSE:
            services.close(question, why="Not needed.", by=by)
        case Action.REOPEN:
            services.reopen(question, "Not so.", by=by)


def test_every_action_in_every_status_by_every_role(cast: Cast) -> None:
    """Status x action x role: what the tables say happens, and nothing else."""
    keys = [*map(str, Role), "asker", "nobody"]
    done = 0
    for status in Status:
        for action in Action:
            for key in keys:
                # The asker holds a role that by itself may neither close nor reopen.
                question = at(raised(cast, "biobank_manager"), status)
                somebody = "biobank_manager" if key == "asker" else key
                holds = {ASKER, Role.BIOBANK_MANAGER} if somebody == "biobank_manager" else {somebody}
                may = (status, action) in MOVES and not WHO[action].isdisjoint(holds)
                before = Event.objects.count()
                if may:
                    act(action, question, cast, somebody)
                    expected = MOVES[status, action]
                    assert Event.objects.count() == before + 1
                else:
                    with pytest.raises(ForbiddenError):
                        act(action, question, cast, somebody)
                    expected = status
                    assert Event.objects.count() == before
                question.refresh_from_db()
                assert question.status == expected, (status, action, key)
                done += may
    assert done > 30


def test_every_verb_is_on_the_record(cast: Cast) -> None:
    question = raised(cast)
    said = services.comment(question, "I see this too.", by=cast.actor("researcher"))
    services.edit_comment(said, "I see this, too.", by=cast.actor("researcher"))
    services.hide_comment(said, "Names a colleague.", by=cast.actor("data_steward"))
    services.follow(question, by=cast.actor("student"))
    services.unfollow(question, by=cast.actor("student"))
    services.edit_question(question, title="Why?", text="Because.", topics=[], by=cast.actor("physician"))
    services.open_to_partners(question, by=cast.actor("technology_transfer"))
    events = Event.objects.filter(kind="question", object=str(question.id)).values_list("verb", flat=True)
    assert list(events) == [
        "question.raise",
        "question.comment",
        "question.edit_comment",
        "question.hide_comment",
        "question.follow",
        "question.unfollow",
        "question.edit",
        "question.open_to_partners",
    ]
    assert "I see" not in str([event.detail for event in Event.objects.all()]), "words are not copied to the record"


RAISE = {
    Side.WARD: {"physician", "coordinator"},
    Side.BENCH: {"physician", "researcher", "lecturer", "student", "biobank_manager", "technology_transfer"},
}


@pytest.mark.parametrize("side", Side)
def test_who_may_raise_a_question(cast: Cast, side: Side) -> None:
    for key in cast.people:
        role = key.rstrip("2")
        if role in RAISE[side]:
            services.raise_question(title="Why?", text="So.", side=side, topics=[], by=cast.actor(key))
        else:
            with pytest.raises(ForbiddenError) as refused:
                services.raise_question(title="Why?", text="So.", side=side, topics=[], by=cast.actor(key))
            assert str(refused.value).endswith((".", "?"))


def test_a_partner_sees_what_was_opened_to_partners_and_not_its_discussion(cast: Cast) -> None:
    hidden, shown = raised(cast), raised(cast, title="Is there a marker?")
    services.open_to_partners(shown, by=cast.actor("technology_transfer"))
    shown.refresh_from_db()
    partner = cast.actor("partner")
    assert list(queries.find(partner, queries.Filter())) == [shown]
    assert list(queries.ledger(partner, queries.Filter())) == [shown]
    with pytest.raises(NotFoundError):
        queries.question(partner, hidden.id)
    services.comment(shown, "Between ourselves.", by=cast.actor("physician"))
    assert queries.page(partner, shown).comments == []
    assert len(queries.page(cast.actor("student"), shown).comments) == 1
    services.follow(shown, by=partner)
    for refused in (
        lambda: services.comment(shown, "We have one.", by=partner),
        lambda: services.follow(hidden, by=partner),
        lambda: services.answer(shown, "Ours.", by=partner),
    ):
        with pytest.raises(ForbiddenError):
            refused()


def test_whoever_has_no_role_sees_no_question(cast: Cast) -> None:
    question = raised(cast)
    nobody = cast.actor("nobody")
    assert not queries.find(nobody, queries.Filter()).exists()
    with pytest.raises(NotFoundError):
        queries.question(nobody, question.id)


def test_only_the_technology_transfer_office_opens_to_partners(cast: Cast) -> None:
    question = raised(cast)
    for key in cast.people:
        if key != "technology_transfer":
            with pytest.raises(ForbiddenError):
                services.open_to_partners(question, by=cast.actor(key))
    services.open_to_partners(question, by=cast.actor("technology_transfer"))
    with pytest.raises(BusyError):
        services.open_to_partners(question, by=cast.actor("technology_transfer"))
    services.open_to_partners(question, opened=False, by=cast.actor("technology_transfer"))
    question.refresh_from_db()
    assert not question.open_to_partners


def test_a_comment_can_be_changed_for_a_quarter_of_an_hour_by_its_author(cast: Cast) -> None:
    question = raised(cast)
    said = services.comment(question, "First.", by=cast.actor("researcher"))
    with pytest.raises(ForbiddenError):
        services.edit_comment(said, "Other.", by=cast.actor("physician"))
    for minutes, may in ((14, True), (16, False)):
        Comment.objects.filter(id=said.id).update(said_at=timezone.now() - timedelta(minutes=minutes))
        said.refresh_from_db()
        if may:
            services.edit_comment(said, f"After {minutes}.", by=cast.actor("researcher"))
        else:
            with pytest.raises(ForbiddenError):
                services.edit_comment(said, f"After {minutes}.", by=cast.actor("researcher"))
    said.refresh_from_db()
    assert said.text == "After 14." and said.edited_at is not None


def test_a_comment_is_hidden_with_a_reason_and_kept(cast: Cast) -> None:
    question = raised(cast)
    said = services.comment(question, "Something unkind.", by=cast.actor("researcher"))
    with pytest.raises(ForbiddenError):
        services.hide_comment(said, "Mine.", by=cast.actor("researcher"))
    with pytest.raises(InputError, match="reason"):
        services.hide_comment(said, "  ", by=cast.actor("data_steward"))
    services.hide_comment(said, "Unkind.", by=cast.actor("data_steward"))
    with pytest.raises(BusyError):
        services.hide_comment(said, "Again.", by=cast.actor("data_steward"))
    said.refresh_from_db()
    assert (said.text, said.hidden_why) == ("Something unkind.", "Unkind.")
    with pytest.raises(ForbiddenError):
        services.edit_comment(said, "Kind.", by=cast.actor("researcher"))
    for key, sees in (("researcher", False), ("data_steward", True)):
        page = cast.client(key).get(f"/questions/{question.id}/").content.decode()
        assert "Unkind." in page and ("Something unkind." in page) is sees


def test_two_studies_may_work_on_a_question_and_the_last_to_give_it_back_opens_it(cast: Cast) -> None:
    question = raised(cast)
    researcher = cast.actor("researcher")
    services.take_up(question, STUDY, by=researcher)
    with pytest.raises(BusyError):
        services.take_up(question, STUDY, by=researcher)
    services.take_up(question, OTHER_STUDY, by=researcher)
    services.give_back(question, STUDY, why="No money.", by=researcher)
    question.refresh_from_db()
    assert question.status == Status.TAKEN_UP
    with pytest.raises(BusyError):
        services.give_back(question, STUDY, why="No money.", by=researcher)
    services.give_back(question, OTHER_STUDY, why="The study ended.", by=SYSTEM)
    question.refresh_from_db()
    assert question.status == Status.REOPENED
    assert list(queries.of_study(researcher, OTHER_STUDY)) == []
    services.take_up(question, STUDY, by=researcher)
    assert list(queries.of_study(researcher, STUDY)) == [question]


def test_closing_without_an_answer_needs_a_reason(cast: Cast) -> None:
    question, asker = raised(cast), cast.actor("physician")
    with pytest.raises(InputError, match="reason"):
        services.close(question, by=asker)
    services.answer(question, "Because.", by=cast.actor("researcher"))
    services.close(question, by=asker)
    question.refresh_from_db()
    assert question.status == Status.CLOSED


@pytest.mark.parametrize("field", ["title", "text", "topics"])
def test_no_patient_is_named(cast: Cast, field: str) -> None:
    words = {"title": "Why?", "text": "So.", "topics": "kidney", field: "the man of 85.07.30-033.28"}
    with pytest.raises(InputError, match=f"^{field}: .*register number") as refused:
        services.raise_question(
            title=words["title"],
            text=words["text"],
            side=Side.WARD,
            topics=[Topic(words["topics"])],
            by=cast.actor("physician"),
        )
    assert "033" not in str(refused.value)
    assert not Question.objects.exists()


def test_every_text_is_looked_through(cast: Cast) -> None:
    question, named = raised(cast), "born on 3 March 1950"
    said = services.comment(question, "I see this too.", by=cast.actor("physician"))
    steward, physician = cast.actor("data_steward"), cast.actor("physician")
    attempts: list[Callable[[], object]] = [
        lambda: services.comment(question, named, by=physician),
        lambda: services.edit_comment(said, named, by=physician),
        lambda: services.hide_comment(said, named, by=steward),
        lambda: services.answer(question, named, by=physician),
        lambda: services.answer(question, "Because.", references=named, by=physician),
        lambda: services.close(question, why=named, by=physician),
        lambda: services.edit_question(question, title=named, text="So.", topics=[], by=physician),
    ]
    for attempt in attempts:
        with pytest.raises(InputError, match="date of birth"):
            attempt()
    services.close(question, why="Not needed.", by=physician)
    with pytest.raises(InputError, match="date of birth"):
        services.reopen(question, named, by=physician)


def test_the_ledger_ranks_by_disclosed_figures_then_age_then_followers(cast: Cast) -> None:
    made = {title: raised(cast, title=title) for title in ("many", "few", "some", "uncounted", "older", "followed")}
    for title, touched in (("many", 1200), ("some", 45), ("older", 45), ("followed", 45)):
        Question.objects.filter(id=made[title].id).update(touched=touched, figure=f"{touched:,}")
    Question.objects.filter(id=made["few"].id).update(figure="fewer than 10")
    now = timezone.now()
    for title, days in (("older", 30), ("some", 3), ("followed", 3), ("few", 9), ("uncounted", 2)):
        Question.objects.filter(id=made[title].id).update(raised_at=now - timedelta(days=days))
    Follower.objects.create(question=made["followed"], person=cast.people["student"])
    answered = raised(cast, title="answered")
    services.answer(answered, "So.", by=cast.actor("physician"))

    def ranked(order: str) -> list[str]:
        return [one.title for one in queries.ledger(cast.actor("student"), queries.Filter(), order)]

    assert ranked("patients") == ["many", "older", "followed", "some", "few", "uncounted"]
    assert ranked("age") == ["older", "few", "followed", "some", "uncounted", "many"]
    assert ranked("followers")[0] == "followed"


def test_questions_are_found_by_words_side_status_topic_department_and_whose(cast: Cast) -> None:
    ward, bench = raised(cast), raised(cast, "researcher", "Which protein leaks?")
    services.take_up(bench, STUDY, by=cast.actor("researcher"))
    services.follow(ward, by=cast.actor("student"))
    student = cast.actor("student")

    def found(**asked: str) -> list[Question]:
        return list(queries.find(student, queries.Filter(**asked)))

    assert found(text="protein LEAKS") == [bench]
    assert found(text="nephropathy kidneys") == [ward]
    assert found(side="ward") == [ward]
    assert found(status="taken_up") == [bench]
    assert set(found(status="unanswered")) == {ward, bench}
    assert set(found(tag="nephropathy")) == {ward, bench}
    assert found(unit=str(cast.endocrinology.id)) == [ward]
    assert set(found(unit="not an id")) == {ward, bench}
    assert found(whose="followed") == [ward]
    assert [q.follower_count for q in found(whose="followed")] == [2]  # type: ignore[attr-defined]
    assert found(whose="mine") == []


@pytest.mark.django_db(transaction=True)
def test_of_two_who_answer_and_close_at_once_one_wins(cast: Cast) -> None:
    question = raised(cast)
    asker, steward = cast.actor("physician"), cast.actor("data_steward")
    together, outcomes = threading.Barrier(2), []

    def attempt(what: Callable[[Question], object]) -> None:
        mine = Question.objects.get(id=question.id)
        together.wait()
        try:
            what(mine)
            outcomes.append("done")
        except BusyError:
            outcomes.append("busy")
        finally:
            connections.close_all()

    works = (
        lambda mine: services.close(mine, why="Not needed.", by=asker),
        lambda mine: services.answer(mine, "Because.", by=steward),
    )
    threads = [threading.Thread(target=attempt, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["busy", "done"]
    question.refresh_from_db()
    assert question.turns.count() == 1 and question.turns.get().after == question.status


def test_a_button_says_what_the_service_does(cast: Cast) -> None:
    """What `actions_for` offers is what MOVES and WHO allow, for each status."""
    for status in Status:
        question = at(raised(cast), status)
        for key in cast.people:
            for action, verdict in rules.actions_for(cast.actor(key), question.facts):
                assert bool(verdict) == bool(rules.may_move(cast.actor(key), action, question.facts))
                assert (status, action) in MOVES
