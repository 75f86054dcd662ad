"""Heads of units: named, released, told of emergency access to what they answer for, and heard before it is judged."""

from __future__ import annotations

import datetime
import re
import threading
from typing import Any

import msgspec
import pytest
from django.core import mail
from django.db import IntegrityError, connections, transaction
from django.utils import timezone
from django.utils.translation import override

from campus.cast import Cast, make_cast
from wardbench.campus.access import queries, services
from wardbench.campus.access.models import Answering, EmergencyAccess
from wardbench.campus.access.reminding import carry_out_due, remind
from wardbench.campus.access.rules import REVIEW_WITHIN, Status
from wardbench.campus.audit.models import Event
from wardbench.campus.checks import _heads
from wardbench.campus.cohorts.services import look_at_patient
from wardbench.campus.configuration import Mail
from wardbench.campus.notices.mail import send_due
from wardbench.campus.notices.models import Notice
from wardbench.campus.notices.queries import line
from wardbench.campus.people import services as people
from wardbench.campus.people.heads import name_head, release_head
from wardbench.campus.people.models import Affiliation, Person, Unit
from wardbench.campus.people.queries import actor, actor_of
from wardbench.campus.people.roles import Lead, Role
from wardbench.campus.people.rules import SYSTEM, Actor, ForbiddenError
from wardbench.campus.web.home import Task, page_of
from wardbench.core.errors import BusyError, InputError, NotFoundError

PATIENT = 4711
WORDS = "Found unconscious at the bus stop, no papers."
DAY = datetime.timedelta(days=1)


def doctor(
    cast: Cast, name: str, unit: Unit | None, lead: Lead | None = Lead.HEAD, role: Role = Role.PHYSICIAN
) -> Person:
    """Somebody who treats patients there, and leads it."""
    person = people.add_person(f"{name.lower()}@test.example", name, by=SYSTEM)
    held = people.give_role(person, role, cast.hospital, by=SYSTEM, unit=unit)
    if lead:
        name_head(held, by=SYSTEM, lead=lead)
    Notice.objects.all().delete()
    return person


def opened(cast: Cast, key: str = "physician2", patient: int = PATIENT) -> EmergencyAccess:
    return services.open_in_emergency(patient, by=cast.actor(key), reason="emergency", words=WORDS)


def told() -> list[str]:
    """Whom the last emergency access was told to, data protection left out."""
    names = Notice.objects.values_list("person__name", flat=True)
    return sorted(one for one in names if one != "Data protection")


def waiting_for(by: Actor) -> list[Task]:
    """What waits for somebody on their home page."""
    return page_of(by)[0]


def role_of(person: Person) -> Affiliation:
    return Affiliation.objects.get(person=person)


class TestWhoIsTold:
    def test_the_heads_of_the_units_that_treat_the_patient_each_once_and_nobody_else(self, cast: Cast) -> None:
        both = doctor(cast, "Both", cast.endocrinology)
        name_head(people.give_role(both, Role.COORDINATOR, cast.hospital, by=SYSTEM, unit=cast.cardiology), by=SYSTEM)
        doctor(cast, "Deputy", cast.endocrinology, Lead.DEPUTY, Role.COORDINATOR)
        doctor(cast, "Member", cast.endocrinology, None)
        doctor(cast, "Director", None)
        third = people.add_unit(cast.hospital, "Surgery", "department", by=SYSTEM)
        doctor(cast, "Surgeon", third)
        Notice.objects.all().delete()
        for unit in (cast.endocrinology, cast.cardiology):
            services.give_relation(PATIENT, unit, by=SYSTEM)
        access = opened(cast)
        assert told() == ["Both", "Deputy"]
        notice = Notice.objects.get(person=both)
        assert notice.values["units"] == "Cardiology, Endocrinology" and notice.link == f"/access/{access.id}/"
        assert notice.urgent and str(PATIENT) not in f"{notice.values}" and WORDS not in f"{notice.values}"
        assert Notice.objects.filter(person=cast.people["data_protection"]).count() == 1

    def test_where_no_unit_treats_the_patient_the_unit_of_whoever_opened_it(self, cast: Cast) -> None:
        doctor(cast, "Endocrinologist", cast.endocrinology)
        doctor(cast, "Cardiologist", cast.cardiology)
        opened(cast, "physician2")
        assert told() == ["Cardiologist"]

    def test_care_that_is_over_answers_no_more(self, cast: Cast) -> None:
        doctor(cast, "Endocrinologist", cast.endocrinology)
        doctor(cast, "Cardiologist", cast.cardiology)
        today = timezone.localdate()
        services.give_relation(PATIENT, cast.endocrinology, by=SYSTEM, since=today - 9 * DAY, until=today - DAY)
        opened(cast)
        assert told() == ["Cardiologist"]

    def test_a_unit_without_head_has_those_of_the_organisation(self, cast: Cast) -> None:
        doctor(cast, "Director", None)
        services.give_relation(PATIENT, cast.endocrinology, by=SYSTEM)
        access = opened(cast)
        assert told() == ["Director"] and Notice.objects.get(urgent=True, person__name="Director").values["units"]
        later = doctor(cast, "Late", cast.endocrinology)
        assert queries.access(actor_of(later), access.id), "whoever heads it later may look at it"

    def test_who_works_in_no_unit_is_answered_for_by_the_organisation(self, cast: Cast) -> None:
        doctor(cast, "Director", None)
        doctor(cast, "Cardiologist", cast.cardiology)
        opened(cast, "coordinator")
        assert told() == ["Director"]
        assert Answering.objects.get().unit is None

    def test_nobody_is_told_of_their_own_and_those_above_are(self, cast: Cast) -> None:
        name_head(role_of(cast.people["physician2"]), by=SYSTEM)
        doctor(cast, "Director", None)
        access = opened(cast, "physician2")
        assert told() == ["Director"]
        assert not [one for one in waiting_for(cast.actor("physician2")) if str(access.id) in one.address]
        with pytest.raises(ForbiddenError):
            speak(cast, access, cast.people["physician2"])

    def test_a_head_who_left_is_not_told_and_sees_nothing_any_more(self, cast: Cast) -> None:
        director = doctor(cast, "Director", None)
        first = doctor(cast, "First", cast.cardiology)
        access = opened(cast)
        assert told() == ["First"]
        people.end_role(role_of(first), by=SYSTEM, last=timezone.localdate())
        Affiliation.objects.filter(person=first).update(since=timezone.localdate() - 2 * DAY)
        Affiliation.objects.filter(person=first).update(until=timezone.localdate() - DAY)
        closed = doctor(cast, "Closed", cast.cardiology)
        people.close_account(closed, by=SYSTEM)
        coming = people.add_person("coming@test.example", "Coming", by=SYSTEM)
        tomorrow = timezone.localdate() + DAY
        name_head(
            people.give_role(coming, Role.PHYSICIAN, cast.hospital, by=SYSTEM, unit=cast.cardiology, since=tomorrow),
            by=SYSTEM,
        )
        Notice.objects.all().delete()
        opened(cast, patient=1)
        assert told() == ["Director"]
        for gone in (first, closed, coming):
            with pytest.raises(NotFoundError):
                queries.access(actor(gone.id), access.id)
        assert len(waiting_for(actor_of(director))) == 2, "the unit has no head any more"

    def test_data_protection_who_heads_a_unit_is_told_once(self, cast: Cast) -> None:
        head = cast.people["data_protection"]
        held = people.give_role(head, Role.PHYSICIAN, cast.hospital, by=SYSTEM, unit=cast.cardiology)
        name_head(held, by=SYSTEM)
        Notice.objects.all().delete()
        opened(cast)
        assert Notice.objects.count() == 1

    def test_nobody_at_all_is_no_hindrance(self, cast: Cast) -> None:
        opened(cast)
        assert told() == [] and EmergencyAccess.objects.count() == 1

    def test_it_is_mailed_at_once_whatever_they_chose(self, cast: Cast, settings: Any) -> None:
        settings.CAMPUS = msgspec.structs.replace(settings.CAMPUS, mail=Mail(host="localhost"))
        settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
        doctor(cast, "Cardiologist", cast.cardiology)
        Person.objects.update(mail=Person.Mail.NEVER)
        opened(cast)
        assert (send_due(), send_due()) == (2, 0)
        assert sorted(one.to[0] for one in mail.outbox) == ["cardiologist@test.example", "data_protection@test.example"]
        assert not [one for one in mail.outbox if str(PATIENT) in one.body or "Physician2" in one.body]


def speak(cast: Cast, access: EmergencyAccess, person: Person, *, needed: bool = True, words: str = "") -> None:
    by = actor_of(person)
    services.speak(queries.access(by, access.id), by=by, needed=needed, words=words)


class TestWhatTheySay:
    def test_it_waits_on_their_home_page_until_the_first_has_said_it(self, cast: Cast) -> None:
        one, two = doctor(cast, "One", cast.cardiology), doctor(cast, "Two", cast.cardiology, Lead.DEPUTY)
        other, director = doctor(cast, "Other", cast.endocrinology), doctor(cast, "Director", None)
        access = opened(cast)
        for person, waits in ((one, 1), (two, 1), (other, 0), (director, 0)):
            assert len(waiting_for(actor_of(person))) == waits, person
        speak(cast, access, two, words="She called me.")
        assert not waiting_for(actor_of(one)) and not waiting_for(actor_of(two))
        with pytest.raises(ForbiddenError, match="already"):
            speak(cast, access, one)
        answer = Answering.objects.get()
        assert (answer.needed, answer.words, answer.speaker) == (True, "She called me.", two)
        event = Event.objects.get(verb="access.speak")
        assert event.patient == str(PATIENT) and event.actor == str(two.pk) and "called" not in str(event.detail)

    def test_whoever_opened_it_does_not_hear_it_as_data_protection(self, cast: Cast) -> None:
        head = doctor(cast, "Head", cast.cardiology)
        people.give_role(cast.people["physician2"], Role.DATA_PROTECTION, cast.hospital, by=SYSTEM)
        access = opened(cast)
        Notice.objects.all().delete()
        speak(cast, access, head, needed=False, words="He was well and at home.")
        assert [one.person for one in Notice.objects.all()] == [cast.people["data_protection"]]

    def test_each_unit_says_it_by_itself(self, cast: Cast) -> None:
        one, two = doctor(cast, "One", cast.cardiology), doctor(cast, "Two", cast.endocrinology)
        for unit in (cast.cardiology, cast.endocrinology):
            services.give_relation(PATIENT, unit, by=SYSTEM)
        access = opened(cast)
        speak(cast, access, one)
        assert len(waiting_for(actor_of(two))) == 1
        speak(cast, access, two, needed=False, words="Nobody here was ill.")
        assert list(Answering.objects.values_list("needed", flat=True).order_by("unit__name")) == [True, False]

    def test_an_objection_is_told_to_data_protection_who_judges(self, cast: Cast) -> None:
        head = doctor(cast, "Head", cast.cardiology)
        access = opened(cast)
        Notice.objects.all().delete()
        with pytest.raises(InputError, match="why"):
            speak(cast, access, head, needed=False, words=" no ")
        speak(cast, access, head, needed=False, words="Nobody called for her.")
        assert [one.person for one in Notice.objects.all()] == [cast.people["data_protection"]]
        assert EmergencyAccess.objects.get().status == Status.ACTIVE
        judge = cast.actor("data_protection")
        services.review(queries.access(judge, access.id), by=judge, justified=False, finding="As the head says.")
        assert Notice.objects.filter(person=cast.people["physician2"]).count() == 1

    def test_what_was_judged_is_not_spoken_of_any_more(self, cast: Cast) -> None:
        head = doctor(cast, "Head", cast.cardiology)
        access = opened(cast)
        before = queries.access(actor_of(head), access.id)
        judge = cast.actor("data_protection")
        services.review(queries.access(judge, access.id), by=judge, justified=False, finding="At home.")
        assert not waiting_for(actor_of(head))
        with pytest.raises(BusyError):
            services.speak(before, by=actor_of(head), needed=True, words="")
        with pytest.raises(ForbiddenError):
            speak(cast, access, head)

    def test_the_page(self, cast: Cast) -> None:
        name_head(role_of(cast.people["physician"]), by=SYSTEM)
        services.give_relation(PATIENT, cast.endocrinology, by=SYSTEM)
        access = opened(cast)
        page = f"/access/{access.id}/"
        client = cast.client("physician")
        assert WORDS in client.get(page).content.decode() and str(access.id) in client.get("/access/").content.decode()
        assert "What you found" not in client.get(page).content.decode()
        for bad in ({}, {"needed": "no", "said": ""}, {"needed": "maybe"}, {"needed": "no", "said": "x" * 2001}):
            assert client.post(page, {**bad, "speak": "yes"}).status_code == 200
        said = {"needed": "no", "said": "He is on our ward, and was well.", "speak": "yes"}
        for key in ("physician2", "data_protection", "data_steward"):
            assert cast.client(key).post(page, said).status_code == 403, key
        assert cast.client("coordinator").post(page, said).status_code == 404
        assert client.post(page, {"justified": "yes", "finding": "Well."}).status_code == 403
        assert client.post(page, said).status_code == 302
        deputy = doctor(cast, "Deputy", cast.endocrinology, Lead.DEPUTY)
        cast.people["deputy"] = deputy
        late = cast.client("deputy").post(page, said)
        assert late.status_code == 409 and 'href="/access/"' in late.content.decode()
        assert re.search(r"Physician said it for Endocrinology already, on \d+ \w+ 20\d\d", late.content.decode())
        EmergencyAccess.objects.update(status=Status.JUSTIFIED)
        assert "has judged this access already" in cast.client("deputy").post(page, said).content.decode()
        assert "and was well" in cast.client("data_protection").get(page).content.decode()
        assert "and was well" not in cast.client("physician2").get(page).content.decode()


def test_the_page_says_that_nobody_leads_the_unit_and_who_takes_care_instead(cast: Cast) -> None:
    services.give_relation(PATIENT, cast.endocrinology, by=SYSTEM)
    page, officer = f"/access/{opened(cast).id}/", cast.client("data_protection")
    shown = officer.get(page).content.decode()
    assert "Nobody leads it who can say it; data protection judges without." in shown and "Nothing said" not in shown
    doctor(cast, "Director", None)
    assert "the heads of Hospital were told instead" in officer.get(page).content.decode()
    doctor(cast, "Head", cast.endocrinology)
    shown = officer.get(page).content.decode()
    assert "Nothing said yet" in shown and "Nobody leads" not in shown


def test_whoever_is_named_for_a_day_to_come_reads_from_when_in_their_own_way(cast: Cast) -> None:
    person = people.add_person("next@test.example", "Next", by=SYSTEM)
    day = datetime.date(2999, 3, 1)
    held = people.give_role(person, Role.PHYSICIAN, cast.hospital, by=SYSTEM, unit=cast.cardiology, since=day)
    name_head(held, by=SYSTEM)
    notice = Notice.objects.get(person=person)
    for language, said in (("en", "1 March 2999"), ("nl", "1 maart 2999"), ("fr", "1 mars 2999")):
        with override(language):
            assert said in line(notice) and "2999-03-01" not in line(notice)
    release_head(held, by=SYSTEM)
    assert "head of Cardiology no longer" in line(Notice.objects.filter(person=person).exclude(id=notice.id).get())


def test_a_value_that_is_no_day_is_told_as_it_is() -> None:
    for value in ("2026-13-45", "2026-1-1", "S12345", ""):
        assert line(Notice(sentence="{name}", values={"name": value})) == value


def test_what_nobody_judged_in_time_is_told_once_to_those_who_watch(cast: Cast) -> None:
    held = people.give_role(cast.people["physician2"], Role.DATA_STEWARD, cast.hospital, by=SYSTEM)
    access, judged = opened(cast), opened(cast, patient=1)
    judge, now = cast.actor("data_protection"), timezone.now()
    services.review(queries.access(judge, judged.id), by=judge, justified=False, finding="At home.")
    Notice.objects.all().delete()
    assert carry_out_due(now) == 0 and carry_out_due(access.opened + REVIEW_WITHIN) == 0
    later = access.opened + REVIEW_WITHIN + datetime.timedelta(minutes=1)
    assert (carry_out_due(later), carry_out_due(later)) == (1, 0)
    watch = {cast.people["data_protection"], cast.people["data_steward"]}
    assert {one.person for one in Notice.objects.all()} == watch and held.person not in watch
    assert all(one.urgent for one in Notice.objects.all()) and Event.objects.filter(verb="access.remind").count() == 1
    with pytest.raises(BusyError):
        remind(access.id, by=SYSTEM)


class TestNaming:
    def test_an_administrator_names_and_releases_and_it_is_on_the_record(self, cast: Cast) -> None:
        held, by = role_of(cast.people["physician"]), cast.actor("administrator")
        name_head(held, by=by)
        assert cast.actor("physician").heads == {str(cast.endocrinology.id)}
        assert Notice.objects.get().values == {"place": "Endocrinology"}
        with pytest.raises(BusyError):
            name_head(held, by=by)
        name_head(held, by=by, lead=Lead.DEPUTY)
        release_head(held, by=by)
        assert cast.actor("physician").heads == frozenset()
        with pytest.raises(BusyError):
            release_head(held, by=by)
        told = Event.objects.filter(verb__in=("people.name_head", "people.release_head")).order_by("number")
        assert [one.detail.get("leads") for one in told] == ["head", "deputy", None]
        assert {one.detail["unit"] for one in told} == {str(cast.endocrinology.id)}

    @pytest.mark.parametrize("key", [one for one in [*Role, "nobody"] if one != Role.ADMINISTRATOR])
    def test_nobody_else_does(self, cast: Cast, key: str) -> None:
        held = role_of(cast.people["physician"])
        with pytest.raises(ForbiddenError):
            name_head(held, by=cast.actor(key))
        with pytest.raises(ForbiddenError):
            release_head(held, by=cast.actor(key))
        client = cast.client(key)
        for page in (f"units/{cast.endocrinology.id}", f"organisations/{cast.hospital.id}"):
            assert client.get(f"/people/{page}/heads/").status_code == 403
            assert client.post(f"/people/{page}/heads/", {"who": str(held.id), "lead": "head"}).status_code == 403

    def test_an_administrator_does_not_name_themselves(self, cast: Cast) -> None:
        own = people.give_role(cast.people["administrator"], Role.PHYSICIAN, cast.hospital, by=SYSTEM)
        with pytest.raises(ForbiddenError, match="themselves"):
            name_head(own, by=cast.actor("administrator"))

    def test_who_leads_treats_patients(self, cast: Cast) -> None:
        for key in ("researcher", "data_protection", "administrator", "partner"):
            with pytest.raises(InputError, match="treat patients"):
                name_head(role_of(cast.people[key]), by=SYSTEM)
            with pytest.raises(IntegrityError), transaction.atomic():
                Affiliation.objects.filter(person=cast.people[key]).update(leads="head")

    def test_what_is_over_leads_nothing(self, cast: Cast) -> None:
        held = role_of(cast.people["physician"])
        Affiliation.objects.filter(id=held.id).update(since=timezone.localdate() - 9 * DAY)
        people.end_role(Affiliation.objects.get(id=held.id), by=SYSTEM)
        with pytest.raises(InputError, match="ended"):
            name_head(held, by=SYSTEM)
        people.close_account(cast.people["physician2"], by=SYSTEM)
        with pytest.raises(InputError, match="closed"):
            name_head(role_of(cast.people["physician2"]), by=SYSTEM)

    def test_the_page(self, cast: Cast) -> None:
        client, page = cast.client("administrator"), f"/people/units/{cast.endocrinology.id}/heads/"
        ours, theirs = role_of(cast.people["physician"]), role_of(cast.people["physician2"])
        shown = client.get(page).content.decode()
        assert str(ours.id) in shown and str(theirs.id) not in shown
        for bad in ({}, {"who": str(theirs.id), "lead": "head"}, {"who": str(ours.id), "lead": "king"}):
            assert client.post(page, bad).status_code == 200
        assert not Affiliation.objects.exclude(leads="").exists()
        assert client.post(page, {"who": str(ours.id), "lead": "deputy"}).status_code == 302
        assert client.post(page, {"who": str(ours.id), "lead": "deputy"}).status_code == 409
        for key in ("student", "administrator"):
            address = f"/people/organisations/{cast.hospital.id}/"
            assert "Deputy head" in cast.client(key).get(address).content.decode()
            assert "Deputy head" in cast.client(key).get(f"/people/{ours.person_id}/").content.decode()
            assert "Deputy head" in cast.client(key).get(f"/people/?where={cast.endocrinology.id}").content.decode()
        for bad_id in (str(theirs.id), "x"):
            assert client.post(page, {"release": bad_id}).status_code == 404
        assert client.post(page, {"release": str(ours.id)}).status_code == 302
        assert client.post(page, {"release": str(ours.id)}).status_code == 409
        assert client.get(f"/people/units/{cast.hospital.id}/heads/").status_code == 404
        whole = f"/people/organisations/{cast.hospital.id}/heads/"
        coordinator = role_of(cast.people["coordinator"])
        assert client.post(whole, {"who": str(coordinator.id), "lead": "head"}).status_code == 302
        assert cast.actor("coordinator").heads == {str(cast.hospital.id)}


def test_who_sees_to_it_reads_which_units_have_no_head(cast: Cast) -> None:
    def named(key: str) -> dict[str, str]:
        panels = [panel for panel in page_of(cast.actor(key))[1] if panel.key == "heads"]
        return {one.title: one.line for panel in panels for one in panel.entries}

    empty = people.add_unit(cast.hospital, "Archive", "department", by=SYSTEM)
    assert set(named("data_steward")) == set(named("administrator")) == {"Cardiology", "Endocrinology"}
    assert not named("physician") and not named("data_protection")
    assert _heads().state == "warning" and "Cardiology, Endocrinology" in _heads().said
    services.give_relation(PATIENT, empty, by=SYSTEM)
    assert "Archive" in named("data_steward")
    services.end_relation(PATIENT, empty, by=SYSTEM)
    doctor(cast, "Director", None)
    assert "Instead" in named("data_steward")["Cardiology"]
    for key in ("physician", "physician2"):
        name_head(role_of(cast.people[key]), by=SYSTEM)
    assert not named("data_steward") and _heads().state == "good"
    people.close_account(cast.people["physician2"], by=SYSTEM)
    assert not named("data_steward"), "nobody works there any more"
    doctor(cast, "Cardiologist", cast.cardiology, None)
    assert set(named("data_steward")) == {"Cardiology"}


@pytest.mark.django_db(transaction=True)
def test_two_heads_at_once_say_it_once() -> None:
    cast = make_cast()
    both = [doctor(cast, "One", cast.cardiology), doctor(cast, "Two", cast.cardiology)]
    access, results, start = opened(cast), [], threading.Barrier(2)
    seen = {one.pk: (actor_of(one), queries.access(actor_of(one), access.id)) for one in both}

    def say(person: Person) -> None:
        by, shown = seen[person.pk]
        start.wait()
        try:
            services.speak(shown, by=by, needed=True, words="")
            results.append("said")
        except BusyError:
            results.append("busy")
        finally:
            connections.close_all()

    threads = [threading.Thread(target=say, args=(one,)) for one in both]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == ["busy", "said"] and Event.objects.filter(verb="access.speak").count() == 1


def test_what_is_read_in_an_emergency_is_marked_on_the_record_and_nothing_else(cast: Cast) -> None:
    services.give_relation(PATIENT, cast.endocrinology, by=SYSTEM)
    opened(cast)
    for key in ("physician", "physician2"):
        look_at_patient(PATIENT, by=cast.actor(key))
    read = Event.objects.filter(verb="cohorts.look_at_patient").order_by("number")
    assert [one.detail.get("emergency") for one in read] == [None, True]
    assert Event.objects.get(verb="access.open").detail["emergency"] is True


def test_it_can_be_asked_who_may_do_what_with_an_emergency_access(cast: Cast) -> None:
    access = opened(cast)

    def ask(key: str, about: str = "", what: str = "physician2") -> str:
        who = f"who={about}@test.example&" if about else ""
        answer = cast.client(key).get(f"/people/why/?{who}kind=emergency&what={what}")
        assert answer.status_code == 200
        return answer.content.decode()

    own = ask("physician2")
    assert "You opened it." in own and "You opened this record in an emergency" in own
    asked = ask("data_protection", "physician", str(access.id))
    assert "Your team does not treat this patient" in asked and "A head or deputy of the unit" in asked
    assert str(PATIENT) not in asked
    for key in ("physician", "administrator", "researcher"):
        assert "Nothing that you may know of" in ask(key) + ask(key, what=str(access.id)), key
    assert str(PATIENT) not in str(Event.objects.filter(verb="people.ask_why").values_list("detail", "patient"))
