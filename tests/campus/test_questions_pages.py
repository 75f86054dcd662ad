"""The pages of questions: for every role, with other people's things, as forms and as a table to take away."""

from __future__ import annotations

import csv
import io
import uuid
from typing import Any

import pytest
from django.urls import reverse

from campus.cast import Cast
from wardbench.campus.questions import services
from wardbench.campus.questions.models import Comment, Question
from wardbench.campus.questions.rules import Side, Status


@pytest.fixture
def question(cast: Cast) -> Question:
    return services.raise_question(
        title="Why do they fall?", text="So.", side=Side.WARD, topics=[], by=cast.actor("physician")
    )


def page(name: str, question: Question, *more: object) -> str:
    return reverse(name, args=[question.id, *more])


def test_lists_are_for_everybody_with_a_role(cast: Cast, question: Question) -> None:
    for key in cast.people:
        for name in ("questions", "ledger", "ledger_csv"):
            answer = cast.client(key).get(reverse(name))
            assert answer.status_code == (403 if key == "nobody" else 200), (key, name)
            shown = "Why do they fall?" in answer.content.decode()
            assert shown is (key not in ("nobody", "partner")), (key, name)


RAISERS = {"physician", "coordinator", "researcher", "student", "lecturer", "biobank_manager", "technology_transfer"}


def test_each_page_of_a_question_for_each_role(cast: Cast, question: Question) -> None:
    said = services.comment(question, "I see it too.", by=cast.actor("researcher"))
    answering = {"physician", "coordinator", "researcher", "lecturer", "biobank_manager", "data_steward"}
    putting = {"physician", "coordinator", "researcher", "lecturer"}
    expected = {
        "question": None,
        "question_edit": {"physician_asker"},
        "question_answer": answering,
        "question_close": {"physician_asker", "data_steward"},
        "question_reopen": set(),
        "question_cohort": putting,
    }
    for key in cast.people:
        client, role = cast.client(key), key.rstrip("2")
        asker = "physician_asker" if key == "physician" else role
        unseen = key in ("partner", "nobody")
        for name, allowed in expected.items():
            may = allowed is None or role in allowed or asker in allowed
            status = 404 if unseen else 200 if may else 403
            assert client.get(page(name, question)).status_code == status, (key, name)
        for name, allowed in (("comment_edit", {"researcher"}), ("comment_hide", {"data_steward"})):
            status = 404 if unseen else 200 if key in allowed else 403
            assert client.get(page(name, question, said.id)).status_code == status, (key, name)
        assert client.get(reverse("question_raise")).status_code == (200 if role in RAISERS else 403), key


def test_what_is_sent_is_refused_as_the_page_is(cast: Cast, question: Question) -> None:
    """Other people's things by a guessed address, and acts that the page does not offer."""
    said = services.comment(question, "I see it too.", by=cast.actor("researcher"))
    posts: list[tuple[str, tuple[Any, ...], dict[str, str]]] = [
        ("question_follow", (), {}),
        ("question_comment", (), {"text": "Hello."}),
        ("question_partners", (), {"open": "yes"}),
        ("question_answer", (), {"text": "Because."}),
        ("question_close", (), {"why": "No."}),
        ("question_edit", (), {"title": "x", "text": "y"}),
        ("comment_hide", (said.id,), {"why": "No."}),
        ("comment_edit", (said.id,), {"text": "No."}),
        ("question_cohort", (), {"version": ""}),
    ]
    for name, more, data in posts:
        assert cast.client("partner").post(page(name, question, *more), data).status_code == 404, name
        if name not in ("question_follow", "question_comment"):
            assert cast.client("student").post(page(name, question, *more), data).status_code == 403, name
    question.refresh_from_db()
    assert (question.status, question.title, question.open_to_partners) == (Status.OPEN, "Why do they fall?", False)
    assert Comment.objects.get().text == "I see it too."


def test_what_does_not_exist_and_what_one_may_not_see_answer_alike(cast: Cast, question: Question) -> None:
    client = cast.client("partner")
    hidden = client.get(page("question", question))
    missing = client.get(reverse("question", args=[uuid.uuid4()]))
    assert hidden.status_code == missing.status_code == 404
    assert "There is no such question." in hidden.content.decode()
    assert "There is no such question." in missing.content.decode()


def test_a_comment_of_another_question_is_not_found(cast: Cast, question: Question) -> None:
    other = services.raise_question(title="Else?", text="So.", side=Side.WARD, topics=[], by=cast.actor("physician"))
    said = services.comment(other, "There.", by=cast.actor("physician"))
    assert cast.client("physician").get(page("comment_edit", question, said.id)).status_code == 404


def test_a_question_from_raising_to_closing_in_forms(cast: Cast) -> None:
    physician, researcher = cast.client("physician"), cast.client("researcher")
    made = physician.post(reverse("question_raise"), {"side": "ward", "title": "Why?", "text": "One\n\nTwo"})
    address = made.headers["location"]
    question = Question.objects.get()
    assert address == page("question", question)
    researcher.post(page("question_comment", question), {"text": "A thought."})
    researcher.post(page("question_follow", question))
    assert "Follow no longer" in researcher.get(address).content.decode()
    researcher.post(page("question_follow", question), {"follow": "no"})
    assert "Follow no longer" not in researcher.get(address).content.decode()
    physician.post(page("question_edit", question), {"title": "Why indeed?", "text": "One"})
    researcher.post(page("question_answer", question), {"text": "Because.", "references": "A paper\nA study"})
    shown = physician.get(address).content.decode()
    for said in ("Why indeed?", "A thought.", "Because.", "<li>A paper</li><li>A study</li>", "Answered"):
        assert said in shown
    physician.post(page("question_close", question))
    physician.post(page("question_reopen", question), {"why": "Not in children."})
    question.refresh_from_db()
    assert question.status == Status.REOPENED
    assert "Not in children." in physician.get(address).content.decode()


def test_words_are_text_and_never_markup(cast: Cast) -> None:
    bad = "<img src=x onerror=alert(1)> {{ 7 }} [a](javascript:alert(1)) http://x.example/"
    question = services.raise_question(
        title=bad, text=bad, side=Side.WARD, topics=[services.Topic(bad)], by=cast.actor("physician")
    )
    services.comment(question, bad, by=cast.actor("physician"))
    services.answer(question, bad, references=bad, by=cast.actor("physician"))
    for address in (page("question", question), reverse("questions"), reverse("ledger"), "/"):
        shown = cast.client("physician").get(address).content.decode()
        assert "<img src=x" not in shown and "javascript:alert" not in shown.replace("(javascript:alert(1))", "")
        assert '"http://x.example' not in shown


def test_what_could_name_a_patient_is_refused_beside_its_field_and_kept_in_the_form(cast: Cast) -> None:
    form = {"side": "ward", "title": "Why?", "text": "A man born on 3/3/1950 fell."}
    shown = cast.client("physician").post(reverse("question_raise"), form)
    assert shown.status_code == 200 and not Question.objects.exists()
    assert "looks like a date of birth" in shown.content.decode()
    assert "A man born on" in shown.content.decode()


def test_the_table_to_take_away_is_the_ledger(cast: Cast, question: Question) -> None:
    danger = services.raise_question(
        title="=cmd|'/c calc'!A1", text="So.", side=Side.BENCH, topics=[], by=cast.actor("researcher")
    )
    Question.objects.filter(id=question.id).update(figure="1,200", touched=1200)
    answer = cast.client("student").get(reverse("ledger_csv"))
    assert (
        answer.headers["content-type"].startswith("text/csv") and "attachment" in answer.headers["content-disposition"]
    )
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert rows[0][:3] == ["rank", "question", "side"]
    assert [row[1] for row in rows[1:]] == ["Why do they fall?", "'=cmd|'/c calc'!A1"]
    assert rows[1][5] == "1,200" and rows[2][5] == ""
    assert rows[1][-1].endswith(f"/questions/{question.id}/")
    only = cast.client("student").get(reverse("ledger_csv"), {"side": "bench"}).content.decode()
    assert "calc" in only and "Why do they fall?" not in only
    assert danger.status == Status.OPEN


def test_the_ledger_goes_on_counting_on_its_second_page(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    from wardbench.campus.questions import ledger_views

    monkeypatch.setattr(ledger_views, "ON_A_PAGE", 2)
    for number in range(3):
        services.raise_question(
            title=f"Question {number}?", text="So.", side=Side.WARD, topics=[], by=cast.actor("physician")
        )
    shown = cast.client("student").get(reverse("ledger"), {"page": 2}).content.decode()
    assert '<td class="app-number">3</td>' in shown and "Question 2?" in shown and "Question 1?" not in shown


@pytest.mark.parametrize("query", ["page=x", "page=-1", "unit=x", "side=x", "status=x", "order=x"])
def test_odd_filters_are_answered(cast: Cast, question: Question, query: str) -> None:
    for name in ("questions", "ledger", "ledger_csv"):
        assert cast.client("student").get(f"{reverse(name)}?{query}").status_code == 200
