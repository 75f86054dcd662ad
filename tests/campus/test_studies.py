"""A study on its way: registered, completed, decided by each body in its order, allowed by a permit."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from django.db import connections

from campus.cast import Cast, make_cast
from campus.kept import kept
from wardbench.campus.audit.queries import verify
from wardbench.campus.notices.models import Notice
from wardbench.campus.people import services as people
from wardbench.campus.people.roles import Role
from wardbench.campus.people.rules import SYSTEM, ForbiddenError
from wardbench.campus.studies import (
    amending,
    deciding,
    ending,
    granting,
    handing,
    permits,
    queries,
    services,
    standings,
)
from wardbench.campus.studies.facts import Section
from wardbench.campus.studies.models import AttachedCohort, Document, Permit, Study
from wardbench.campus.studies.permits import Use, Wanted
from wardbench.campus.studies.standing import State, Status
from wardbench.core.errors import BusyError, InputError, NotFoundError

HASH = "a" * 64
MATERIAL = {
    "material": True,
    "material_wanted": [{"type": "Plasma", "amount": 40, "unit": "ml", "donors": 100}],
    "consent": "secondary",
    "retention": "The institute's freezer, five years",
    "fate": "destroy",
}


@kept
def registered(cast: Cast, key: str = "researcher", kind: str = "secondary_use") -> Study:
    return services.register("Plasma proteins in diabetic kidney disease", kind, by=cast.actor(key))


@kept
def completed(cast: Cast) -> Study:
    """A registration of secondary use with data, in which nothing is missing."""
    study, by = registered(cast), cast.actor("researcher")
    about = {"summary": "Why kidneys fail.", "sponsor": "Institute"}
    services.edit(study.id, Section.ABOUT, about, by=by)
    services.edit(study.id, Section.MATERIAL, MATERIAL, by=by)
    services.edit(study.id, Section.DATA, {"data": "pseudonymised", "data_wanted": "Creatinine over time"}, by=by)
    services.edit(study.id, Section.PURPOSE, {"purpose": {"use": "DUO:0000006"}}, by=by)
    AttachedCohort.objects.create(study=study, version=uuid.uuid4(), hash=HASH, name="Diabetic nephropathy")
    services.set_units(study.id, [cast.endocrinology.id], by=by)
    for kind in ("protocol", "biobank_form", "consent_form"):
        Document.objects.create(
            study=study, kind=kind, name=f"{kind}.pdf", number=1, digest=HASH, size=1, media_type="application/pdf",
            by=cast.people["researcher"],
        )  # fmt: skip
    return Study.objects.get(id=study.id)


@kept
def submitted(cast: Cast) -> Study:
    study = completed(cast)
    services.submit(study.id, by=cast.actor("researcher"))
    return study


ORDER: list[tuple[str, str]] = [
    ("validation", "trial_centre"),
    ("board", "biobank_board"),
    ("board", "biobank_board2"),
    ("care_programme", "physician"),
    ("biobank", "biobank_manager"),
    ("privacy", "data_protection"),
    ("ethics", "ethics"),
    ("ethics", "ethics2"),
]


def decide(cast: Cast, study: Study, step: str, key: str, answer: str = "approve", reason: str = "") -> None:
    unit = cast.endocrinology.id if step == "care_programme" else None
    deciding.vote(study.id, step, answer, by=cast.actor(key), reason=reason, unit=unit)


@kept
def approved(cast: Cast) -> Study:
    study = submitted(cast)
    for step, key in ORDER:
        decide(cast, study, step, key)
    return study


def states(study: Study) -> dict[str, State]:
    return {stand.step.id: stand.state for stand in standings.stands(Study.objects.get(id=study.id)).steps}


def status(study: Study) -> Status:
    return standings.stands(Study.objects.get(id=study.id)).status


def test_a_study_goes_its_whole_way(cast: Cast) -> None:
    study = submitted(cast)
    assert status(study) is Status.SUBMITTED
    for number, (step, key) in enumerate(ORDER):
        waits = [turn.step for _, turn in queries.waiting(cast.actor(key))]
        assert step in waits, f"{key} is told that {step} waits"
        decide(cast, study, step, key)
        assert step not in [turn.step for _, turn in queries.waiting(cast.actor(key))]
        assert (status(study) is Status.APPROVED) == (number == len(ORDER) - 1)
    assert states(study)["transfer"] is State.NOT_NEEDED
    permit = Permit.objects.get(study=study)
    assert permit.content["cohorts"] == [HASH] and permit.content["material"][0]["amount"] == 40
    assert verify({})[1] is None


def test_nobody_decides_before_those_they_wait_for(cast: Cast) -> None:
    study = submitted(cast)
    for step, key in ORDER[1:]:
        with pytest.raises((ForbiddenError, NotFoundError, BusyError)):
            decide(cast, study, step, key)
    decide(cast, study, "validation", "trial_centre")
    for step, key in [("biobank", "biobank_manager"), ("ethics", "ethics")]:
        with pytest.raises(NotFoundError):
            decide(cast, study, step, key)


def test_reference_numbers_follow_one_another(cast: Cast) -> None:
    numbers = [int(registered(cast).reference.removeprefix("S")) for _ in range(3)]
    assert numbers == list(range(numbers[0], numbers[0] + 3)) and numbers[0] > 9999


@pytest.mark.parametrize(
    ("section", "values"),
    [
        (Section.ABOUT, {"summary": ""}),
        (Section.ABOUT, {"sponsor": ""}),
        (Section.MATERIAL, {"material_wanted": []}),
        (Section.MATERIAL, {"retention": ""}),
        (Section.MATERIAL, {"consent": ""}),
        (Section.MATERIAL, {"fate": ""}),
        (Section.MATERIAL, {"leaves": True}),
        (Section.DATA, {"data_wanted": ""}),
        (Section.PURPOSE, {"purpose": {}}),
    ],
)
def test_what_is_missing_is_said_and_nothing_is_submitted(cast: Cast, section: Section, values: dict[str, Any]) -> None:
    study = completed(cast)
    services.edit(study.id, section, values, by=cast.actor("researcher"))
    with pytest.raises(InputError):
        services.submit(study.id, by=cast.actor("researcher"))
    assert status(study) is Status.DRAFT


@pytest.mark.parametrize("take_away", ["protocol", "consent_form", "programme", "cohort"])
def test_what_was_taken_away_is_missing(cast: Cast, take_away: str) -> None:
    study, by = completed(cast), cast.actor("researcher")
    if take_away == "programme":
        services.set_units(study.id, [], by=by)
    elif take_away == "cohort":
        services.detach_cohort(study.id, HASH, by=by)
    else:
        Document.objects.filter(study=study, kind=take_away).delete()
    with pytest.raises(InputError):
        services.submit(study.id, by=by)


def test_a_student_does_not_answer_for_a_study(cast: Cast) -> None:
    study = registered(cast, "student")
    by = cast.actor("student")
    with pytest.raises(InputError):
        handing.name_investigator(study.id, cast.people["partner"].id, "For me", by=by)
    handing.name_investigator(study.id, cast.people["lecturer"].id, "My supervisor", by=by)
    assert Study.objects.get(id=study.id).investigator == cast.people["lecturer"]
    services.edit(study.id, Section.ABOUT, {"summary": "still in the team"}, by=by)
    with pytest.raises(ForbiddenError):
        services.submit(study.id, by=by)


def test_nobody_decides_on_their_own_study(cast: Cast) -> None:
    study = completed(cast)
    services.add_member(study.id, cast.people["trial_centre"].id, "monitor", by=cast.actor("researcher"))
    services.submit(study.id, by=cast.actor("researcher"))
    with pytest.raises(ForbiddenError, match="Nobody decides"):
        decide(cast, study, "validation", "trial_centre")


def test_a_refusal_ends_the_way_and_an_amendment_opens_it_again(cast: Cast) -> None:
    study = submitted(cast)
    decide(cast, study, "validation", "trial_centre")
    with pytest.raises(InputError, match="reason"):
        decide(cast, study, "privacy", "data_protection", "refuse")
    decide(cast, study, "privacy", "data_protection", "refuse", "Too many dates")
    assert status(study) is Status.REFUSED
    changed = {"data_wanted": "Creatinine, yearly"}
    again = amending.amend(study.id, Section.DATA, changed, "Fewer dates", by=cast.actor("researcher"))
    assert set(again) == {"validation", "privacy", "ethics"}
    assert states(study)["validation"] is State.OPEN and status(study) is Status.SUBMITTED


def test_one_of_two_refusing_decides_when_both_have_spoken(cast: Cast) -> None:
    study = submitted(cast)
    decide(cast, study, "validation", "trial_centre")
    decide(cast, study, "board", "biobank_board", "refuse", "Scarce")
    assert states(study)["board"] is State.OPEN
    decide(cast, study, "board", "biobank_board2")
    assert states(study)["board"] is State.REFUSED


def test_a_member_may_change_a_vote_until_the_step_is_decided(cast: Cast) -> None:
    study = submitted(cast)
    decide(cast, study, "validation", "trial_centre")
    decide(cast, study, "board", "biobank_board", "refuse", "Scarce")
    decide(cast, study, "board", "biobank_board", "approve")
    decide(cast, study, "board", "biobank_board2")
    assert states(study)["board"] is State.APPROVED
    with pytest.raises((ForbiddenError, BusyError)):
        decide(cast, study, "board", "biobank_board", "refuse", "Too late")


def test_who_steps_out_does_not_count(cast: Cast) -> None:
    study = submitted(cast)
    decide(cast, study, "validation", "trial_centre")
    with pytest.raises(InputError, match="reason"):
        decide(cast, study, "board", "biobank_board", "")
    decide(cast, study, "board", "biobank_board", "", "My own department")
    decide(cast, study, "board", "biobank_board2")
    assert states(study)["board"] is State.OPEN, "two votes are needed, and one stepped out"


def test_a_conflict_that_is_declared_late_takes_back_what_was_said_before(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A physician speaks for two care programmes and for the board, where the campus's path lets them; the interest was
    there all the time."""
    path = standings.approval_path()
    steps = tuple(
        msgspec.structs.replace(one, people_of=("board",) * (one.id == "care_programme")) for one in path.steps
    )
    own = msgspec.structs.replace(path, steps=steps)
    monkeypatch.setattr(standings, "approval_path", lambda: own)
    physician = cast.people["physician"]
    people.give_role(physician, Role.PHYSICIAN, cast.hospital, unit=cast.cardiology, by=SYSTEM)
    people.give_role(physician, Role.BIOBANK_BOARD, cast.hospital, by=SYSTEM)
    study = completed(cast)
    services.set_units(study.id, [cast.endocrinology.id, cast.cardiology.id], by=cast.actor("researcher"))
    services.submit(study.id, by=cast.actor("researcher"))
    decide(cast, study, "validation", "trial_centre")
    decide(cast, study, "board", "physician")
    decide(cast, study, "board", "biobank_board")
    decide(cast, study, "care_programme", "physician")
    assert states(study)["board"] is State.APPROVED
    by = cast.actor("physician")
    deciding.vote(study.id, "care_programme", "", by=by, reason="My own trial", unit=cast.cardiology.id)
    assert states(study)["board"] is State.OPEN, "the board decides again, without them"
    care = next(
        one for one in standings.stands(Study.objects.get(id=study.id)).steps if one.step.id == "care_programme"
    )
    assert care.missing_programmes == {str(cast.endocrinology.id), str(cast.cardiology.id)}
    officer = cast.client("trial_centre")
    page = officer.get(f"/studies/{study.id}/").content.decode()
    assert page.count("There are not enough members left who may vote.") == 1, "nobody else is of endocrinology"
    assert "came to you" in str(Notice.objects.filter(person=cast.people["biobank_board2"]).latest("id").sentence)
    for key in ("biobank_board", "biobank_board2"):
        decide(cast, study, "board", key)
    assert states(study)["board"] is State.APPROVED


def test_the_page_says_when_too_few_are_left_after_an_amendment(cast: Cast) -> None:
    study = submitted(cast)
    decide(cast, study, "validation", "trial_centre")
    decide(cast, study, "board", "biobank_board", "", "My own department")
    lacking = "There are not enough members left who may vote."
    page = f"/studies/{study.id}/"
    assert cast.client("trial_centre").get(page).content.decode().count(lacking) == 1
    amending.amend(study.id, Section.PURPOSE, {"purpose": {"use": "DUO:0000042"}}, "Wider", by=cast.actor("researcher"))
    decide(cast, study, "validation", "trial_centre")
    assert cast.client("trial_centre").get(page).content.decode().count(lacking) == 1, "who stepped out stays out"


def test_a_physician_speaks_for_their_own_care_programme_alone(cast: Cast) -> None:
    study = submitted(cast)
    decide(cast, study, "validation", "trial_centre")
    with pytest.raises(NotFoundError):
        decide(cast, study, "care_programme", "physician2")
    with pytest.raises(InputError, match="care programme"):
        deciding.vote(study.id, "care_programme", "approve", by=cast.actor("physician"), unit=cast.cardiology.id)


def test_a_question_goes_back_and_the_answer_comes(cast: Cast) -> None:
    study = submitted(cast)
    deciding.ask(study.id, "validation", "Which freezer?", by=cast.actor("trial_centre"))
    assert status(study) is Status.ASKED
    assert [turn.role for _, turn in queries.waiting(cast.actor("researcher"))] == [None]
    with pytest.raises(NotFoundError):
        asking = Study.objects.get(id=study.id).askings.get()
        deciding.answer_question(study.id, asking.id, "Mine", by=cast.actor("researcher2"))
    other = people.add_person("officer@test.example", "Officer", by=SYSTEM)
    people.give_role(other, Role.TRIAL_CENTRE, cast.hospital, by=SYSTEM)
    deciding.answer_question(study.id, asking.id, "Freezer 3", by=cast.actor("researcher"))
    assert status(study) is Status.SUBMITTED
    told = Notice.objects.filter(sentence__contains="was answered")
    assert sorted(told.values_list("person", flat=True)) == sorted([other.id, cast.people["trial_centre"].id])
    with pytest.raises((BusyError, ForbiddenError)):
        deciding.answer_question(study.id, asking.id, "Freezer 4", by=cast.actor("researcher"))


def test_conditions_are_in_the_permit(cast: Cast) -> None:
    study = submitted(cast)
    for step, key in ORDER:
        condition = step == "privacy"
        answer = "conditions" if condition else "approve"
        decide(cast, study, step, key, answer, "Delete after a year" if condition else "")
    [permit] = Permit.objects.all()
    assert permit.content["conditions"] == [{"step": "privacy", "words": "Delete after a year"}]


def test_a_permit_is_looked_at_again_at_every_use(cast: Cast) -> None:
    study = approved(cast)
    permit = Permit.objects.get(study=study)
    by, data = cast.actor("researcher"), Wanted(Use.DATA, cohort=HASH)

    def said(actor: str = "researcher", wanted: Wanted = data, **more: Any) -> bool:
        return bool(permits.check(Permit.objects.get(id=permit.id), cast.actor(actor), wanted, **more))

    assert said() and permits.check(permit, by, data)
    assert not said("researcher2") and not said(wanted=Wanted(Use.DATA, cohort="b" * 64))
    assert said(wanted=Wanted(Use.MATERIAL, material="Plasma", amount=10, used=30))
    assert not said(wanted=Wanted(Use.MATERIAL, material="Plasma", amount=10, used=31))
    assert not said(wanted=Wanted(Use.MATERIAL, material="serum", amount=1))
    assert not said(today=permit.until.replace(year=permit.until.year + 1))
    Permit.objects.filter(id=permit.id).update(content={**permit.content, "data": "identifiable"})
    assert "changed" in str(permits.check(Permit.objects.get(id=permit.id), by, data))
    Permit.objects.filter(id=permit.id).update(content=permit.content)
    people.end_role(cast.people["researcher"].affiliations.get(), by=SYSTEM)
    assert not said(), "who left the campus uses no permit"


@pytest.mark.parametrize(
    "end",
    [
        lambda cast, study: ending.withdraw(study.id, "No funds", by=cast.actor("researcher")),
        lambda cast, study: ending.close(study.id, by=cast.actor("researcher")),
        lambda cast, study: granting.revoke(study.id, "Complaint", by=cast.actor("data_protection")),
        lambda cast, study: amending.amend(
            study.id, Section.ABOUT, {"summary": "Another"}, "Wider", by=cast.actor("researcher")
        ),
    ],
    ids=["withdrawn", "closed", "revoked", "amended"],
)
def test_a_permit_ends_at_once(cast: Cast, end: Callable[[Cast, Study], object]) -> None:
    study = approved(cast)
    end(cast, study)
    permit = Permit.objects.get(study=study)
    verdict = permits.check(permit, cast.actor("researcher"), Wanted(Use.DATA, cohort=HASH))
    assert not verdict and "ended" in str(verdict)


def at_once(*work: Callable[[], object]) -> list[BaseException]:
    """Carry out all of it at the same moment; what went wrong."""
    failed: list[BaseException] = []
    ready = threading.Barrier(len(work))

    def one(what: Callable[[], object]) -> None:
        try:
            ready.wait()
            what()
        except BaseException as error:
            failed.append(error)
        finally:
            connections.close_all()

    workers = [threading.Thread(target=one, args=(what,)) for what in work]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return failed


@pytest.mark.django_db(transaction=True)
def test_two_approvals_at_the_same_moment_give_one_permit() -> None:
    cast = make_cast()
    study = submitted(cast)
    for step, key in ORDER[:-2]:
        decide(cast, study, step, key)
    failed = at_once(*(lambda key=key: decide(cast, study, "ethics", key) for key in ("ethics", "ethics2")))
    assert all(isinstance(error, BusyError) for error in failed), failed
    for key in ("ethics", "ethics2"):
        if status(study) is not Status.APPROVED:
            decide(cast, study, "ethics", key)
    assert Permit.objects.filter(study=study).count() == 1
    assert verify({})[1] is None


@pytest.mark.django_db(transaction=True)
def test_reference_numbers_drawn_at_the_same_moment_are_different_and_without_gaps() -> None:
    cast = make_cast()
    assert at_once(*(lambda: registered(cast) for _ in range(6))) == []
    numbers = sorted(int(study.reference.removeprefix("S")) for study in Study.objects.all())
    assert numbers == list(range(numbers[0], numbers[0] + 6))


def test_who_may_not_see_a_study_learns_nothing_of_it(cast: Cast) -> None:
    study = completed(cast)
    for key in cast.people:
        if key == "researcher":
            continue
        with pytest.raises(NotFoundError):
            queries.study(study.id, by=cast.actor(key))
        with pytest.raises(NotFoundError):
            ending.withdraw(study.id, "because", by=cast.actor(key))
