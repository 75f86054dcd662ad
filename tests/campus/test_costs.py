"""What pages ask of the database: no more for many than for few, and nothing for what they do not show."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from campus.cast import Cast
from campus.test_builder import campus as campus
from campus.test_builder import change, cohort_of
from campus.test_builder import twin as twin
from wardbench.campus import server
from wardbench.campus.audit.models import Event
from wardbench.campus.biobank.models import Specimen
from wardbench.campus.cohorts import finding, page
from wardbench.campus.cohorts.models import Cohort
from wardbench.campus.counting import sessions
from wardbench.campus.people import signals
from wardbench.campus.people.roles import Role
from wardbench.campus.people.rules import SYSTEM
from wardbench.campus.people.services import add_person, give_role
from wardbench.campus.questions import services as questions
from wardbench.campus.questions.rules import Side
from wardbench.campus.samples import current
from wardbench.core.miabis import MATERIALS

EMERGENCIES = "access_emergencyaccess"


def asked(client: Client, place: str) -> list[str]:
    """The statements that a page needs, once everything that is kept is there."""
    client.get(place)
    with CaptureQueriesContext(connection) as found:
        assert client.get(place).status_code == 200
    return [one["sql"] for one in found.captured_queries]


def more(cast: Cast) -> None:
    """Questions, cohorts and people, each with what belongs to it."""
    for number in range(4):
        raised = questions.raise_question(
            title=f"Why {number}?",
            text="So.",
            side=Side.WARD,
            topics=[questions.Topic("kidney")],
            by=cast.actor("physician"),
        )
        questions.follow(raised, by=cast.actor("student"))
        cohort_of(cast, by="physician")
        person = add_person(f"more{Event.objects.count()}@test.example", f"More {number}", by=SYSTEM)
        give_role(person, Role.RESEARCHER, cast.institute, by=SYSTEM)


@pytest.mark.parametrize(
    "place", ["/", "/questions/", "/questions/unanswered/", "/cohorts/", "/people/", "/search/?q=ne"]
)
def test_many_cost_no_more_statements_than_few(campus: Cast, place: str) -> None:
    more(campus)
    few = asked(campus.client("physician"), place)
    more(campus)
    assert len(asked(campus.client("physician"), place)) == len(few)


def test_of_the_words_for_a_choice_the_one_that_is_shown_is_translated(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(translation._trans, "gettext", lambda sentence: asked.append(sentence) or sentence)
    material, words = next(iter(MATERIALS.items()))
    assert Specimen(material=material).get_material_display() == words and asked == [words]
    assert Specimen(material="moss").get_material_display() == "moss"


def test_who_one_can_be_in_a_demonstration_is_asked_once(cast: Cast, settings: Any) -> None:
    settings.CAMPUS = msgspec.structs.replace(settings.CAMPUS, demo=True)
    client = Client(headers={"host": "localhost"})
    assert len(asked(client, "/account/login/")) == 1
    shown = client.get("/account/login/").content.decode()
    assert shown.index("Physician</button>") < shown.index("Physician2</button>") < shown.index("Researcher</button>")
    assert "nobody@test.example" not in shown


def test_a_part_of_a_page_does_not_ask_for_the_banner_that_it_does_not_show(campus: Cast) -> None:
    cohort, client = cohort_of(campus, by="physician"), campus.client("physician")
    assert any(EMERGENCIES in one for one in asked(client, f"/cohorts/{cohort.id}/build/"))
    with CaptureQueriesContext(connection) as found:
        assert change(client, cohort, "switch:0").status_code == 200
    assert not any(EMERGENCIES in one["sql"] for one in found.captured_queries)


def test_a_session_begins_as_a_whole_with_its_event_or_not_at_all(
    cast: Cast, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.CAMPUS = msgspec.structs.replace(settings.CAMPUS, demo=True)
    client, person = Client(headers={"host": "localhost"}), cast.people["physician"]

    def fail(*_args: Any, **_given: Any) -> int:
        raise RuntimeError("the record cannot be written")

    with monkeypatch.context() as broken:
        broken.setattr(signals, "record", fail)
        with pytest.raises(RuntimeError, match="record"):
            client.post("/account/demonstration/", {"email": person.email})
    person.refresh_from_db()
    assert person.last_login is None and not Session.objects.exists()
    client.post("/account/demonstration/", {"email": person.email})
    person.refresh_from_db()
    assert person.last_login is not None and Session.objects.count() == 1
    assert Event.objects.filter(verb="account.sign_in", actor=str(person.id)).count() == 1


def test_what_a_first_page_of_a_cohort_reads_is_read_ahead_and_is_no_act_of_anybody(
    campus: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    page.read_ahead()
    assert not sessions._sessions, "there is no cohort yet"
    cohort_of(campus)
    acts = Event.objects.count()
    page.read_ahead()
    assert set(sessions._sessions) == {"twin"} and finding._kept and Event.objects.count() == acts
    monkeypatch.setattr(page, "run_cohort", None)
    shown = campus.client("researcher").get(f"/cohorts/{Cohort.objects.get().id}/")
    assert "Who they are" in shown.content.decode(), "the report was made already"


def test_a_worker_begins_also_where_nothing_can_be_read_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    followed: list[bool] = []

    def fail() -> None:
        raise OSError("the disk is gone")

    monkeypatch.setattr("wardbench.campus.web.wsgi.application", lambda asked, start: [])
    monkeypatch.setattr(page, "read_ahead", fail)
    monkeypatch.setattr(current, "read_ahead", fail)
    monkeypatch.setattr(current.latest, "follow", lambda: followed.append(True))
    monkeypatch.setattr(server.gc, "freeze", lambda: None)
    monkeypatch.setattr(server.log, "warning", lambda sentence, what, **_given: said.append(sentence % what))
    server.warm_up()
    assert [("cohort" in one, "specimens" in one) for one in said] == [(True, False), (False, True)]
    assert followed, "what is made later is opened ahead all the same"
