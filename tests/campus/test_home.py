"""The home page: what waits comes first, then one's own, then where to go; for every role."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import NoReverseMatch, get_resolver, reverse

from campus.cast import Cast
from wardbench.campus.people.roles import Role
from wardbench.campus.people.rules import Actor
from wardbench.campus.questions import services
from wardbench.campus.questions.rules import Side
from wardbench.campus.web import home
from wardbench.campus.web.home import Entry, Panel, Task
from wardbench.campus.web.home_steps import STEPS, steps_for
from wardbench.campus.web.navigation import items_for

DAY = datetime.date(2026, 3, 2)


@pytest.fixture
def only_these(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No application has added anything."""
    monkeypatch.setattr(home, "_waiting", [])
    monkeypatch.setattr(home, "_panels", [])
    monkeypatch.setattr(home, "_parts", [])
    yield


def task(what: str, since: int | None = None, due: int | None = None) -> Task:
    def day(number: int | None) -> datetime.date | None:
        return None if number is None else DAY + datetime.timedelta(days=number)

    return Task(what, "line", "/somewhere/", day(since), day(due))


def test_every_role_has_somewhere_to_go_and_every_place_answers(cast: Cast) -> None:
    assert set(STEPS) == set(Role)
    for key in Role:
        by, client = cast.actor(key), cast.client(key)
        steps = steps_for(by)
        assert steps, key
        for step in steps:
            assert client.get(step.address).status_code == 200, (key, step.address)


def test_every_item_of_the_menu_answers_those_who_see_it(cast: Cast) -> None:
    for key in cast.people:
        for item in items_for(cast.actor(key), "/"):
            assert cast.client(key).get(str(item["address"])).status_code == 200, (key, item)


@pytest.mark.parametrize(
    ("path", "item"),
    [
        ("/", "/"),
        ("/questions/new/", "/questions/"),
        ("/biobank/visits/", "/biobank/visits/"),
        ("/biobank/places/", "/biobank/"),
        ("/account/keys/", None),
    ],
)
def test_one_item_of_the_menu_at_most_is_where_somebody_is(cast: Cast, path: str, item: str | None) -> None:
    found = [one["address"] for one in items_for(cast.actor("biobank_manager"), path) if one["current"]]
    assert found == ([item] if item else [])


BY_A_FORM = {"/search/", "/biobank/places/look-up/", "/biobank/specimens/labels/"}
"""Reached by what is typed or scanned, or from a specimen; there is none here."""
ACCOUNT = ("mfa_index", "usersessions_list", "keys", "notices")


def is_page(answer: Any) -> bool:
    html = str(answer.get("Content-Type", "")).startswith("text/html")
    return answer.status_code == 200 and html and b"<main" in answer.content


def without_arguments() -> Iterator[str]:
    """The addresses that need nothing to be filled in."""
    for name in get_resolver().reverse_dict:
        try:
            yield reverse(name)
        except NoReverseMatch:
            continue


def led_to(client: Client) -> set[str]:
    """The addresses of the pages that links lead to from the home page on."""
    waiting, found = ["/"], set()
    while waiting:
        address = waiting.pop().split("?")[0]
        if address in found or re.search(r"/[0-9a-f]{8}-[0-9a-f-]{27}/.", address):
            continue
        answer = client.get(address)
        if not is_page(answer):
            continue
        found.add(address)
        waiting += re.findall(r'href="(/[^"#]*)"', answer.content.decode())
    return found


def test_links_lead_to_every_page(cast: Cast) -> None:
    """A page that no link leads to might as well not be there."""
    by_whom = [Role.PHYSICIAN, Role.DATA_STEWARD, Role.ADMINISTRATOR]
    clients = [cast.client(role) for role in by_whom]
    reached = {address for client in clients for address in led_to(client)}
    assert reached >= {reverse(name) for name in ACCOUNT}
    others = {one for one in without_arguments() if not one.startswith("/account/")} - reached - BY_A_FORM
    alone = {one for one in others if any(is_page(client.get(one)) for client in clients)}
    assert not alone


def test_the_home_page_answers_everybody(cast: Cast) -> None:
    for key in cast.people:
        page = cast.client(key).get("/")
        assert page.status_code == 200, key
        text = page.content.decode()
        assert "Nothing waits for you." in text and 'name="q"' in text, key


def test_what_is_due_first_comes_first_then_what_has_waited_longest(only_these: None) -> None:
    tasks = [task("c", 5), task("a", 9, due=20), task("d", 1), task("b", 0, due=3), task("e")]
    home.waiting(lambda actor: tasks[:2])
    home.waiting(lambda actor: tasks[2:])
    assert [one.what for one in home.page_of(Actor("x"))[0]] == ["b", "a", "d", "c", "e"]


def test_a_task_is_shown_with_its_days_and_said_to_be_overdue(cast: Cast, only_these: None) -> None:
    home.waiting(lambda actor: [task("Vote on S12345", 0, due=9)] if actor.has(Role.ETHICS) else [])
    page = cast.client("ethics").get("/").content.decode()
    assert "Vote on S12345" in page and "Due 11 March 2026" in page and "waiting since 2 March 2026" in page
    assert "Overdue" in page
    assert "Vote on S12345" not in cast.client("researcher").get("/").content.decode()


def test_a_task_that_is_due_today_is_not_overdue() -> None:
    assert not task("a", due=0).overdue(DAY)
    assert task("a", due=-1).overdue(DAY)


def test_panels_come_in_their_order_and_teach_where_they_are_empty(cast: Cast, only_these: None) -> None:
    full = Panel("cohorts", "My cohorts", (Entry("Nephropathy", "3 versions", "/c/", "Draft", "wait"),), "")
    empty = Panel("studies", "My studies", (), "A study begins with a question.", "Register a study", "/new/")
    home.panel(40)(lambda actor: full)
    home.panel(20)(lambda actor: empty)
    home.panel(10)(lambda actor: None)
    page = cast.client("researcher").get("/").content.decode()
    assert page.index("My studies") < page.index("My cohorts")
    assert "A study begins with a question." in page and 'href="/new/"' in page and "Nephropathy" in page


def test_an_answer_waits_for_whoever_asked(cast: Cast) -> None:
    question = services.raise_question(
        title="Why do they fall?", text="So.", side=Side.WARD, topics=[], by=cast.actor("physician")
    )
    services.answer(question, "Because.", by=cast.actor("researcher"))
    waits = "Read the answer to your question"
    assert waits in cast.client("physician").get("/").content.decode()
    assert waits not in cast.client("physician2").get("/").content.decode()
    services.close(question, by=cast.actor("physician"))
    assert waits not in cast.client("physician").get("/").content.decode()


def test_a_question_one_raised_or_follows_is_among_ones_own(cast: Cast) -> None:
    question = services.raise_question(
        title="Which protein leaks?", text="So.", side=Side.BENCH, topics=[], by=cast.actor("researcher")
    )
    services.follow(question, by=cast.actor("student"))

    def own(key: str) -> bool:
        panels = {one.key: one for one in home.page_of(cast.actor(key))[1]}
        return [entry.title for entry in panels["questions"].entries] == ["Which protein leaks?"]

    assert own("researcher") and own("student") and not own("lecturer")


def test_who_has_not_signed_in_is_asked_to(cast: Cast) -> None:
    from django.test import Client

    answer = Client(headers={"host": "localhost"}).get("/search/?q=kidney")
    assert answer.status_code == 302 and "/account/login/" in answer.headers["location"]
