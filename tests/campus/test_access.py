"""The care team sees its patients; anybody of care another's for half an hour, on the record, and judged afterwards."""

from __future__ import annotations

import datetime
import re
import threading
from pathlib import Path
from typing import Any

import msgspec
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connections
from django.utils import timezone

import small_hospital
from campus.cast import Cast, make_cast
from campus.identity import just_proved
from wardbench.campus.access import queries, services, sheet
from wardbench.campus.access.models import CareRelation, EmergencyAccess
from wardbench.campus.access.rules import Status
from wardbench.campus.audit.models import Event
from wardbench.campus.counting import sessions
from wardbench.campus.notices.models import Notice
from wardbench.campus.people.roles import Role
from wardbench.campus.people.rules import SYSTEM, ForbiddenError
from wardbench.campus.people.services import give_role
from wardbench.campus.web.home import page_of
from wardbench.core.errors import BusyError, InputError, NotFoundError

PATIENT = 4711
WORDS = "Found unconscious at the bus stop, no papers."


def opened(cast: Cast, key: str = "physician2", patient: int = PATIENT) -> queries.Access:
    made = services.open_in_emergency(patient, by=cast.actor(key), reason="emergency", words=WORDS)
    return queries.access(cast.actor(key), made.id)


def seen_by(cast: Cast, patient: int = PATIENT) -> set[str]:
    return {key for key in cast.people if queries.may_see_patient(cast.actor(key), patient)}


def test_the_team_that_treats_a_patient_sees_them_and_nobody_else(cast: Cast) -> None:
    assert seen_by(cast) == set()
    services.give_relation(PATIENT, cast.endocrinology, by=SYSTEM)
    assert seen_by(cast) == {"physician"} and seen_by(cast, PATIENT + 1) == set()
    assert queries.patients_of(cast.actor("physician")) == [PATIENT] and not queries.patients_of(
        cast.actor("physician2")
    )
    services.end_relation(PATIENT, cast.endocrinology, by=SYSTEM)
    assert seen_by(cast) == set()


def test_who_can_see_a_patient_and_why_is_asked_without_an_address(cast: Cast) -> None:
    services.give_relation(PATIENT, cast.endocrinology, by=SYSTEM)
    opened(cast)
    page = "/access/why/"
    asking = {key for key in cast.people if cast.client(key).get(page).status_code == 200}
    assert asking == {"physician", "physician2", "coordinator", "data_protection", "data_steward"}
    for key in cast.people:
        linked = f'href="{page}"' in cast.client(key).get("/people/why/").content.decode()
        assert linked is (key in asking), key

    def ask(key: str, **given: str) -> str:
        return cast.client(key).post(page, {"patient": str(PATIENT), **given}).content.decode()

    everybody = ask("data_protection")
    treats, opens = cast.people["physician"].id, cast.people["physician2"].id
    assert f"/people/{treats}/" in everybody and "Your team treats this patient." in everybody
    assert f"/people/{opens}/" in everybody and "in an emergency" in everybody
    assert f"/people/{cast.people['coordinator'].id}/" not in everybody
    assert "does not treat this patient" in ask("data_steward", who="coordinator@test.example")
    own = ask("coordinator", who="physician@test.example")
    assert "does not treat" in own and "Your team treats" not in own, "of others, those who watch over access ask alone"
    assert "Nobody has this name" in ask("data_protection", who="nobody at all")
    asked = Event.objects.filter(verb="access.ask_why").order_by("number")
    about = [one.detail.get("about") for one in asked]
    others = str(cast.people["coordinator"].id)
    assert {one.patient for one in asked} == {str(PATIENT)} and about == ["", others, others]


def test_care_that_is_over_or_to_come_opens_nothing(cast: Cast) -> None:
    today = timezone.localdate()
    day = datetime.timedelta(days=1)
    services.give_relation(PATIENT, cast.endocrinology, by=SYSTEM, since=today - 9 * day, until=today - day)
    services.give_relation(PATIENT, cast.endocrinology, by=SYSTEM, since=today + day)
    assert seen_by(cast) == set()
    services.give_relation(PATIENT, cast.endocrinology, by=SYSTEM, since=today - 8 * day, until=today)
    assert seen_by(cast) == {"physician"}


def test_an_emergency_opens_one_patient_to_one_person_for_half_an_hour(cast: Cast) -> None:
    access = opened(cast)
    assert seen_by(cast) == {"physician2"} and seen_by(cast, PATIENT + 1) == set()
    assert access.until - access.opened == datetime.timedelta(minutes=30)
    assert access.due - access.opened == datetime.timedelta(hours=72)
    EmergencyAccess.objects.update(until=timezone.now())
    assert seen_by(cast) == set()
    assert queries.access(cast.actor("physician2"), access.id).status is Status.ENDED


def test_it_is_on_the_record_and_data_protection_is_told_at_once(cast: Cast) -> None:
    access = opened(cast)
    event = Event.objects.get(verb="access.open")
    assert (event.patient, event.actor, event.object) == (
        str(PATIENT),
        str(cast.people["physician2"].pk),
        str(access.id),
    )
    assert WORDS not in str(event.detail)
    notice = Notice.objects.get()
    assert notice.person == cast.people["data_protection"] and str(PATIENT) not in f"{notice.values}{notice.sentence}"
    (task,) = page_of(cast.actor("data_protection"))[0]
    assert task.due == timezone.localdate(access.due) and str(access.id) in task.address
    assert not [one for one in page_of(cast.actor("data_steward"))[0] if "emergency" in one.what]


@pytest.mark.parametrize("key", ["researcher", "student", "lecturer", "data_steward", "data_protection", "nobody"])
def test_it_is_for_care_alone(cast: Cast, key: str) -> None:
    with pytest.raises(ForbiddenError):
        opened(cast, key)
    assert not EmergencyAccess.objects.exists()


def test_it_needs_a_reason_and_words_and_is_opened_once(cast: Cast) -> None:
    by = cast.actor("physician2")
    for reason, words in (("curiosity", WORDS), ("", WORDS), ("emergency", "because"), ("emergency", " " * 20)):
        with pytest.raises(InputError):
            services.open_in_emergency(PATIENT, by=by, reason=reason, words=words)
    opened(cast)
    with pytest.raises(BusyError):
        opened(cast)
    opened(cast, patient=1)
    opened(cast, patient=2)
    with pytest.raises(ForbiddenError, match="3 emergency"):
        opened(cast, patient=3)


def records(folder: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> int:
    """A campus with records of a small hospital; the number of one of its patients."""
    small_hospital.build(folder / "store")
    settings.CAMPUS = msgspec.structs.replace(settings.CAMPUS, store=str(folder / "store"))
    monkeypatch.setattr(sessions, "_sessions", {})
    with sessions.snapshot("store").connect() as con:
        (number,) = con.execute("SELECT min(person_id) FROM person").fetchone() or (0,)
    return int(number)


def test_a_number_that_no_record_has_opens_nothing_and_the_guess_is_on_the_record(
    cast: Cast, tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = records(tmp_path, settings, monkeypatch)
    unknown = 98_765_432_101_234_567
    client, asked = cast.client("physician2"), {"reason": "emergency", "words": WORDS}
    answer = client.post("/access/open/", {"patient": unknown, **asked})
    page = answer.content.decode()
    assert answer.status_code == 404 and "have no patient with this number" in page and WORDS in page
    assert not EmergencyAccess.objects.exists() and not Notice.objects.exists()
    (guess,) = Event.objects.filter(verb="access.refuse_open")
    assert (guess.actor, guess.patient) == (str(cast.people["physician2"].pk), str(unknown))
    for key in ("researcher", "data_steward"):
        answer = cast.client(key).post("/access/open/", {"patient": unknown, **asked})
        assert answer.status_code == 403 and "no patient with" not in answer.content.decode()
    assert Event.objects.filter(verb="access.refuse_open").count() == 1
    services.give_relation(unknown, cast.endocrinology, by=SYSTEM)
    opened(cast, patient=unknown), opened(cast, patient=there)


def test_the_page_and_the_banner_lead_to_the_record_that_was_opened(cast: Cast) -> None:
    number = 98_765_432_101_234_567
    access, client = opened(cast, patient=number), cast.client("physician2")
    to_it = re.compile(
        rf'<form method="post" action="/patients/">.{{0,200}}name="patient" value="{number}">', re.DOTALL
    )
    assert len(to_it.findall(client.get(f"/access/{access.id}/").content.decode())) == 2
    assert len(to_it.findall(client.get("/").content.decode())) == 1
    judged = cast.client("data_protection").get(f"/access/{access.id}/").content.decode()
    assert not to_it.search(judged)
    services.end(access, by=cast.actor("physician2"))
    assert not to_it.search(client.get(f"/access/{access.id}/").content.decode())


def test_ending_it_closes_the_record(cast: Cast) -> None:
    access = opened(cast)
    with pytest.raises(ForbiddenError):
        services.end(access, by=cast.actor("physician"))
    services.end(access, by=cast.actor("physician2"))
    assert seen_by(cast) == set()
    with pytest.raises(BusyError):
        services.end(access, by=cast.actor("physician2"))


def test_an_objection_closes_the_record_at_once_and_whoever_opened_it_is_told(cast: Cast) -> None:
    access = opened(cast)
    judge = cast.actor("data_protection")
    with pytest.raises(ForbiddenError):
        services.review(access, by=judge, justified=True, finding="Well.")
    services.review(access, by=judge, justified=False, finding="The patient was at home.")
    assert seen_by(cast) == set() and Notice.objects.filter(person=cast.people["physician2"]).count() == 1
    with pytest.raises(BusyError):
        services.review(access, by=judge, justified=False, finding="Again.")
    assert EmergencyAccess.objects.get().reviewer == cast.people["data_protection"]


def test_a_justified_one_is_judged_after_its_time(cast: Cast) -> None:
    access = opened(cast)
    EmergencyAccess.objects.update(until=timezone.now())
    ended = queries.access(cast.actor("data_protection"), access.id)
    with pytest.raises(InputError):
        services.review(ended, by=cast.actor("data_protection"), justified=True, finding=" ")
    services.review(ended, by=cast.actor("data_protection"), justified=True, finding="Admitted that evening.")
    assert EmergencyAccess.objects.get().status == Status.JUSTIFIED and not page_of(cast.actor("data_protection"))[0]


def test_after_72_hours_it_is_overdue(cast: Cast) -> None:
    access = opened(cast)
    then = timezone.now() - datetime.timedelta(hours=72, minutes=1)
    EmergencyAccess.objects.update(opened=then, until=then)
    assert queries.access(cast.actor("data_protection"), access.id).overdue


def test_others_emergencies_are_not_there_for_anybody_else(cast: Cast) -> None:
    access = opened(cast)
    allowed = {"physician2", "data_protection", "data_steward"}
    for key in cast.people:
        client = cast.client(key)
        assert client.get(f"/access/{access.id}/").status_code == (200 if key in allowed else 404), key
        assert client.post(f"/access/{access.id}/end/").status_code in (
            (302,) if key == "physician2" else (403, 404)
        ), key
        listed = client.get("/access/")
        assert (str(access.id) in listed.content.decode()) is (key in allowed), key
    with pytest.raises(NotFoundError):
        queries.access(cast.actor("physician"), access.id)


def test_the_page_opens_a_record_and_every_page_says_so(cast: Cast, settings: Any) -> None:
    client = cast.client("physician2")
    just_proved(client)
    assert "4711" in client.post("/access/open/", {"patient": PATIENT}).content.decode(), "the form knows the patient"
    bad = client.post("/access/open/", {"patient": PATIENT, "reason": "emergency", "words": ""})
    assert bad.status_code == 200 and not EmergencyAccess.objects.exists()
    answer = client.post("/access/open/", {"patient": PATIENT, "reason": "emergency", "words": WORDS})
    assert answer.status_code == 302 and str(PATIENT) not in answer["Location"]
    for path in ("/", "/people/", answer["Location"]):
        assert "app-emergency" in client.get(path).content.decode()
    assert "app-emergency" not in cast.client("physician").get("/").content.decode()
    client.post(answer["Location"] + "end/")
    assert "app-emergency" not in client.get("/").content.decode()


def test_the_page_asks_who_one_is_first(cast: Cast) -> None:
    client = cast.client("physician2", proved=False)
    answer = client.post("/access/open/", {"patient": PATIENT, "reason": "emergency", "words": WORDS})
    assert answer.status_code == 302 and "/account/login/" in answer["Location"], "nobody has a password here"
    assert not EmergencyAccess.objects.exists()


def test_the_page_takes_a_finding(cast: Cast) -> None:
    access = opened(cast)
    page = f"/access/{access.id}/"
    assert cast.client("physician2").post(page, {"justified": "yes", "finding": "Mine."}).status_code == 403
    judge = cast.client("data_protection")
    assert judge.post(page, {"justified": "no", "finding": ""}).status_code == 200
    assert judge.post(page, {"justified": "no", "finding": "The patient was at home."}).status_code == 302
    assert "The patient was at home." in cast.client("physician2").get(page).content.decode()


class TestSayingWhomATeamTreats:
    def test_a_coordinator_for_the_own_team(self, cast: Cast) -> None:
        give_role(cast.people["coordinator"], Role.COORDINATOR, cast.hospital, by=SYSTEM, unit=cast.cardiology)
        services.give_relation(PATIENT, cast.cardiology, by=cast.actor("coordinator"))
        with pytest.raises(BusyError):
            services.give_relation(PATIENT, cast.cardiology, by=cast.actor("coordinator"))
        with pytest.raises(ForbiddenError):
            services.give_relation(PATIENT, cast.endocrinology, by=cast.actor("coordinator"))
        with pytest.raises(InputError):
            services.give_relation(1, cast.cardiology, by=SYSTEM, until=datetime.date(2000, 1, 1))

    def test_a_page_for_it(self, cast: Cast) -> None:
        statuses = {key: cast.client(key).get("/access/teams/").status_code for key in cast.people}
        assert {key for key, status in statuses.items() if status == 200} == {"data_steward"}
        steward = cast.client("data_steward")
        sent = {"patient": PATIENT, "unit": str(cast.endocrinology.id)}
        assert steward.post("/access/teams/", sent).status_code == 302 and seen_by(cast) == {"physician"}
        assert steward.post("/access/teams/", {**sent, "end": "yes"}).status_code == 302 and seen_by(cast) == set()
        assert steward.post("/access/teams/", {**sent, "end": "yes"}).status_code == 409

    def test_a_list_is_taken_over_with_every_fault_told(self, cast: Cast) -> None:
        text = (
            "\ufeffpatient,unit,since,until\n4711,endocrinology,2026-01-01,\n4712,Cardiology,2026-01-01,2026-02-01\n"
            "x,Cardiology,2026-01-01,\n1,Nowhere,2026-01-01,\n2,Cardiology,yesterday,\n3,Cardiology,2026-01-02,2026-01-01\n4\n"
        )
        rows, faults = sheet.read(text)
        assert [row.patient for row in rows] == [4711, 4712] and [fault.line for fault in faults] == [4, 5, 6, 7, 8]
        steward = cast.client("data_steward")
        for expected in (2, 2):
            file = SimpleUploadedFile("care.csv", text.encode(), "text/csv")
            page = steward.post("/access/teams/", {"sheet": file}).content.decode()
            assert CareRelation.objects.count() == expected and "Line 4:" in page
        assert Event.objects.filter(verb="access.import_relations").last().detail == {"rows": 2, "added": 0}  # type: ignore[union-attr]
        with pytest.raises(InputError, match="columns"):
            sheet.read("person;unit\n")
        file = SimpleUploadedFile("care.csv", b"\xff\xfe\x00", "text/csv")
        assert steward.post("/access/teams/", {"sheet": file}).status_code == 400


@pytest.mark.django_db(transaction=True)
def test_two_clicks_at_once_are_one_access() -> None:
    cast = make_cast()
    by, results = cast.actor("physician2"), []
    start = threading.Barrier(2)

    def click() -> None:
        start.wait()
        try:
            services.open_in_emergency(PATIENT, by=by, reason="emergency", words=WORDS)
            results.append("opened")
        except BusyError:
            results.append("busy")
        finally:
            connections.close_all()

    threads = [threading.Thread(target=click) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == ["busy", "opened"] and EmergencyAccess.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_judges_at_once_give_one_finding() -> None:
    cast = make_cast()
    access, results = opened(cast), []
    EmergencyAccess.objects.update(until=timezone.now())
    judge = cast.actor("data_protection")
    ended, start = queries.access(judge, access.id), threading.Barrier(2)

    def decide(justified: bool) -> None:
        start.wait()
        try:
            services.review(ended, by=judge, justified=justified, finding="As I see it.")
            results.append("judged")
        except BusyError:
            results.append("busy")
        finally:
            connections.close_all()

    threads = [threading.Thread(target=decide, args=(one,)) for one in (True, False)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == ["busy", "judged"] and Event.objects.filter(verb="access.review").count() == 1
