"""Why can somebody see something? Asked by everybody about themselves, by a few about anybody, and on the record."""

from __future__ import annotations

import html
import re
import uuid
from collections.abc import Iterator

import pytest

from campus.cast import Cast
from wardbench.campus.audit.models import Event
from wardbench.campus.people import explain
from wardbench.campus.people.explain import Answer, Choice
from wardbench.campus.people.rules import Actor, may_manage_people, no, yes
from wardbench.campus.questions import services as questions
from wardbench.campus.questions.rules import Side
from wardbench.campus.studies import services as studies

SECRET, OPEN = "a secret thing", "an open thing"


@pytest.fixture
def things() -> Iterator[None]:
    """An application's kind of things, of which one is seen by administrators of people alone."""

    def find(asking: Actor, text: str) -> list[Choice]:
        return [Choice(name, name) for name in (SECRET, OPEN) if text in name]

    def answers(actor: Actor, thing: str) -> list[Answer]:
        seen = may_manage_people(actor) if thing == SECRET else yes("It is open.")
        return [Answer("See it", seen), Answer("Change it", no("Nobody can."))]

    explain.explain("thing", "Thing", find=find, answers=answers)
    yield
    del explain._kinds["thing"]


def ask(cast: Cast, key: str, query: str, status: int = 200) -> str:
    answer = cast.client(key).get(f"/people/why/?{query}")
    assert answer.status_code == status, (key, query)
    return answer.content.decode()


def test_everybody_reads_their_own_rights(cast: Cast) -> None:
    for key in cast.people:
        assert "What you can do, and why" in ask(cast, key, ""), key
    assert not Event.objects.filter(verb="people.ask_why").exists()


def test_only_a_few_ask_about_somebody_else_and_that_is_recorded(cast: Cast) -> None:
    who = f"who={cast.people['physician'].email}"
    for key in cast.people:
        shown = ask(cast, key, who)
        about_other = "What Physician can do in general" in shown
        assert about_other == (key in ("administrator", "data_steward", "data_protection")), key
    kept = Event.objects.filter(verb="people.ask_why")
    assert kept.count() == 3 and {one.object for one in kept} == {str(cast.people["physician"].id)}
    assert kept.filter(actor=str(cast.people["data_steward"].id)).exists()


def test_the_verdict_on_a_thing_comes_with_its_reason(cast: Cast, things: None) -> None:
    about = f"who={cast.people['physician'].email}&kind=thing&what="
    shown = ask(cast, "data_protection", about + "secret")
    assert "Physician: a secret thing" in shown and "This needs the role Administrator." in shown
    assert "It is open." in ask(cast, "data_protection", about + "open")
    assert "Which one do you mean?" in ask(cast, "data_protection", about + "thing")
    assert "Nothing that you may know of" in ask(cast, "data_protection", about + "zebra")


def test_whoever_may_not_see_a_thing_learns_nothing_of_it(cast: Cast, things: None) -> None:
    assert "It is open." in ask(cast, "physician", "kind=thing&what=open")
    refused = ask(cast, "physician", "kind=thing&what=secret", 404)
    assert "This needs the role" not in refused and SECRET not in refused
    assert "You hold the role Administrator." in ask(cast, "administrator", "kind=thing&what=secret")


def test_a_person_is_found_by_words_by_address_and_by_the_address_of_their_page(cast: Cast) -> None:
    student = cast.people["student"]
    for what in ("student@test", f"/people/{student.id}/", str(student.id)):
        assert "Physician: Student" in ask(cast, "administrator", f"who=physician@&kind=person&what={what}"), what
    assert "Nobody has this name" in ask(cast, "administrator", "who=zebra")
    assert "Whom do you mean?" in ask(cast, "administrator", "who=test.example")
    assert "Nothing that you may know of" in ask(cast, "administrator", f"kind=person&what={uuid.uuid4()}")
    assert "Nothing that you may know of" in ask(cast, "partner", f"kind=person&what={student.id}")


def test_the_address_of_a_page_names_its_thing_and_so_does_a_choice(cast: Cast) -> None:
    by = cast.actor("researcher")
    made = [studies.register(f"Kidneys {name}", "retrospective", by=by) for name in ("one", "two")]
    raised = questions.raise_question(title="Why kidneys?", text="They fail.", side=Side.BENCH, topics=[], by=by)
    listed = ask(cast, "researcher", "kind=study&what=kidneys")
    assert "Which one do you mean?" in listed
    for one in made:
        [choice] = re.findall(rf'href="\?([^"]*{one.id}[^"]*)"', listed)
        assert f"{one.reference} Kidneys" in ask(cast, "researcher", html.unescape(choice)), "a choice leads on"
        for kind in ("study", ""):
            for address in (f"/studies/{one.id}/", f"/studies/{one.id}/documents/{uuid.uuid4()}/"):
                shown = ask(cast, "researcher", f"kind={kind}&what=https://campus.example{address}")
                assert "See the whole study" in shown and one.title in shown, (kind, address)
    assert "See the question" in ask(cast, "researcher", f"what=/questions/{raised.id}/")
    assert "See the profile" in ask(cast, "researcher", f"what=/people/{cast.people['student'].id}/")
    hidden = ask(cast, "student", f"what=/studies/{made[0].id}/")
    assert "Nothing that you may know of" in hidden and "Kidneys" not in hidden
    assert "Choose what kind of thing it is" in ask(cast, "researcher", "what=kidneys")
