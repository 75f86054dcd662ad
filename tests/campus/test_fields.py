"""Each field that only some may read or write, although others see the thing that it belongs to (`manual.fields`)."""

from __future__ import annotations

import html
import json
import re
from typing import Any

import msgspec
import pytest
from django.test import Client
from django.utils import timezone

import small_hospital
from campus.cast import Cast
from campus.test_api_keys import made as key_made
from campus.test_counting import expression
from campus.test_studies import decide, submitted
from wardbench.campus.access import services as access
from wardbench.campus.audit.services import record, verb
from wardbench.campus.cohorts import services as cohorts
from wardbench.campus.cohorts.services import Shown
from wardbench.campus.people.heads import name_head
from wardbench.campus.people.models import Person
from wardbench.campus.people.rules import SYSTEM, Actor
from wardbench.campus.questions import services as questions
from wardbench.campus.questions.models import Question
from wardbench.campus.questions.rules import Side
from wardbench.campus.studies import services as studies
from wardbench.campus.studies.facts import Section
from wardbench.campus.studies.models import Result, Study
from wardbench.core.errors import InputError

EXACT = "4,321"


def text_of(cast: Cast, key: str, address: str, status: int = 200) -> str:
    answer = cast.client(key).get(address)
    assert answer.status_code == status, (key, address, answer.status_code)
    return html.unescape(answer.content.decode())


def program(cast: Cast, key: str, *scopes: str) -> Client:
    """A program that acts for somebody."""
    _, secret = key_made(cast, key, scopes or ("read",))
    return Client(headers={"host": "localhost", "authorization": f"Bearer {secret}"})


def sent(client: Client, address: str, **given: Any) -> int:
    return client.post(address, json.dumps(given), content_type="application/json").status_code


def raised(cast: Cast) -> Question:
    return questions.raise_question(
        title="Why do kidneys fail?", text="We see it often.", side=Side.WARD, topics=[], by=cast.actor("physician")
    )


def test_a_profile_form_changes_what_it_shows_and_nothing_else(cast: Cast) -> None:
    person = cast.people["researcher"]
    kept = Person.objects.filter(id=person.id).values("email", "is_active", "password", "id").get()
    beyond = {"email": "boss@test.example", "is_active": "", "role": "administrator", "password": "x", "id": "1"}
    given = {"name": "New name", "topics": "", "language": "en", "mail": person.mail, **beyond}
    assert cast.client("researcher").post(f"/people/{person.id}/edit/", given).status_code == 302
    person.refresh_from_db()
    assert person.name == "New name"
    assert Person.objects.filter(id=person.id).values("email", "is_active", "password", "id").get() == kept
    assert [one.role for one in person.affiliations.all()] == ["researcher"]
    told = program(cast, "student").get(f"/api/people/{person.id}").json()
    assert set(told) == {"id", "name", "title", "roles", "expertise"}


def test_how_somebody_is_written_to_is_for_them(cast: Cast) -> None:
    person = cast.people["researcher"]
    page = text_of(cast, "student", f"/people/{person.id}/")
    own = text_of(cast, "researcher", f"/people/{person.id}/")
    words = (
        "/account/2fa/",
        "Your account",
        "Where you are signed in",
        "Keys for programs",
        f"/people/{person.id}/edit/",
    )
    for one in words:
        assert one in own and one not in page, one
    form = text_of(cast, "researcher", f"/people/{person.id}/edit/")
    assert "by mail" in form and "by mail" not in page
    assert cast.client("student").get(f"/people/{person.id}/edit/").status_code == 403


def test_of_a_public_study_others_see_the_line_alone(cast: Cast) -> None:
    study = submitted(cast)
    Study.objects.filter(id=study.id).update(public=True)
    words = ("Why kidneys fail.", "Creatinine over time", "The institute's freezer")
    seen, line = text_of(cast, "researcher", f"/studies/{study.id}/"), text_of(cast, "lecturer", "/studies/")
    assert all(one in seen for one in words) and study.reference in line
    assert not any(one in line for one in words)
    page = text_of(cast, "lecturer", f"/studies/{study.id}/")
    assert study.reference in page and not any(one in page for one in words)
    client = program(cast, "lecturer")
    (listed,) = client.get("/api/studies").json()["items"]
    assert set(listed) == {"id", "reference", "title", "kind", "investigator", "status"}
    assert client.get(f"/api/studies/{study.id}").status_code == 404
    assert program(cast, "researcher").get(f"/api/studies/{study.id}").json()["summary"] == "Why kidneys fail."


def test_where_a_study_stands_is_nobodys_to_write(cast: Cast) -> None:
    by = cast.actor("researcher")
    study = studies.register("Plasma proteins", "secondary_use", by=by)
    given = {"title": "Another title", "kind": study.kind, "reference": "S1", "submitted": "2020-01-01"}
    given |= {"investigator": str(cast.people["student"].id), "status": "approved", "ended": "x"}
    cast.client("researcher").post(f"/studies/{study.id}/sections/about/", given)
    for name in ("reference", "submitted", "investigator", "investigator_id", "status"):
        with pytest.raises(InputError, match="no such field"):
            studies.edit(study.id, Section.ABOUT, {name: "x"}, by=by)
    now = Study.objects.get(id=study.id)
    assert now.title == "Another title"
    assert (now.reference, now.submitted, now.investigator) == (study.reference, None, study.investigator)
    assert sent(program(cast, "researcher", "write"), "/api/studies", title="A", kind="trial", status="approved") == 422


def test_votes_are_read_by_the_bodies_until_a_step_is_decided(cast: Cast) -> None:
    study = submitted(cast)
    decide(cast, study, "validation", "trial_centre")
    decide(cast, study, "board", "biobank_board", "conditions", "One millilitre each")
    assert "One millilitre each" not in text_of(cast, "researcher", f"/studies/{study.id}/")
    assert "One millilitre each" in text_of(cast, "biobank_board2", f"/studies/{study.id}/")
    assert "One millilitre each" not in json.dumps(program(cast, "researcher").get(f"/api/studies/{study.id}").json())


def test_a_table_is_for_the_team_and_data_stewards(cast: Cast) -> None:
    study = submitted(cast)
    permit = study.permits.create(number=1, made=timezone.now(), until="2099-01-01", content={}, hash="")
    content = {"title": "t", "columns": [], "rows": []}
    asked = {"kind": "counts", "cohorts": [], "snapshot": "v", "content": content, "hash": "", "purpose": "An article"}
    made = Result.objects.create(study=study, permit=permit, by=cast.people["researcher"], at=timezone.now(), **asked)
    for key in cast.people:
        listed = cast.client(key).get(f"/studies/{study.id}/results/")
        assert (str(made.id) in listed.content.decode()) == (key in ("researcher", "data_steward")), key


def test_partners_read_a_question_without_its_discussion(cast: Cast) -> None:
    question = raised(cast)
    questions.open_to_partners(question, by=cast.actor("technology_transfer"))
    questions.comment(question, "Between ourselves.", by=cast.actor("physician"))
    assert "Between ourselves." in text_of(cast, "student", f"/questions/{question.id}/")
    page = text_of(cast, "partner", f"/questions/{question.id}/")
    assert "We see it often." in page and "Between ourselves." not in page
    written = cast.client("partner").post(f"/questions/{question.id}/comment/", {"text": "Ours."})
    assert written.status_code == 403 and question.comments.count() == 1


def test_a_hidden_comment_is_read_by_data_stewards(cast: Cast) -> None:
    question = raised(cast)
    said = questions.comment(question, "Too much was said.", by=cast.actor("student"))
    address = f"/questions/{question.id}/comments/{said.id}"
    assert cast.client("student").post(f"{address}/hide/", {"why": "No."}).status_code == 403
    questions.hide_comment(said, "It named somebody.", by=cast.actor("data_steward"))
    assert "Too much was said." not in text_of(cast, "student", f"/questions/{question.id}/")
    assert "Too much was said." in text_of(cast, "data_steward", f"/questions/{question.id}/")
    assert cast.client("student").post(f"{address}/edit/", {"text": "Anew."}).status_code == 403


def test_who_opens_a_question_to_partners(cast: Cast) -> None:
    question = raised(cast)
    for key in cast.people:
        answer = cast.client(key).post(f"/questions/{question.id}/partners/", {"open": "yes"})
        question.refresh_from_db()
        assert question.open_to_partners == (key == "technology_transfer"), (key, answer.status_code)
        Question.objects.filter(id=question.id).update(open_to_partners=False)
    given = {"title": "Why, then?", "text": "We see it often.", "open_to_partners": "on", "status": "closed"}
    cast.client("physician").post(f"/questions/{question.id}/edit/", given)
    question.refresh_from_db()
    assert (question.title, question.open_to_partners, question.status) == ("Why, then?", False, "open")


def version_of(cast: Cast, key: str, mode: str) -> Any:
    """A cohort that everybody may read, and its version that was counted in a mode."""
    cohort = cohorts.make_cohort("Kidneys of a few", by=cast.actor(key), expression=expression())
    shown = Shown(EXACT, 4321, mode, "v1")
    version = cohorts.save_version(cohort.id, 0, by=cast.actor(key), shown=shown)
    return cohort, version


def test_the_cohort_behind_a_question_is_named_to_whoever_sees_it(cast: Cast) -> None:
    question = raised(cast)
    _cohort, version = version_of(cast, "physician", "sandbox")
    questions.put_cohort(question, version.id, by=cast.actor("physician"))
    assert "Kidneys of a few" in text_of(cast, "physician", f"/questions/{question.id}/")
    assert "Kidneys of a few" not in text_of(cast, "student", f"/questions/{question.id}/")


def test_an_exact_count_never_reaches_a_question(cast: Cast) -> None:
    question = raised(cast)
    cohort, version = version_of(cast, "data_steward", "stewardship")
    cohorts.share(cohort.id, by=cast.actor("data_steward"))
    questions.put_cohort(question, version.id, by=cast.actor("physician"))
    question.refresh_from_db()
    assert question.figure == "" and question.touched is None
    assert EXACT not in json.dumps(program(cast, "physician").get(f"/api/questions/{question.id}").json())


@pytest.mark.parametrize("mode", ["stewardship", "sandbox"])
def test_an_exact_count_is_not_passed_on_with_a_cohort(cast: Cast, tmp_path: Any, settings: Any, mode: str) -> None:
    small_hospital.build(tmp_path / "twin")
    settings.CAMPUS = msgspec.structs.replace(settings.CAMPUS, twin=str(tmp_path / "twin"))
    cohort, _version = version_of(cast, "data_steward", mode)
    cohorts.share(cohort.id, by=cast.actor("data_steward"), may_edit=True)
    for key, sees in (("data_steward", True), ("researcher", mode == "sandbox"), ("physician", mode == "sandbox")):
        for address in ("/cohorts/", f"/cohorts/{cohort.id}/history/", "/"):
            assert (EXACT in text_of(cast, key, address)) == sees, (key, address)
        told = program(cast, key).get(f"/api/cohorts/{cohort.id}/versions").json()
        assert [one["figure"] for one in told] == [EXACT if sees else ""]


def test_what_a_program_sends_beyond_its_shape_is_refused(cast: Cast) -> None:
    client, other = program(cast, "researcher", "write", "read"), str(cast.people["student"].id)
    for beyond in ({"owner": other}, {"status": "archived"}, {"id": other}, {"versions": 9}):
        assert sent(client, "/api/cohorts", name="x", expression=expression(), **beyond) == 422
    assert sent(client, "/api/cohorts", name="x", expression=expression()) == 201
    (made,) = client.get("/api/cohorts").json()["items"]
    assert (made["owner"], made["status"]) == ("Researcher", "open")
    for beyond in ({"author": other}, {"figure": "7"}, {"mode": "stewardship"}):
        assert sent(client, f"/api/cohorts/{made['id']}/versions", expression=expression(), **beyond) == 422
    for beyond in ({"raised_by": other}, {"status": "closed"}, {"open_to_partners": True}, {"figure": "7"}):
        assert sent(client, "/api/questions", title="A", text="B", side="bench", **beyond) == 422


def test_what_was_said_in_an_emergency_is_for_those_who_watch(cast: Cast) -> None:
    by = cast.actor("physician2")
    words = "Found unconscious at the bus stop."
    made = access.open_in_emergency(4711, by=by, reason="emergency", words=words)
    for key in cast.people:
        answer = cast.client(key).get(f"/access/{made.id}/")
        sees = key in ("physician2", "data_protection", "data_steward")
        assert (words in answer.content.decode()) == sees, key
    for key in ("physician2", "data_steward"):
        given = {"justified": "yes", "finding": "It was right."}
        assert cast.client(key).post(f"/access/{made.id}/", given).status_code in (403, 405), key


def test_what_a_head_says_is_not_for_whoever_opened_it(cast: Cast) -> None:
    name_head(cast.people["physician"].affiliations.get(), by=SYSTEM)
    access.give_relation(4711, cast.endocrinology, by=SYSTEM)
    made = access.open_in_emergency(4711, by=cast.actor("physician2"), reason="emergency", words="Found unconscious.")
    page, words = f"/access/{made.id}/", "He was on our ward, and well."
    given = {"speak": "yes", "needed": "no", "said": words}
    assert {key for key in cast.people if cast.client(key).post(page, given).status_code == 302} == {"physician"}
    sees = {key for key in cast.people if words in cast.client(key).get(page).content.decode()}
    assert sees == {"physician", "data_protection", "data_steward"}


def test_no_list_of_the_record_names_a_patient(cast: Cast) -> None:
    @verb("test.look")
    def look(*, by: Actor) -> None:
        record("cohorts.look_at_patient", "patient", "4711-77", by=by, patient="4711-77")

    look(by=cast.actor("physician"))
    assert "4711-77" not in text_of(cast, "data_protection", "/record/")
    asked = {"patient": "4711-77"}
    assert "4711-77" in cast.client("data_protection").post("/record/", asked).content.decode()
    assert cast.client("administrator").post("/record/", asked).status_code == 403


def test_a_secret_is_read_once(cast: Cast) -> None:
    client = cast.client("researcher")
    shown = client.post("/account/keys/", {"name": "notebook", "scopes": ["read"], "days": "5"}).content.decode()
    (secret,) = set(re.findall(r"wbk_[0-9a-f]{8}_[\w-]+", shown))
    for key in ("researcher", "administrator"):
        assert secret not in text_of(cast, key, "/account/keys/")
