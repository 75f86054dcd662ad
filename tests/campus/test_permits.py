"""Permits: looked at again at every use, suspended, renewed, ended by time; never more taken than is allowed."""

from __future__ import annotations

import datetime
import inspect
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db.models import F
from django.utils import timezone

from campus.cast import Cast, make_cast
from campus.test_studies import HASH, approved, at_once, completed, decide, states, status, submitted
from wardbench.campus.audit.models import Event
from wardbench.campus.audit.queries import verify
from wardbench.campus.notices.models import Notice
from wardbench.campus.people import services as people
from wardbench.campus.people.rules import SYSTEM, ForbiddenError
from wardbench.campus.studies import amending, deciding, ending, granting, permits, queries, services, standings
from wardbench.campus.studies.facts import Section
from wardbench.campus.studies.models import Asking, Decision, Permit, PermitUse, Study
from wardbench.campus.studies.permits import Use, Wanted
from wardbench.campus.studies.standing import State, Status
from wardbench.core.duo import Purpose
from wardbench.core.duo import Use as Term
from wardbench.core.errors import BusyError, InputError, NotFoundError

PLASMA = Wanted(Use.MATERIAL, material="Plasma", amount=10)
DATA = Wanted(Use.DATA, cohort=HASH)


def permit_of(study: Study) -> Permit:
    return Permit.objects.filter(study=study).order_by("-number")[0]


def says(study: Study, cast: Cast, wanted: Wanted = DATA, key: str = "researcher") -> str:
    """The reason why not, or nothing where it is allowed."""
    verdict = permits.check(permit_of(study), cast.actor(key), wanted)
    return "" if verdict else str(verdict)


SPOIL: dict[str, tuple[Callable[[Cast, Study], object], str]] = {
    "expired": (lambda cast, study: past(study), "The permit ended on"),
    "revoked": (lambda cast, study: granting.revoke(study.id, "A leak", by=cast.actor("trial_centre")), "A leak"),
    "suspended": (
        lambda cast, study: granting.suspend(study.id, "A look", by=cast.actor("data_protection")),
        "is suspended: A look",
    ),
    "withdrawn": (
        lambda cast, study: Study.objects.filter(id=study.id).update(withdrawn=timezone.now()),
        "The study was withdrawn.",
    ),
    "closed": (
        lambda cast, study: Study.objects.filter(id=study.id).update(closed=timezone.now()),
        "The study is closed.",
    ),
    "left the campus": (
        lambda cast, study: people.end_role(cast.people["researcher"].affiliations.get(), by=SYSTEM),
        "no role on the campus any more",
    ),
    "handed to somebody else": (
        lambda cast, study: Study.objects.filter(id=study.id).update(investigator=cast.people["lecturer"]),
        "do not work on the study any more",
    ),
    "changed behind our back": (
        lambda cast, study: Permit.objects.update(content={**permit_of(study).content, "data": "identifiable"}),
        "it was changed",
    ),
    "its end moved": (
        lambda cast, study: Permit.objects.update(until=datetime.date(2099, 1, 1)),
        "it was changed",
    ),
}


def past(study: Study) -> None:
    """Let the permit have ended yesterday."""
    permit = permit_of(study)
    until = timezone.localdate() - datetime.timedelta(days=1)
    content = {**permit.content, "until": until.isoformat()}
    Permit.objects.filter(id=permit.id).update(until=until, content=content, hash=permits.hash_of(content))


@pytest.mark.parametrize("case", SPOIL)
def test_each_reason_is_a_sentence_and_holds_at_once(cast: Cast, case: str) -> None:
    study = approved(cast)
    assert says(study, cast) == ""
    spoil, sentence = SPOIL[case]
    spoil(cast, study)
    assert sentence in says(study, cast)
    with pytest.raises(ForbiddenError):
        granting.use(permit_of(study).id, DATA, by=cast.actor("researcher"))
    assert not PermitUse.objects.exists()


@pytest.mark.parametrize(
    ("wanted", "sentence"),
    [
        (Wanted(Use.DATA, cohort="b" * 64), "does not cover this cohort"),
        (Wanted(Use.COUNT, cohort="b" * 64), "does not cover this cohort"),
        (Wanted(Use.COUNT, cohort=HASH), ""),
        (Wanted(Use.MATERIAL, material="Serum", amount=1), "does not cover this material"),
        (Wanted(Use.MATERIAL, material="Plasma", amount=40), ""),
        (Wanted(Use.MATERIAL, material="Plasma", amount=40.5), "The permit allows 40 ml, of which 0 is used."),
        (Wanted(Use.DATA, cohort=HASH, purpose=Purpose(Term.HMB)), ""),
        (Wanted(Use.DATA, cohort=HASH, purpose=Purpose(Term.DS, frozenset({"asthma"}))), ""),
        (Wanted(Use.DATA, cohort=HASH, purpose=Purpose(Term.GRU)), "for another purpose"),
        (Wanted(Use.DATA, cohort=HASH, purpose=Purpose(Term.POA)), "for another purpose"),
    ],
)
def test_what_a_permit_covers(cast: Cast, wanted: Wanted, sentence: str) -> None:
    found = says(approved(cast), cast, wanted)
    assert sentence in found and bool(found) == bool(sentence)


def test_a_permit_names_its_people_and_one_who_leaves_the_team_uses_it_no_more(cast: Cast) -> None:
    study = completed(cast)
    services.add_member(study.id, cast.people["student"].id, "student", by=cast.actor("researcher"))
    services.submit(study.id, by=cast.actor("researcher"))
    from campus.test_studies import ORDER

    for step, key in ORDER:
        decide(cast, study, step, key)
    assert says(study, cast, key="student") == ""
    for key in set(cast.people) - {"researcher", "student"}:
        assert "does not name you" in says(study, cast, key=key)
    services.remove_member(study.id, cast.people["student"].id, by=cast.actor("researcher"))
    assert "do not work on the study" in says(study, cast, key="student")


def test_an_aggregate_permit_gives_no_data_of_single_patients(cast: Cast) -> None:
    study = approved(cast)
    values = {"data": "aggregate", "data_wanted": "Counts"}
    amending.amend(study.id, Section.DATA, values, "Less", by=cast.actor("researcher"))
    for step, key in (("validation", "trial_centre"), ("ethics", "ethics"), ("ethics", "ethics2")):
        decide(cast, study, step, key)
    assert status(study) is Status.APPROVED and permit_of(study).number == 2
    assert "does not cover data of single patients" in says(study, cast)
    assert says(study, cast, Wanted(Use.COUNT, cohort=HASH)) == ""


def test_what_is_taken_is_written_down_until_there_is_no_more(cast: Cast) -> None:
    study = approved(cast)
    permit, by = permit_of(study), cast.actor("researcher")
    for _ in range(4):
        granting.use(permit.id, PLASMA, by=by)
    with pytest.raises(ForbiddenError, match="of which 40 is used"):
        granting.use(permit.id, PLASMA, by=by)
    for wrong in (0, -5):
        with pytest.raises(InputError):
            granting.use(permit.id, Wanted(Use.MATERIAL, material="Plasma", amount=wrong), by=by)
    assert Event.objects.filter(verb="studies.use").count() == PermitUse.objects.count() == 4


@pytest.mark.django_db(transaction=True)
def test_two_at_the_same_moment_cannot_take_more_than_is_allowed() -> None:
    cast = make_cast()
    study = approved(cast)
    permit, by = permit_of(study), cast.actor("researcher")
    most = Wanted(Use.MATERIAL, material="Plasma", amount=25)
    failed = at_once(*(lambda: granting.use(permit.id, most, by=by) for _ in range(4)))
    assert len(failed) == 3 and all(isinstance(one, (BusyError, ForbiddenError)) for one in failed), failed
    assert permits.used_of(permit, "Plasma") == 25
    assert verify({})[1] is None


@pytest.mark.django_db(transaction=True)
def test_two_decisions_at_the_same_moment_are_one(cast: Cast) -> None:
    """Of an approval and a refusal by one body at once, one is carried out and the other is told."""
    people.give_role(cast.people["researcher2"], people_role(), cast.hospital, by=SYSTEM)
    study = submitted(cast)
    failed = at_once(
        lambda: decide(cast, study, "validation", "trial_centre"),
        lambda: decide(cast, study, "validation", "researcher2", "refuse", "No"),
    )
    assert len(failed) == 1 and isinstance(failed[0], (BusyError, ForbiddenError)), failed
    assert Decision.objects.get().outcome == states(study)["validation"]


def people_role() -> Any:
    from wardbench.campus.people.roles import Role

    return Role.TRIAL_CENTRE


def test_suspended_and_let_hold_again(cast: Cast) -> None:
    study, by = approved(cast), cast.actor("data_protection")
    with pytest.raises(BusyError):
        granting.resume(study.id, "Nothing to resume", by=by)
    granting.suspend(study.id, "A complaint", by=by)
    with pytest.raises(BusyError):
        granting.suspend(study.id, "Again", by=by)
    granting.resume(study.id, "Unfounded", by=by)
    assert says(study, cast) == ""
    granting.revoke(study.id, "Founded", by=by)
    for verb in (granting.revoke, granting.suspend, granting.resume):
        with pytest.raises(BusyError):
            verb(study.id, "More", by=by)
    with pytest.raises(InputError):
        granting.revoke(study.id, "  ", by=by)


def test_a_renewal_is_decided_by_those_who_renew_and_the_old_permit_holds_meanwhile(cast: Cast) -> None:
    study, by = approved(cast), cast.actor("researcher")
    first = permit_of(study)
    with pytest.raises(BusyError, match="60 days"):
        granting.renew(study.id, "More time", by=by)
    until = timezone.localdate() + datetime.timedelta(days=30)
    content = {**first.content, "until": until.isoformat()}
    Permit.objects.filter(id=first.id).update(until=until, content=content, hash=permits.hash_of(content))
    assert granting.renew(study.id, "More time", by=by) == ["biobank", "privacy", "ethics"]
    assert states(study)["board"] is State.APPROVED and states(study)["biobank"] is State.OPEN
    assert says(study, cast) == "", "it holds until its end"
    for step, key in (
        ("biobank", "biobank_manager"), ("privacy", "data_protection"), ("ethics", "ethics"), ("ethics", "ethics2"),
    ):  # fmt: skip
        decide(cast, study, step, key)
    second = permit_of(study)
    assert second.number == 2 and second.until > until and says(study, cast) == ""
    first.refresh_from_db()
    assert first.revoked is not None, "a new permit took its place"


def test_what_time_asks_for_is_done_once(cast: Cast) -> None:
    study = approved(cast)
    assert granting.carry_out_due(timezone.now()) == 0
    soon = timezone.now() + datetime.timedelta(days=700)
    assert granting.carry_out_due(soon) == 1 and granting.carry_out_due(soon) == 0
    assert Notice.objects.filter(sentence__contains="can be renewed").count() == 1
    ended = timezone.now() + datetime.timedelta(days=800)
    assert granting.carry_out_due(ended) == 1 and granting.carry_out_due(ended) == 0
    assert Notice.objects.filter(sentence__contains="has ended", person=study.investigator).count() == 1


def test_a_body_is_reminded_once_of_a_step_that_is_overdue(cast: Cast) -> None:
    study = submitted(cast)
    decide(cast, study, "validation", "trial_centre")
    decide(cast, study, "board", "biobank_board")
    assert granting.carry_out_due(timezone.now()) == 0
    late = timezone.now() + datetime.timedelta(days=20)
    assert granting.carry_out_due(late) == 3 and granting.carry_out_due(late) == 0
    reminded = Notice.objects.filter(sentence__contains="still waits").values_list("person__email", flat=True)
    waits = {cast.people[key].email for key in cast.people if queries.waiting(cast.actor(key))}
    assert sorted(reminded) == sorted(waits) and len(waits) == 3, "who has voted has nothing to do"
    assert Event.objects.filter(verb="studies.remind").count() == 3
    amending.amend(study.id, Section.ABOUT, {"summary": "Other"}, "Wider", by=cast.actor("researcher"))
    assert granting.carry_out_due(late) == 1, "the validation waits anew"
    assert verify({})[1] is None


def test_a_renewal_has_its_own_days_and_its_own_reminder(cast: Cast) -> None:
    study = approved(cast)
    long_ago = timezone.now() - datetime.timedelta(days=700)
    Study.objects.filter(id=study.id).update(submitted=long_ago, revision=F("revision") + 1)
    study.votes.update(at=long_ago)
    past(study)
    Permit.objects.update(told_soon=long_ago, told_ended=long_ago)
    granting.renew(study.id, "More time", by=cast.actor("researcher"))
    today = timezone.localdate()
    opened = [one for one in standings.stands(Study.objects.get(id=study.id)).steps if one.state is State.OPEN]
    assert {one.step.id for one in opened} == {"biobank", "privacy"}
    assert all(one.due is not None and one.due > today for one in opened), "counted from when it was asked for"
    assert granting.carry_out_due(timezone.now()) == 0
    assert granting.carry_out_due(timezone.now() + datetime.timedelta(days=30)) == 2


def test_a_question_that_is_not_answered_lets_the_study_expire_and_an_answer_revives_it(cast: Cast) -> None:
    study = submitted(cast)
    deciding.ask(study.id, "validation", "Which freezer?", by=cast.actor("trial_centre"))
    assert granting.carry_out_due(timezone.now()) == 0
    long_ago = timezone.now() - datetime.timedelta(days=60)
    Study.objects.filter(id=study.id).update(submitted=long_ago, revision=F("revision") + 1)
    Asking.objects.update(at=long_ago)
    assert status(study) is Status.EXPIRED
    assert granting.carry_out_due(timezone.now()) == 1 and granting.carry_out_due(timezone.now()) == 0
    assert [one.study for one, _turn in queries.waiting(cast.actor("researcher"))] == [study]
    asking = Asking.objects.get()
    deciding.answer_question(study.id, asking.id, "Number 3", by=cast.actor("researcher"))
    assert status(study) is Status.SUBMITTED


def test_two_questions_that_are_not_answered_are_told_of_once_and_an_answer_begins_the_days_anew(cast: Cast) -> None:
    study = submitted(cast)
    decide(cast, study, "validation", "trial_centre")
    for step, key in (("board", "biobank_board"), ("privacy", "data_protection")):
        deciding.ask(study.id, step, "Which freezer?", by=cast.actor(key))
    long_ago = timezone.now() - datetime.timedelta(days=60)
    Study.objects.filter(id=study.id).update(submitted=long_ago, revision=F("revision") + 1)
    Asking.objects.update(at=long_ago)
    study.votes.update(at=long_ago)
    assert granting.carry_out_due(timezone.now()) == 1
    assert Notice.objects.filter(sentence__contains="has expired", person=study.investigator).count() == 1
    assert granting.carry_out_due(timezone.now()) == 0
    for asking in Asking.objects.all():
        deciding.answer_question(study.id, asking.id, "Number 3", by=cast.actor("researcher"))
    due = {one.step.id: one.due for one in standings.stands(Study.objects.get(id=study.id)).steps}
    today = timezone.localdate()
    assert all((due[step] or today) > today for step in ("board", "privacy")), "the body has its days for the answer"


def test_a_permit_says_what_has_to_be_kept(cast: Cast) -> None:
    content = permit_of(approved(cast)).content
    assert "Nobody tries to find out who a patient is." in content["obligations"]
    assert not any("transfer agreement" in one for one in content["obligations"])


def test_who_is_told_is_whose_turn_it_is(cast: Cast) -> None:
    """At each point of the path, those who were told that it waits are those whom the inbox shows it to."""
    from campus.test_studies import ORDER

    study = submitted(cast)
    for step, key in ORDER:
        told = set(
            Notice.objects.filter(sentence__contains="came to you for a decision").values_list("person", flat=True)
        )
        waits = {one for one in cast.people if queries.waiting(cast.actor(one))}
        assert {cast.people[one].id for one in waits} <= told
        decide(cast, study, step, key)
        Notice.objects.filter(person=cast.people[key]).delete()
    assert {one for one in cast.people if queries.waiting(cast.actor(one))} == set()


def test_news_and_history_name_the_step_in_the_readers_language(cast: Cast) -> None:
    study = submitted(cast)
    researcher, officer = cast.client("researcher"), cast.client("trial_centre")
    page = officer.get(f"/studies/{study.id}/").content.decode()
    assert "It is <strong>your turn</strong>: Validation by the Clinical Trial Centre." in page
    assert "your turn" not in researcher.get(f"/studies/{study.id}/").content.decode()
    decide(cast, study, "validation", "trial_centre")
    told = f"Study {study.reference} was approved at this step: "
    assert f"{told}Validation by the Clinical Trial Centre." in researcher.get("/notices/").content.decode()
    page = researcher.get(f"/studies/{study.id}/").content.decode()
    assert re.search(r"Voted or decided: [^<]*<div[^>]*>Validation by the Clinical Trial Centre<", page), page
    researcher.post("/language/", {"language": "nl"})
    assert "Validatie door het Clinical Trial Center" in researcher.get("/notices/").content.decode()


def test_there_is_no_such_permit(cast: Cast) -> None:
    with pytest.raises(NotFoundError):
        granting.use(cast.hospital.id, DATA, by=cast.actor("researcher"))


@pytest.mark.parametrize("module", [amending, deciding, ending, granting, services], ids=lambda module: module.__name__)
def test_every_verb_of_studies_says_who_and_is_on_the_record(module: Any) -> None:
    own = [one for _, one in inspect.getmembers(module, inspect.isfunction) if one.__module__ == module.__name__]
    verbs = [one for one in own if not one.__name__.startswith("_") and one.__name__ != "carry_out_due"]
    assert verbs
    for one in verbs:
        assert hasattr(one, "verb"), one
        assert inspect.signature(one).parameters["by"].kind is inspect.Parameter.KEYWORD_ONLY
