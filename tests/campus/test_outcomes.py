"""Questions about outcomes: who may ask on which records, what becomes of them, and who sees the answer."""

from __future__ import annotations

import datetime
import itertools
import re
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from campus.cast import Cast
from campus.outcomes_things import ILL, answered, cohort_of_all, small_hospital, with_records
from campus.test_studies import completed
from campus.test_studies_count import approve
from wardbench.bench.outcomes.pico import Picked, Pico, Profile
from wardbench.campus.access.services import give_relation
from wardbench.campus.audit.models import Event
from wardbench.campus.biobank import withdrawing
from wardbench.campus.cohorts import queries as cohorts
from wardbench.campus.cohorts import services as cohort_services
from wardbench.campus.counting import sessions
from wardbench.campus.notices.models import Notice
from wardbench.campus.outcomes import answering, queries, services
from wardbench.campus.outcomes.models import Inquiry
from wardbench.campus.outcomes.rules import (
    EXACT,
    SHAREABLE,
    TABLE,
    Act,
    Basis,
    Facts,
    Kind,
    Part,
    Status,
    may_act,
    may_see,
)
from wardbench.campus.outcomes.words import STEPS
from wardbench.campus.people.models import Affiliation as Affiliations
from wardbench.campus.people.roles import Role
from wardbench.campus.people.rules import SYSTEM, Actor, Affiliation, ForbiddenError, no, yes
from wardbench.campus.studies import granting
from wardbench.campus.studies import services as studies
from wardbench.core.errors import BusyError, InputError, NotFoundError

FIRST = Picked(2, "carvedilol", "drug")
SECOND = Picked(3, "bisoprolol", "drug")


@pytest.fixture(scope="session")
def hospital(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_hospital(tmp_path_factory.mktemp("outcomes") / "store")


@pytest.fixture
def campus(cast: Cast, hospital: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Cast:
    return with_records(cast, hospital, settings, monkeypatch)


def asked(**other: Any) -> Pico:
    given: dict[str, Any] = {
        "name": "Carvedilol or bisoprolol",
        "profile": Profile((ILL,)),
        "washout_days": 3,
        "days": 365,
    }
    return Pico(**{**given, "intervention": (FIRST,), "comparison": (SECOND,), **other})


def ask(
    cast: Cast, key: str = "physician", basis: Basis = Basis.SANDBOX, *, of: Pico | None = None, **other: Any
) -> Inquiry:
    other = {"purpose": "For the heart failure clinic.", **other}
    return services.ask(of or asked(), {"slots": {}}, basis, by=cast.actor(key), **other)


def numbers(one: Inquiry) -> list[str]:
    return [one.report["figures"][arm]["text"] for arm in ("target", "comparator")]


def actor(key: str, *roles: Role) -> Actor:
    return Actor(key, key, tuple(Affiliation(role, "x") for role in roles))


def test_who_may_do_what_in_which_state_on_which_basis() -> None:
    owner, steward, other = actor("o", Role.PHYSICIAN), actor("s", Role.DATA_STEWARD), actor("x", Role.RESEARCHER)
    both = actor("o", Role.PHYSICIAN, Role.DATA_STEWARD)
    for status, basis, act in itertools.product(Status, Basis, Act):
        for shared, who in itertools.product((False, True), (owner, steward, other, both)):
            facts = Facts("o", basis, status, shared, permitted=yes("named") if who.id == "o" else no("not named"))
            part = TABLE[status].get(act)
            expected = part is not None and bool(may_see(who, facts))
            if part is Part.REVIEWER:
                expected &= who is steward
            else:
                expected &= who.id == "o"
            if act in (Act.SHARE, Act.UNSHARE):
                expected &= basis in SHAREABLE and shared is (act is Act.UNSHARE)
            assert bool(may_act(who, act, facts)) is expected, (status, basis, act, shared, who)


def test_exact_figures_are_never_for_others_than_who_may_count_them() -> None:
    """But for those of the twin, in which nobody exists."""
    for basis in EXACT - {Basis.SANDBOX}:
        facts = Facts("o", basis, Status.ANSWERED, shared=True, permitted=no("not named"))
        for role in set(Role) - {Role.DATA_STEWARD}:
            assert not may_see(actor("o", role), facts), (basis, role)
        assert bool(may_see(actor("s", Role.DATA_STEWARD), facts)) is (basis is Basis.STEWARDSHIP)


def test_on_the_twin_the_answer_comes_at_once_and_is_told(campus: Cast) -> None:
    one = ask(campus)
    assert one.status == Status.WAITING
    assert answered(one).status == Status.ANSWERED and numbers(one) == ["30", "30"]
    assert one.answerable is False and "fewer than 100" in one.report["verdict"]
    assert Notice.objects.get(person=campus.people["physician"]).values == {"name": one.name}
    events = list(Event.objects.filter(verb__startswith="outcomes.").order_by("number").values_list("verb", flat=True))
    assert events == ["outcomes.ask", "outcomes.answer"]


def test_the_same_protocol_from_the_page_and_from_the_command_line_have_one_hash(campus: Cast, tmp_path: Path) -> None:
    from wardbench.bench.outcomes.protocol import read_question

    one = ask(campus)
    answer = campus.client("physician").get(f"/outcomes/{one.id}/protocol.json")
    (tmp_path / "p.json").write_bytes(answer.content)
    assert read_question(tmp_path / "p.json").digest == one.hash == ask(campus).hash
    assert ask(campus, of=asked(days=1095)).hash != one.hash


def test_for_care_a_data_steward_lets_it_be_answered_and_small_numbers_are_hidden(campus: Cast) -> None:
    one = ask(campus, basis=Basis.REVIEWED)
    assert one.status == Status.ASKED
    answering.carry_on(one.id)
    one.refresh_from_db()
    assert one.status == Status.ASKED, "nobody answers what was not let"
    for key in set(campus.people) - {"data_steward", "physician", "data_protection"}:
        with pytest.raises(NotFoundError):
            services.allow(one.id, "", by=campus.actor(key))
    with pytest.raises(ForbiddenError):
        services.allow(one.id, "", by=campus.actor("physician"))
    assert [found.id for found in queries.waiting(campus.actor("data_steward"))] == [one.id]
    services.allow(one.id, "A group of sixty.", by=campus.actor("data_steward"))
    assert answered(one).status == Status.ANSWERED and one.report["figures"]["mode"] == "release"
    assert numbers(one) == ["30", "30"]


def test_a_fault_of_the_program_is_told_to_who_asked(campus: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """And not waited out: whatever was not foreseen is tried again, and then said, even where it came at the end."""
    true = services._tell

    def broken(to: object, sentence: str, *args: Any) -> None:
        if "is answered" in sentence:
            raise RuntimeError("something of the records")
        true(to, sentence, *args)

    monkeypatch.setattr(services, "_tell", broken)
    one = ask(campus)
    for tried in range(answering.TRIES):
        one.refresh_from_db()
        if one.status == Status.WAITING:
            assert one.tries == tried
            answered(one)
    one.refresh_from_db()
    assert one.status == Status.FAILED and one.tries == answering.TRIES
    page = campus.client("physician").get(f"/outcomes/{one.id}/").content.decode()
    assert answering.FAULT in page and "something of the records" not in page


def test_a_refusal_has_its_reason(campus: Cast) -> None:
    one = ask(campus, basis=Basis.REVIEWED)
    with pytest.raises(InputError, match="reason"):
        services.refuse(one.id, " ", by=campus.actor("data_steward"))
    services.refuse(one.id, "It is about one patient.", by=campus.actor("data_steward"))
    page = campus.client("physician").get(f"/outcomes/{one.id}/").content.decode()
    assert "It is about one patient." in page and "Refused" in page
    answering.carry_on(one.id)
    one.refresh_from_db()
    assert one.status == Status.REFUSED and not one.page


def test_who_objected_is_in_no_answer_but_a_steward_s(campus: Cast) -> None:
    for person in range(1, 7):
        withdrawing.opt_out(withdrawing.DATA, person=person, by=SYSTEM)
    care = ask(campus, basis=Basis.REVIEWED)
    services.allow(care.id, "", by=campus.actor("data_steward"))
    assert numbers(answered(care)) == ["25", "30"], "24, rounded"
    exact = answered(ask(campus, "data_steward", Basis.STEWARDSHIP))
    assert numbers(exact) == ["30", "30"]
    assert "--objected objected.txt" in care.page and "but for those who objected" in care.page
    assert "--objected" not in exact.page and "who objected" not in exact.page


@pytest.fixture
def study(campus: Cast) -> Any:
    by = campus.actor("researcher")
    expression = services.protocol_of(asked(intervention=(), comparison=())).target
    assert isinstance(expression, dict)
    cohort = cohort_services.make_cohort("Failing hearts", by=by, expression=expression["expression"])
    version = cohort_services.save_version(cohort.id, cohorts.desk(cohort, by).revision, by=by)
    found = completed(campus)
    found.cohorts.all().delete()
    studies.attach_cohort(found.id, version.id, by=by)
    return found, {"name": "Failing hearts", "expression": version.expression}, version.hash


def test_within_a_study_the_permit_says_who_asks_of_whom_and_who_sees(campus: Cast, study: Any) -> None:
    one, population, content = study
    question = asked(profile=Profile(), population=population)
    within = {"basis": Basis.STUDY, "of": question, "study": one.reference, "cohort": content}
    with pytest.raises(ForbiddenError):
        ask(campus, "researcher", **within)
    approve(campus, one)
    withdrawing.opt_out(withdrawing.DATA, person=7, by=SYSTEM)
    made = answered(ask(campus, "researcher", **within))
    assert numbers(made) == ["29", "30"], "exact, without whoever objected"
    with pytest.raises(ForbiddenError):
        ask(campus, "researcher", **{**within, "cohort": "0" * 64})
    with pytest.raises(InputError, match="population"):
        ask(campus, "researcher", **{**within, "cohort": ""})
    with pytest.raises(ForbiddenError):
        ask(campus, "researcher2", **within)
    for key in set(campus.people) - {"researcher"}:
        with pytest.raises(NotFoundError):
            queries.inquiry(made.id, by=campus.actor(key))
    waiting = ask(campus, "researcher", **within)
    granting.revoke(one.id, "A complaint", by=campus.actor("data_protection"))
    with pytest.raises(NotFoundError):
        queries.inquiry(made.id, by=campus.actor("researcher"))
    assert answered(waiting).status == Status.FAILED, "the permit is asked again when its turn comes"


def test_taken_back_while_it_is_answered_it_stays_so(campus: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    one = ask(campus)
    from wardbench.bench.outcomes import analysis

    true = analysis.extract

    def meanwhile(*args: Any, **kwargs: Any) -> Any:
        services.take_back(one.id, by=campus.actor("physician"))
        return true(*args, **kwargs)

    monkeypatch.setattr(analysis, "extract", meanwhile)
    assert answered(one).status == Status.WITHDRAWN and not one.page
    with pytest.raises(ForbiddenError):
        services.take_back(one.id, by=campus.actor("physician"))


def test_a_process_that_died_leaves_its_question_to_the_next_and_at_last_it_is_given_up(campus: Cast) -> None:
    one = ask(campus)
    for tries in range(1, answering.TRIES + 1):
        Inquiry.objects.filter(id=one.id).update(status=Status.RUNNING, moved=timezone.now(), tries=tries)
        answering.carry_out_due()
        one.refresh_from_db()
        assert one.status == Status.RUNNING, "it was heard of a moment ago"
        answering.carry_out_due(timezone.now() + answering.SILENT + datetime.timedelta(minutes=1))
        one.refresh_from_db()
        assert one.status == (Status.WAITING if tries < answering.TRIES else Status.FAILED)
    again = ask(campus)
    Inquiry.objects.filter(id=again.id).update(
        status=Status.RUNNING, moved=timezone.now() - 2 * answering.SILENT, tries=1
    )
    answering.carry_out_due()
    assert answered(again).status == Status.ANSWERED


def test_two_processes_never_answer_the_same(campus: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    one = ask(campus)
    from wardbench.bench.outcomes import analysis

    true, times = analysis.extract, []

    def once(*args: Any, **kwargs: Any) -> Any:
        times.append(1)
        answering.carry_on(one.id)
        return true(*args, **kwargs)

    monkeypatch.setattr(analysis, "extract", once)
    assert answered(one).status == Status.ANSWERED
    assert len(times) == 1 and one.tries == 1
    with pytest.raises(BusyError):
        services.fail(Inquiry(id=one.id, status=Status.RUNNING, owner=one.owner), "late", by=SYSTEM)


def test_what_the_engine_cannot_answer_says_why(campus: Cast) -> None:
    one = answered(ask(campus, of=asked(outcome=(Picked(99, "Nowhere", "condition"),))))
    assert one.status == Status.ANSWERED, "an outcome that nobody had is an answer"
    Inquiry.objects.filter(id=(broken := ask(campus)).id).update(protocol={**broken.protocol, "target": {"name": "x"}})
    assert answered(broken).status == Status.FAILED and broken.fault
    page = campus.client("physician").get(f"/outcomes/{broken.id}/").content.decode()
    assert "Could not be answered" in page


def form(**other: Any) -> dict[str, Any]:
    given = {
        "name": "", "population": "", "sex": "", "youngest": "", "oldest": "", "days": "365",
        "estimand": "intention-to-treat", "adjustment": "matching", "washout_days": "3", "basis": "sandbox",
        "purpose": "", "conditions": ["condition:1"], "intervention": ["drug:2"], "comparison": ["drug:3"],
    }  # fmt: skip
    return {**given, **other}


def test_from_the_form_to_the_report(campus: Cast) -> None:
    client = campus.client("physician")
    empty = client.get("/outcomes/").content.decode()
    assert "Nothing was asked yet" in empty
    page = client.post("/outcomes/new/", {"find": "conditions", "find_conditions": "HEART"}).content.decode()
    assert 'value="condition:1"' in page and "1 found for “HEART”" in page and "checked" in page
    kept = {"conditions": "condition:1", "find": "conditions", "find_intervention": "carvedilol"}
    page = client.post("/outcomes/new/", kept).content.decode()
    assert 'value="condition:1" checked' in page, "what was ticked stays"
    assert 'value="drug:2"' in page, "the Enter key presses the first button, and what was typed counts"
    answer = client.post("/outcomes/new/", form())
    one = Inquiry.objects.get()
    assert answer["Location"] == f"/outcomes/{one.id}/" and one.name == "carvedilol or bisoprolol: Heart failure"
    page = client.get(f"/outcomes/{one.id}/").content.decode()
    assert f'hx-get="/outcomes/{one.id}/progress/"' in page and "Waits for its turn" in page
    assert "HX-Refresh" not in client.get(f"/outcomes/{one.id}/progress/")
    answered(one)
    assert client.get(f"/outcomes/{one.id}/progress/")["HX-Refresh"] == "true"
    page = client.get(f"/outcomes/{one.id}/").content.decode()
    assert "Not answerable, because" in page and "says nothing about patients" in page
    report = client.get(f"/outcomes/{one.id}/report/")
    text = report.content.decode()
    assert "Not answerable, because" in text
    style = text.split("style-src '")[1].split("'")[0]
    assert f"style-src '{style}'" in report["Content-Security-Policy"], "the browser shows it as it was made"
    assert client.get("/favicon.ico")["Location"].endswith(".svg"), "the report names no icon, and browsers ask for one"
    assert client.get(f"/outcomes/{one.id}/report/?save")["Content-Disposition"].startswith("attachment")
    assert one.name in client.get("/outcomes/?text=carvedilol").content.decode()
    again = client.get(f"/outcomes/new/?again={one.id}").content.decode()
    assert all(f'value="{value}" checked' in again for value in ("condition:1", "drug:2", "drug:3"))


def test_each_step_is_told_in_the_reader_s_language(campus: Cast, hospital: Path) -> None:
    from wardbench.bench.outcomes.analysis import analyse
    from wardbench.bench.outcomes.protocol import question

    told: list[str] = []
    analyse(
        question(services.protocol_of(asked()), Path()),
        sessions.snapshot("twin"),
        progress=lambda _done, _total, what: told.append(what),
    )
    assert len(told) > 2 and set(told) <= set(STEPS)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"conditions": [], "intervention": [], "comparison": []}, "choose a cohort, or a diagnosis"),
        ({"intervention": []}, "a comparison needs what it is compared with"),
        ({"comparison": ["drug:2"]}, "cannot be what the intervention is"),
        ({"comparison": [], "controls": ["condition:4"]}, "nothing is compared"),
        ({"conditions": ["condition:77"]}, "no such concept"),
        ({"conditions": ["drug:2"]}, "no such concept"),
        ({"conditions": ["condition:" + "9" * 40]}, "no such concept"),
        ({"youngest": "60", "oldest": "50"}, "below the age from which"),
        ({"days": "3"}, "valid choice"),
        ({"basis": "stewardship"}, "valid choice"),
        ({"basis": "study:S12345"}, "valid choice"),
        ({"basis": "reviewed"}, "say what the answer is for"),
        ({"population": "0d9e2be7-7b1e-4b7c-8b57-7d4d5a0d9c11"}, "valid choice"),
    ],
)
def test_what_cannot_be_asked_is_said_on_the_form(campus: Cast, change: dict[str, Any], sentence: str) -> None:
    client = campus.client("physician")
    answer = client.post("/outcomes/new/", form(**change))
    assert answer.status_code == 400 and sentence in answer.content.decode()
    assert not Inquiry.objects.exists()


def test_a_question_begins_with_a_cohort_of_one_s_own_alone(campus: Cast, study: Any) -> None:
    version = cohorts.newest()
    assert version is not None
    page = campus.client("researcher").get(f"/outcomes/new/?cohort={version.cohort_id}").content.decode()
    assert f'<option value="{version.id}" selected' in page
    answer = campus.client("physician").get(f"/outcomes/new/?cohort={version.cohort_id}")
    assert answer.status_code == 404
    found = campus.client("researcher").post("/outcomes/new/", form(population=str(version.id), conditions=[]))
    assert found.status_code == 302
    one = answered(Inquiry.objects.get())
    assert one.protocol["population"]["name"] == "Failing hearts" and numbers(one) == ["30", "30"]


def test_from_a_patient_of_one_s_own_and_on_the_record(campus: Cast) -> None:
    give_relation(3, campus.endocrinology, by=SYSTEM)
    client = campus.client("physician")
    page = client.post("/outcomes/new/patient/", {"patient": "3"}).content.decode()
    assert 'value="condition:1"' in page and 'value="condition:1" checked' not in page
    assert 'value="drug:2"' in page and 'value="82"' in page and 'value="92"' in page, "born in 1933, give or take five"
    event = Event.objects.get(verb="outcomes.start_from_patient")
    assert event.patient == "3" and event.actor == str(campus.people["physician"].id)
    for number in ("4", "999", "", "x"):
        assert client.post("/outcomes/new/patient/", {"patient": number}).status_code == 404
    assert Event.objects.filter(verb="outcomes.refuse_patient").count() == 2
    assert campus.client("researcher").post("/outcomes/new/patient/", {"patient": "3"}).status_code == 403


def test_whether_an_answer_is_about_a_patient_is_told_and_on_the_record(campus: Cast) -> None:
    give_relation(3, campus.endocrinology, by=SYSTEM)
    client, one = campus.client("physician"), ask(campus)
    there = f"/outcomes/{one.id}/patient/"
    assert client.post(there, {"patient": "3"}).status_code == 403, "there is no answer yet"
    answered(one)
    assert there in client.get(f"/outcomes/{one.id}/").content.decode()
    page = client.post(there, {"patient": "3"}).content.decode()
    assert "Is it about this patient?" in page and "Heart failure" in page
    assert "already; the answer is about who begins it" in page and "First use of carvedilol" in page
    assert "The comparison itself was not answerable" in page
    event = Event.objects.get(verb="outcomes.place_patient")
    assert event.patient == "3" and event.actor == str(campus.people["physician"].id)
    one.refresh_from_db()
    assert "patient" not in one.asked and one.report["model"]["share"] == 0.5
    for number in ("4", "999", "", "x"):
        assert client.post(there, {"patient": number}).status_code == 404
    assert campus.client("researcher").post(there, {"patient": "3"}).status_code == 404, "nor see the question"
    shared = answered(ask(campus, "researcher"))
    assert "/patient/" not in campus.client("researcher").get(f"/outcomes/{shared.id}/").content.decode()


def test_an_answer_is_shown_to_others_when_its_owner_says_so(campus: Cast) -> None:
    one = answered(ask(campus))
    client = campus.client("researcher")
    assert client.get(f"/outcomes/{one.id}/").status_code == 404
    assert campus.client("physician").post(f"/outcomes/{one.id}/share/").status_code == 302
    assert client.get(f"/outcomes/{one.id}/report/").status_code == 200
    assert campus.client("partner").get(f"/outcomes/{one.id}/").status_code == 404
    assert client.post(f"/outcomes/{one.id}/unshare/").status_code == 302
    assert client.get(f"/outcomes/{one.id}/").status_code == 200, "only whoever asked can do this"
    campus.client("physician").post(f"/outcomes/{one.id}/unshare/")
    assert client.get(f"/outcomes/{one.id}/").status_code == 404
    assert campus.client("physician").post(f"/outcomes/{one.id}/sell/").status_code == 404


AGGREGATES = "variable,level,n,mean,sd\npersons,,40,,\nage,,40,61.5,9\n"


def file_of(text: str, name: str = "trial.csv") -> Any:
    return SimpleUploadedFile(name, text.encode())


@pytest.fixture
def everybody(campus: Cast) -> Any:
    """A cohort of the physician's: all sixty, from their diagnosis on."""
    return cohort_of_all(campus.actor("physician"))


def test_a_study_s_aggregates_beside_the_hospital(campus: Cast, everybody: Any) -> None:
    client = campus.client("physician")
    assert "Nothing was asked yet" in client.get("/benchmark/").content.decode()
    given = {"hospital": str(everybody.id), "basis": "sandbox"}
    for wrong, sentence in (
        ({}, "one of the two"),
        ({"study": str(everybody.id), "aggregates": file_of(AGGREGATES)}, "one of the two"),
        ({"aggregates": file_of("person_id,value\n1,2\n")}, "trial.csv: line 1: column person_id"),
        ({"aggregates": file_of(AGGREGATES.replace("40,61.5", "41,61.5"))}, "trial.csv: line 3"),
        ({"aggregates": file_of(AGGREGATES, "trial.xlsx")}, "has to end with .csv"),
        ({"aggregates": file_of("x" * 200_001)}, "200,000 bytes at most"),
        ({"aggregates": SimpleUploadedFile("trial.csv", b"\xff\xfe")}, "UTF-8"),
        ({"aggregates": file_of(AGGREGATES), "basis": "study:S12345"}, "valid choice"),
    ):
        answer = client.post("/benchmark/table1/", {**given, **wrong})
        assert answer.status_code == 400 and sentence in answer.content.decode(), sentence
    assert not Inquiry.objects.exists()
    assert client.post("/benchmark/table1/", {**given, "aggregates": file_of(AGGREGATES)}).status_code == 302
    one = answered(Inquiry.objects.get())
    assert one.status == Status.ANSWERED, one.fault
    assert "61.5" in one.page and "Failing hearts" in one.page and one.name == "trial.csv beside Failing hearts"
    page = client.get(f"/outcomes/{one.id}/").content.decode()
    assert "The study differs from" in page and "trial.csv" in page and "Back to the benchmark" in page
    assert one.name in client.get("/benchmark/").content.decode() not in client.get("/outcomes/").content.decode()
    again = client.get(f"/benchmark/table1/?again={one.id}").content.decode()
    assert f'<option value="{everybody.id}" selected' in again


def test_whoever_reviews_is_told_of_questions_that_few_persons_tell_apart(campus: Cast) -> None:
    steward, client = campus.actor("data_steward"), campus.client("data_steward")
    first = ask(campus, basis=Basis.REVIEWED)
    assert "the same persons but for a few" not in client.get(f"/outcomes/{first.id}/").content.decode()
    services.allow(first.id, "", by=steward)
    # The same persons followed for another time, or observed for longer before, and only half of them: none tells of
    # a few.
    for other in (asked(days=200), asked(washout_days=4), asked(profile=Profile((ILL,), sex=8532))):
        services.allow(ask(campus, basis=Basis.REVIEWED, of=other).id, "", by=steward)
    fewer = (asked(profile=Profile((ILL,), oldest=2020 - 1931)), asked(profile=Profile((ILL,), oldest=2020 - 1932)))
    for of in fewer:
        one = ask(campus, "researcher", basis=Basis.REVIEWED, of=of)
        page = client.get(f"/outcomes/{one.id}/").content.decode()
        assert "the same persons but for a few" in page and f"/outcomes/{first.id}/" in page
        asker = campus.client("researcher").get(f"/outcomes/{one.id}/").content.decode()
        assert "the same persons but for a few" not in asker
        with pytest.raises(InputError, match="but for a few"):
            services.allow(one.id, " ", by=steward)
        services.allow(one.id, "Both are for one clinic that knows them.", by=steward)
        assert str(first.id) in Event.objects.filter(verb="outcomes.allow").latest("number").detail["near"]


def test_an_answer_on_older_records_is_near_to_the_same_question(campus: Cast) -> None:
    """Two answers of one question tell about those who were loaded between them."""
    steward, client = campus.actor("data_steward"), campus.client("data_steward")
    first = ask(campus, basis=Basis.REVIEWED)
    services.allow(first.id, "", by=steward)
    first = answered(first)
    assert first.status == Status.ANSWERED and first.snapshot
    services.allow(ask(campus, basis=Basis.REVIEWED).id, "", by=steward)
    Inquiry.objects.filter(id=first.id).update(snapshot="older")
    for of in (asked(), asked(days=200)):
        one = ask(campus, basis=Basis.REVIEWED, of=of)
        page = client.get(f"/outcomes/{one.id}/").content.decode()
        assert page.count("answered on records that were loaded before") == 1 and f"/outcomes/{first.id}/" in page
        with pytest.raises(InputError, match="but for a few"):
            services.allow(one.id, "", by=steward)
        services.allow(one.id, "A quarter has passed.", by=steward)


def test_questions_are_near_where_few_tell_those_apart_who_are_left_to_be_followed(
    cast: Cast, tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The cohorts are the same; two persons of them were observed for two days before, and not for three."""
    campus = with_records(cast, small_hospital(tmp_path / "store", late=(1, 31)), settings, monkeypatch)
    steward = campus.actor("data_steward")
    first = ask(campus, basis=Basis.REVIEWED, of=asked(washout_days=1))
    services.allow(first.id, "", by=steward)
    services.allow(ask(campus, basis=Basis.REVIEWED, of=asked(washout_days=2)).id, "", by=steward)
    near = ask(campus, basis=Basis.REVIEWED, of=asked(washout_days=3))
    with pytest.raises(InputError, match="but for a few"):
        services.allow(near.id, "", by=steward)
    # Who objected is in no answer, and tells none apart.
    for person in (1, 31):
        withdrawing.opt_out(withdrawing.DATA, person=person, by=SYSTEM)
    services.allow(near.id, "", by=steward)


def test_a_benchmark_is_held_against_what_was_asked_of_outcomes(campus: Cast, everybody: Any) -> None:
    def of_hospital(fewer: int) -> Inquiry:
        expression = {**everybody.expression}
        if fewer:
            older = {"Age": {"Op": "lte", "Value": 2020 - 1930 - fewer}}
            rule = {"Type": "ALL", "CriteriaList": [], "DemographicCriteriaList": [older], "Groups": []}
            expression["InclusionRules"] = [{"name": "younger", "expression": rule}]
        spec = {"hospital": {"name": "Hearts", "expression": expression}, "study": None, "name": "t.csv"}
        return services.hold_against(
            Kind.TABLE1, "Trial", {**spec, "aggregates": AGGREGATES}, {}, Basis.REVIEWED,
            by=campus.actor("physician"), purpose="Who is in it.",
        )  # fmt: skip

    services.allow(of_hospital(0).id, "", by=campus.actor("data_steward"))
    with pytest.raises(InputError, match="the persons of “Trial” but for a few"):
        services.allow(of_hospital(1).id, "", by=campus.actor("data_steward"))
    services.allow(of_hospital(15).id, "", by=campus.actor("data_steward"))


def test_rates_are_near_where_few_tell_those_apart_who_are_followed(campus: Cast, everybody: Any) -> None:
    """One cohort, followed to death and to an outcome that two had on its first day, who are then not followed."""
    counts, steward = "sex,age,events,population\nf,0,9,900\nm,0,9,900\n", campus.actor("data_steward")
    two = {**everybody.expression, "InclusionRules": [{"name": "two", "expression": {
        "Type": "ALL", "CriteriaList": [], "Groups": [],
        "DemographicCriteriaList": [{"Age": {"Op": "gte", "Value": 2020 - 1930}}],
    }}]}  # fmt: skip
    hospital = {"name": "Hearts", "expression": everybody.expression}

    def rates(outcome: Any, within: int) -> Inquiry:
        spec = {"study": {"name": "counts.csv", "counts": counts}, "standard": hospital, "outcome": outcome,
                "within": within, "ages": []}  # fmt: skip
        return services.hold_against(
            Kind.RATES, "Rates", spec, {}, Basis.REVIEWED, by=campus.actor("physician"), purpose="Mortality."
        )

    services.allow(rates(None, 100).id, "", by=steward)
    services.allow(rates(None, 200).id, "", by=steward)
    with pytest.raises(InputError, match="the persons of “Rates” but for a few"):
        services.allow(rates({"name": "Two", "expression": two}, 100).id, "", by=steward)


def test_objectors_are_in_no_table_but_a_steward_s(campus: Cast, everybody: Any) -> None:
    for person in range(1, 21):
        withdrawing.opt_out(withdrawing.DATA, person=person, by=SYSTEM)
    hospital = {"name": "Failing hearts", "expression": everybody.expression}
    spec = {"hospital": hospital, "study": None, "name": "trial.csv", "aggregates": AGGREGATES}
    made = [
        services.hold_against(Kind.TABLE1, "Trial", spec, {}, basis, by=campus.actor(key), purpose="Who is in it.")
        for key, basis in (("physician", Basis.REVIEWED), ("data_steward", Basis.STEWARDSHIP))
    ]
    services.allow(made[0].id, "", by=campus.actor("data_steward"))
    reviewed, exact = (answered(one).page for one in made)
    assert ">40<" in reviewed and ">60<" not in reviewed and ">60<" in exact


def test_reference_intervals_are_asked_for_one_analyte_and_say_where_there_are_too_few(campus: Cast) -> None:
    client = campus.client("researcher")
    assert "tick one thing" in client.post("/benchmark/intervals/", {"basis": "sandbox"}).content.decode()
    page = client.post("/benchmark/intervals/", {"find": "analyte", "find_analyte": "potassium"}).content.decode()
    assert 'value="measurement:5"' in page
    given = {"analyte": "measurement:5", "basis": "sandbox", "by_groups": ["sex"]}
    assert client.post("/benchmark/intervals/", given).status_code == 302
    one = answered(Inquiry.objects.get())
    assert one.status == Status.ANSWERED, one.fault
    assert one.name == "Reference intervals of Potassium" and "1,000 persons" in one.page
    again = client.get(f"/benchmark/intervals/?again={one.id}").content.decode()
    assert 'value="measurement:5" checked' in again and re.search('value="sex"[^>]*checked', again)
    assert "--by sex --mode" in one.page and "Beside direct limits" not in one.page
    unknown = services.hold_against(
        Kind.INTERVALS,
        "x",
        {"analyte": "LOINC:0-0", "unit": "", "by": []},
        {},
        Basis.SANDBOX,
        by=campus.actor("student"),
    )
    assert answered(unknown).status == Status.FAILED and "LOINC:0-0" in unknown.fault
    with pytest.raises(ForbiddenError):
        services.hold_against(Kind.INTERVALS, "x", {}, {}, Basis.STUDY, by=campus.actor("researcher"))


def test_reference_intervals_stand_beside_those_of_a_cohort_of_healthy_persons(campus: Cast, everybody: Any) -> None:
    client = campus.client("physician")
    given = {
        "analyte": "measurement:5", "basis": "reviewed", "purpose": "New limits.", "by_groups": ["age", "device"],
        "ages": "50,70", "healthy": str(everybody.id),
    }  # fmt: skip
    assert "that rise" in client.post("/benchmark/intervals/", {**given, "ages": "70,50"}).content.decode()
    assert client.post("/benchmark/intervals/", given).status_code == 302
    one = Inquiry.objects.get()
    assert one.protocol["healthy"]["name"] == "Failing hearts"
    shown = client.get(f"/outcomes/{one.id}/").content.decode()
    assert "Healthy persons" in shown and "50, 70" in shown and "Device" in shown
    services.allow(one.id, "", by=campus.actor("data_steward"))
    assert answered(one).status == Status.ANSWERED, one.fault
    assert "Beside direct limits" in one.page and "fewer than 120 healthy persons" in one.page
    assert "--by age,device --ages 50,70 --healthy healthy.json" in one.page and "Failing hearts" in one.page
    younger = {"Type": "ALL", "CriteriaList": [], "Groups": [],
               "DemographicCriteriaList": [{"Age": {"Op": "lte", "Value": 2020 - 1931}}]}  # fmt: skip
    expression = {**everybody.expression, "InclusionRules": [{"name": "younger", "expression": younger}]}
    near = services.hold_against(
        Kind.INTERVALS, "x", {**one.protocol, "healthy": {"name": "Younger", "expression": expression}}, {},
        Basis.REVIEWED, by=campus.actor("physician"), purpose="Others.",
    )  # fmt: skip
    with pytest.raises(InputError, match="but for a few"):
        services.allow(near.id, "", by=campus.actor("data_steward"))


def test_long_lists_have_pages_and_the_home_page_shows_the_newest(campus: Cast) -> None:
    made = [ask(campus, of=asked(name=f"Question {number:02}")) for number in range(27)]
    client = campus.client("physician")
    first, second = (client.get(f"/outcomes/?page={number}&text=question").content.decode() for number in (1, 2))
    assert "Question 26" in first and "Question 01" not in first and "Page 1 of 2" in first
    assert "Question 01" in second and "Question 26" not in second
    assert [one.id for one in queries.newest_of(campus.actor("physician"), 3)] == [one.id for one in made[:-4:-1]]
    assert queries.newest_of(campus.actor("researcher"), 3) == []
    Affiliations.objects.filter(person=campus.people["physician"]).delete()
    assert queries.newest_of(campus.actor("physician"), 3) == [], "who holds no role any more sees nothing"


def test_what_waits_for_review_stands_on_the_steward_s_home_page(campus: Cast) -> None:
    one = ask(campus, basis=Basis.REVIEWED)
    page = campus.client("data_steward").get("/").content.decode()
    assert one.name in page and "Let this question about outcomes be answered" in page
    assert "Patients like mine" in campus.client("physician").get("/").content.decode()
