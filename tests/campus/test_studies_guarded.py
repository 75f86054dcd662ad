"""What must not slip by on the way to a permit: words nobody judged, conflicts, suspensions, conditions taken back."""

from __future__ import annotations

import datetime

import pytest
from django.utils import timezone

from campus.cast import Cast
from campus.test_studies import HASH, approved, completed, decide, registered, states, status, submitted
from wardbench.campus.people import services as people
from wardbench.campus.people.models import Organisation
from wardbench.campus.people.roles import Role
from wardbench.campus.people.rules import SYSTEM, ForbiddenError
from wardbench.campus.questions import queries as question_queries
from wardbench.campus.questions import services as questions
from wardbench.campus.questions.models import Question, TakenUp
from wardbench.campus.questions.rules import Side
from wardbench.campus.questions.rules import Status as QuestionStatus
from wardbench.campus.studies import amending, ending, granting, permits, queries, rules, services, standings
from wardbench.campus.studies.facts import Section
from wardbench.campus.studies.models import Permit, Study
from wardbench.campus.studies.permits import Use, Wanted
from wardbench.campus.studies.rules import Verb
from wardbench.campus.studies.standing import State, Status
from wardbench.core.errors import InputError, NotFoundError


def add(cast: Cast, study: Study, name: str = "protocol.txt") -> None:
    services.add_document(study.id, "protocol", name, [b"another protocol"], by=cast.actor("researcher"))


def ends_soon(study: Study) -> Permit:
    """The permit of a study, with a month left."""
    permit = Permit.objects.get(study=study, revoked=None)
    until = timezone.localdate() + datetime.timedelta(days=30)
    content = {**permit.content, "until": until.isoformat()}
    Permit.objects.filter(id=permit.id).update(until=until, content=content, hash=permits.hash_of(content))
    return Permit.objects.get(id=permit.id)


def test_a_document_that_comes_later_is_seen_by_everybody_who_decides_on_documents(cast: Cast) -> None:
    study = submitted(cast)
    decide(cast, study, "validation", "trial_centre")
    decide(cast, study, "board", "biobank_board")
    add(cast, study)
    seeing = {step.id for step in standings.approval_path().steps if Section.DOCUMENTS in step.sees}
    assert "validation" in seeing and states(study)["validation"] is State.OPEN
    votes = study.votes.filter(void=False).values_list("step", flat=True)
    assert not set(votes) & seeing
    assert study.submissions.count() == 2


def test_a_refusal_is_not_undone_by_one_more_document(cast: Cast) -> None:
    study = submitted(cast)
    decide(cast, study, "validation", "trial_centre", "refuse", "No.")
    add(cast, study)
    assert status(study) is Status.REFUSED


def test_a_decision_counts_for_what_was_read_alone(cast: Cast) -> None:
    study = submitted(cast)
    client = cast.client("trial_centre", proved=True)
    address = f"/studies/{study.id}/decide/validation/"
    page = client.get(address).content.decode()
    assert 'name="seen" value="1"' in page
    amending.amend(study.id, Section.ABOUT, {"summary": "Something else."}, "It changed.", by=cast.actor("researcher"))
    given = {"do": "vote", "answer": "approve", "reason": ""}
    answer = client.post(address, {**given, "seen": "1"})
    assert answer.status_code == 409 and "amended while you read it" in answer.content.decode()
    assert "What you wrote" not in answer.content.decode()
    words = "Only where the\ndonors <b>agreed</b> to it."
    kept = client.post(address, {**given, "seen": "1", "reason": words, "password": "three words that are secret"})
    assert "What you wrote" in kept.content.decode() and "three words" not in kept.content.decode()
    assert "Only where the\ndonors &lt;b&gt;agreed&lt;/b&gt; to it.</textarea>" in kept.content.decode()
    assert kept.headers["Cache-Control"] == "no-store"
    assert states(study)["validation"] is State.OPEN
    assert client.post(address, {**given, "seen": "2"}).status_code == 302
    assert states(study)["validation"] is State.APPROVED


def test_the_days_of_a_step_count_from_what_it_has_to_judge(cast: Cast) -> None:
    study = submitted(cast)
    long_ago = timezone.now() - datetime.timedelta(days=400)
    Study.objects.filter(id=study.id).update(submitted=long_ago)
    assert standings.stands(Study.objects.get(id=study.id)).turns[0].since == long_ago
    amending.amend(study.id, Section.ABOUT, {"summary": "New."}, "It changed.", by=cast.actor("researcher"))
    [turn] = standings.stands(Study.objects.get(id=study.id)).turns
    assert turn.due is not None and turn.due >= timezone.localdate()


def test_who_declared_a_conflict_decides_on_no_step_of_the_study(cast: Cast) -> None:
    study = submitted(cast)
    decide(cast, study, "validation", "trial_centre")
    decide(cast, study, "board", "biobank_board", "", "My own company.")
    with pytest.raises(ForbiddenError, match="conflict of interest"):
        decide(cast, study, "board", "biobank_board")
    assert not rules.may(cast.actor("biobank_board"), Verb.ASK, standings.stands(study).facts)
    decide(cast, study, "board", "biobank_board2")


def test_a_permit_is_revoked_and_suspended_while_it_is_renewed(cast: Cast) -> None:
    study = approved(cast)
    permit = ends_soon(study)
    granting.renew(study.id, "One more year.", by=cast.actor("researcher"))
    assert status(study) is Status.SUBMITTED
    granting.suspend(study.id, "A look.", by=cast.actor("trial_centre"))
    assert "is suspended" in str(permits.check(Permit.objects.get(id=permit.id), cast.actor("researcher"), data()))
    granting.resume(study.id, "Well.", by=cast.actor("trial_centre"))
    granting.revoke(study.id, "A leak.", by=cast.actor("data_protection"))
    assert "A leak" in str(permits.check(Permit.objects.get(id=permit.id), cast.actor("researcher"), data()))
    with pytest.raises(ForbiddenError):
        granting.revoke(study.id, "Again.", by=cast.actor("data_protection"))


def data() -> Wanted:
    return Wanted(Use.DATA, cohort=HASH)


def test_why_somebody_may_end_a_permit_is_said_while_it_is_renewed_too(cast: Cast) -> None:
    study = approved(cast)
    asked = f"/people/why/?who={cast.people['trial_centre'].email}&kind=study&what={study.reference}"
    steward = cast.client("data_steward")
    assert "Revoke the permit" in steward.get(asked).content.decode()
    amending.amend_team(study.id, "Help", by=cast.actor("researcher"), join={cast.people["lecturer"].id: "statistics"})
    assert rules.may(cast.actor("trial_centre"), rules.Verb.REVOKE, standings.stands(Study.objects.get()).facts)
    assert "Revoke the permit" in steward.get(asked).content.decode()


def test_a_suspension_goes_over_to_the_permit_that_follows(cast: Cast) -> None:
    study = approved(cast)
    ends_soon(study)
    granting.suspend(study.id, "A look.", by=cast.actor("trial_centre"))
    steps = granting.renew(study.id, "One more year.", by=cast.actor("researcher"))
    for step, key in (
        ("biobank", "biobank_manager"),
        ("privacy", "data_protection"),
        ("ethics", "ethics"),
        ("ethics", "ethics2"),
    ):
        if step in steps:
            decide(cast, study, step, key)
    assert status(study) is Status.APPROVED
    new = Permit.objects.get(study=study, revoked=None)
    assert new.number == 2 and "A look." in str(permits.check(new, cast.actor("researcher"), data()))
    granting.resume(study.id, "Well.", by=cast.actor("trial_centre"))
    assert permits.check(Permit.objects.get(id=new.id), cast.actor("researcher"), data())


def test_conditions_that_were_taken_back_are_not_in_the_permit(cast: Cast) -> None:
    study = submitted(cast)
    decide(cast, study, "validation", "trial_centre")
    decide(cast, study, "board", "biobank_board", "conditions", "OLD WORDS")
    decide(cast, study, "board", "biobank_board", "approve")
    decide(cast, study, "board", "biobank_board2", "conditions", "GOOD WORDS")
    for step, key in (("care_programme", "physician"), ("biobank", "biobank_manager"), ("privacy", "data_protection"),
                      ("ethics", "ethics"), ("ethics", "ethics2")):  # fmt: skip
        decide(cast, study, step, key)
    said = Permit.objects.get(study=study).content["conditions"]
    assert said == [{"step": "board", "words": "GOOD WORDS"}]


def test_a_permit_without_data_gives_no_counts(cast: Cast) -> None:
    study = approved(cast)
    permit = Permit.objects.get(study=study)
    count = Wanted(Use.COUNT, cohort=HASH)
    assert permits.check(permit, cast.actor("researcher"), count)
    permit.content = {**permit.content, "data": "none"}
    permit.hash = permits.hash_of(permit.content)
    assert "covers no data" in str(permits.check(permit, cast.actor("researcher"), count))


def test_at_a_partner_company_nobody_gets_a_role_of_the_hospital(cast: Cast) -> None:
    company = Organisation.objects.create(name="A company", kind=Organisation.Kind.PARTNER)
    for role in Role:
        if role is not Role.PARTNER:
            with pytest.raises(InputError, match="partner company"):
                people.give_role(cast.people["nobody"], role, company, by=SYSTEM)
    people.give_role(cast.people["nobody"], Role.PARTNER, company, by=SYSTEM)


@pytest.mark.parametrize("meanwhile", ["answered", "closed", "nothing"])
@pytest.mark.parametrize("how", ["withdraw", "close"])
def test_a_study_ends_whatever_became_of_its_question(cast: Cast, meanwhile: str, how: str) -> None:
    asked = questions.raise_question(
        title="Why do kidneys fail?", text="Albumin rises.", side=Side.WARD, topics=[], by=cast.actor("physician")
    )
    study = registered(cast)
    questions.take_up(
        question_queries.question(cast.actor("researcher"), asked.id), study.id, by=cast.actor("researcher")
    )
    Study.objects.filter(id=study.id).update(question=asked.id)
    if how == "close":
        study = with_words(cast, study)
    if meanwhile != "nothing":
        Question.objects.filter(id=asked.id).update(status=meanwhile)
    if how == "withdraw":
        ending.withdraw(study.id, "No money.", by=cast.actor("researcher"))
    else:
        ending.close(study.id, "Done.", by=cast.actor("researcher"))
    expected = QuestionStatus.REOPENED if meanwhile == "nothing" else QuestionStatus(meanwhile)
    assert Question.objects.get(id=asked.id).status == expected


def with_words(cast: Cast, study: Study) -> Study:
    """An approved study in the place of a draft, with the draft's question."""
    done = approved(cast)
    Study.objects.filter(id=study.id).update(question=None)
    question = TakenUp.objects.get(study=study.id)
    TakenUp.objects.filter(id=question.id).update(study=done.id)
    Study.objects.filter(id=done.id).update(question=question.question_id)
    return Study.objects.get(id=done.id)


@pytest.mark.parametrize("words", ["Patient 85.07.30-033.28", "born on 30/07/1985"])
def test_words_that_could_name_a_patient_are_refused(cast: Cast, words: str) -> None:
    before = Study.objects.count()
    with pytest.raises(InputError):
        services.register(words, "case_report", by=cast.actor("researcher"))
    assert Study.objects.count() == before
    study = completed(cast)
    with pytest.raises(InputError):
        services.edit(study.id, Section.ABOUT, {"summary": words}, by=cast.actor("researcher"))


def test_characters_that_no_database_keeps_are_left_out(cast: Cast) -> None:
    study = services.register("a\x00b\u202ec", "case_report", by=cast.actor("researcher"))
    assert Study.objects.get(id=study.id).title == "abc"


def test_whoever_worked_on_a_study_decides_on_it_no_more_than_who_does(cast: Cast) -> None:
    """Taken off the team after it was submitted, a member is still nobody who may judge what they worked on."""
    study = completed(cast)
    services.add_member(study.id, cast.people["trial_centre"].id, "monitor", by=cast.actor("researcher"))
    services.submit(study.id, by=cast.actor("researcher"))
    services.remove_member(study.id, cast.people["trial_centre"].id, by=cast.actor("researcher"))
    with pytest.raises(ForbiddenError, match="worked on this study"):
        decide(cast, study, "validation", "trial_centre")
    assert not queries.waiting(cast.actor("trial_centre"))
    people.give_role(cast.people["nobody"], Role.TRIAL_CENTRE, cast.hospital, by=SYSTEM)
    decide(cast, study, "validation", "nobody")
    assert states(study)["validation"] is State.APPROVED


def test_whose_roles_have_all_ended_does_nothing_more_with_a_study(cast: Cast) -> None:
    """Neither who leads it, nor who works on it, nor who has voted on it: they are answered as if it were not there."""
    study = submitted(cast)
    decide(cast, study, "validation", "trial_centre")
    for key in ("researcher", "trial_centre"):
        assert queries.visible(cast.actor(key))
        for affiliation in cast.people[key].affiliations.all():
            people.end_role(affiliation, by=SYSTEM)
        by, client = cast.actor(key), cast.client(key)
        assert not queries.visible(by) and not queries.worked_on(by) and not queries.waiting(by)
        pages = ("", "letters/1/", "results/", "documents/" + str(study.documents.all()[0].id) + "/")
        assert {client.get(f"/studies/{study.id}/{page}").status_code for page in pages} == {404}, key
    with pytest.raises(NotFoundError):
        amending.amend(study.id, Section.ABOUT, {"title": "Mine still"}, "Why not", by=cast.actor("researcher"))
    with pytest.raises(NotFoundError):
        ending.withdraw(study.id, "I left", by=cast.actor("researcher"))
