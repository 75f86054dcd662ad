"""A conflict of interest that is found after the vote, and a question that its body takes back."""

from __future__ import annotations

import datetime

import pytest
from django.db.models import F
from django.urls import reverse
from django.utils import timezone

from campus.cast import Cast, make_cast
from campus.test_permits import permit_of, says
from campus.test_studies import approved, at_once, completed, decide, states, status, submitted
from campus.test_studies_guarded import ends_soon
from campus.test_studies_pages import text_of
from wardbench.campus.audit.models import Event
from wardbench.campus.audit.queries import verify
from wardbench.campus.notices.models import Notice
from wardbench.campus.people import services as people
from wardbench.campus.people.roles import Role
from wardbench.campus.people.rules import SYSTEM, ForbiddenError
from wardbench.campus.studies import amending, deciding, ending, granting, queries, services
from wardbench.campus.studies.facts import Section
from wardbench.campus.studies.models import Decision, Permit, Study
from wardbench.campus.studies.standing import State, Status
from wardbench.core.errors import BusyError, InputError, NotFoundError

WHY = "My sister works for the sponsor"


def declare(cast: Cast, study: Study, key: str) -> list[str]:
    return deciding.declare(study.id, WHY, by=cast.actor(key))


def another(cast: Cast, role: Role) -> None:
    """One more member of a body, played by nobody else."""
    people.give_role(cast.people["nobody"], role, cast.hospital, by=SYSTEM)


def test_a_step_that_was_decided_with_the_vote_is_decided_again_and_the_permit_rests(cast: Cast) -> None:
    study = approved(cast)
    with pytest.raises(InputError, match="say why"):
        deciding.declare(study.id, " ", by=cast.actor("ethics"))
    assert declare(cast, study, "ethics") == ["ethics"]
    assert states(study)["ethics"] is State.OPEN and status(study) is Status.SUBMITTED
    assert not study.votes.filter(step="ethics", void=False).exclude(answer="").exists(), "the whole body decides again"
    assert Decision.objects.get(study=study, step="ethics").void
    assert states(study)["biobank"] is State.APPROVED, "the others keep their decision"
    assert "is suspended: It is decided on again" in says(study, cast)
    told = Notice.objects.filter(sentence__contains="declared a conflict of interest")
    assert set(told.values_list("person", flat=True)) == {
        cast.people[key].id for key in ("trial_centre", "data_protection")
    }
    assert Notice.objects.filter(person=cast.people["researcher"], sentence__contains="decided on again").count() == 1
    assert [turn.step for _one, turn in queries.waiting(cast.actor("ethics2"))] == ["ethics"]
    assert not queries.waiting(cast.actor("ethics"))
    with pytest.raises(ForbiddenError, match="declared a conflict"):
        decide(cast, study, "ethics", "ethics")
    with pytest.raises(ForbiddenError, match="declared a conflict"):
        declare(cast, study, "ethics")
    another(cast, Role.ETHICS)
    decide(cast, study, "ethics", "ethics2")
    decide(cast, study, "ethics", "nobody")
    assert permit_of(study).number == 2 and says(study, cast) == "", "no suspension goes over that nobody ordered"
    assert Permit.objects.filter(study=study, revoked=None).count() == 1
    assert verify({})[1] is None


def test_what_was_suspended_by_somebody_stays_so_by_them_alone(cast: Cast) -> None:
    study = approved(cast)
    granting.suspend(study.id, "A look", by=cast.actor("trial_centre"))
    declare(cast, study, "ethics")
    another(cast, Role.ETHICS)
    decide(cast, study, "ethics", "ethics2")
    decide(cast, study, "ethics", "nobody")
    assert "A look" in says(study, cast)
    other = approved(cast)
    declare(cast, other, "ethics")
    granting.suspend(other.id, "A look too", by=cast.actor("trial_centre"))
    assert "A look too" in says(other, cast)
    granting.resume(other.id, "Patients would go untreated", by=cast.actor("data_protection"))
    assert says(other, cast) == "", "those who watch may let it hold meanwhile"


def test_a_care_programme_speaks_again_for_itself_alone(cast: Cast) -> None:
    study = completed(cast)
    services.set_units(study.id, [cast.endocrinology.id, cast.cardiology.id], by=cast.actor("researcher"))
    services.submit(study.id, by=cast.actor("researcher"))
    decide(cast, study, "validation", "trial_centre")
    decide(cast, study, "care_programme", "physician")
    deciding.vote(study.id, "care_programme", "approve", by=cast.actor("physician2"), unit=cast.cardiology.id)
    assert declare(cast, study, "physician") == ["care_programme"]
    assert states(study)["care_programme"] is State.OPEN
    [held] = study.votes.filter(step="care_programme", void=False).exclude(answer="")
    assert held.unit_id == cast.cardiology.id


def test_on_a_step_that_is_not_decided_the_others_spoke_for_themselves(cast: Cast) -> None:
    study = submitted(cast)
    decide(cast, study, "validation", "trial_centre")
    decide(cast, study, "board", "biobank_board")
    assert declare(cast, study, "biobank_board") == []
    another(cast, Role.BIOBANK_BOARD)
    decide(cast, study, "board", "biobank_board2")
    decide(cast, study, "board", "nobody")
    assert states(study)["board"] is State.APPROVED


def test_a_refusal_by_somebody_with_an_interest_falls_too(cast: Cast) -> None:
    study = submitted(cast)
    decide(cast, study, "validation", "trial_centre", "refuse", "No.")
    assert declare(cast, study, "trial_centre") == ["validation"] and status(study) is Status.SUBMITTED


def test_the_permit_rests_while_it_is_renewed_as_well(cast: Cast) -> None:
    """The votes on a step that renews were taken back already; the permit in force was made with them all the same."""
    study = approved(cast)
    ends_soon(study)
    granting.renew(study.id, "One more year", by=cast.actor("researcher"))
    assert says(study, cast) == ""
    deciding.vote(study.id, "privacy", "", by=cast.actor("data_protection"), reason=WHY)
    assert "is suspended" in says(study, cast)


def test_a_permit_that_was_made_without_the_vote_holds(cast: Cast) -> None:
    study = approved(cast)
    amending.amend(study.id, Section.DATA, {"data_wanted": "Urea"}, "Urea", by=cast.actor("researcher"))
    another(cast, Role.DATA_PROTECTION)
    for step, key in (
        ("validation", "trial_centre"),
        ("privacy", "nobody"),
        ("ethics", "ethics"),
        ("ethics", "ethics2"),
    ):
        decide(cast, study, step, key)
    assert says(study, cast) == ""
    assert declare(cast, study, "data_protection") == [] and says(study, cast) == ""
    assert status(study) is Status.APPROVED


@pytest.mark.parametrize("key", ["researcher", "biobank_board2", "data_steward", "administrator", "partner"])
def test_only_who_voted_declares(cast: Cast, key: str) -> None:
    study = submitted(cast)
    decide(cast, study, "validation", "trial_centre")
    decide(cast, study, "board", "biobank_board")
    with pytest.raises((ForbiddenError, NotFoundError)):
        declare(cast, study, key)
    assert cast.client(key).post(reverse("study_act", args=[study.id, "declare"]), {"reason": "x"}).status_code in (
        403,
        404,
    )
    ending.withdraw(study.id, "No", by=cast.actor("researcher"))
    with pytest.raises(ForbiddenError):
        declare(cast, study, "biobank_board")


def test_declared_by_its_page(cast: Cast) -> None:
    study = approved(cast)
    client, page = cast.client("ethics"), reverse("study", args=[study.id])
    address = reverse("study_act", args=[study.id, "declare"])
    assert address in text_of(client.get(page)) and address not in text_of(cast.client("researcher").get(page))
    assert "decided again without you" in text_of(client.get(address))
    assert client.post(address, {"reason": WHY}).status_code == 302
    seen = text_of(cast.client("trial_centre").get(page))
    assert WHY in seen and "Conflict of interest declared after the vote: Ethics" in seen
    assert WHY not in text_of(cast.client("researcher").get(page)), "the reason is for those who decide"
    another(cast, Role.ETHICS)
    decide(cast, study, "ethics", "ethics2")
    decide(cast, study, "ethics", "nobody")
    shown = text_of(cast.client("researcher").get(page))
    assert WHY not in shown and "Ethics: stepped out because of a conflict of interest" in shown
    letter = text_of(cast.client("researcher").get(reverse("study_letter", args=[study.id, 6])))
    assert "This decision no longer holds" in letter


def asked(cast: Cast, step: str = "validation", key: str = "trial_centre") -> Study:
    study = submitted(cast)
    if step != "validation":
        decide(cast, study, "validation", "trial_centre")
    deciding.ask(study.id, step, "Which freezer?", by=cast.actor(key))
    return study


def long_ago(study: Study) -> None:
    """Let a study have been submitted, and its questions asked, long ago."""
    at = timezone.now() - datetime.timedelta(days=90)
    Study.objects.filter(id=study.id).update(submitted=at, revision=F("revision") + 1)
    study.askings.update(at=at)


def test_a_body_takes_its_question_back_while_nobody_answered(cast: Cast) -> None:
    study = asked(cast)
    question = study.askings.get()
    for key in set(cast.people) - {"trial_centre"}:
        with pytest.raises((ForbiddenError, NotFoundError)):
            deciding.take_back(study.id, question.id, by=cast.actor(key))
    another(cast, Role.TRIAL_CENTRE)
    deciding.take_back(study.id, question.id, by=cast.actor("nobody"))
    assert status(study) is Status.SUBMITTED and states(study)["validation"] is State.OPEN
    told = Notice.objects.filter(sentence__contains="was taken back")
    assert set(told.values_list("person", flat=True)) == {cast.people[key].id for key in ("researcher", "trial_centre")}
    with pytest.raises(BusyError, match="answered or taken back already"):
        deciding.answer_question(study.id, question.id, "Three", by=cast.actor("researcher"))
    deciding.ask(study.id, "validation", "Which box?", by=cast.actor("trial_centre"))
    with pytest.raises(BusyError, match="answered or taken back"):
        deciding.answer_question(study.id, question.id, "Three", by=cast.actor("researcher"))
    with pytest.raises(BusyError, match="answered or taken back"):
        deciding.take_back(study.id, question.id, by=cast.actor("trial_centre"))
    assert Event.objects.filter(verb="studies.take_back_question").count() == 1 and verify({})[1] is None


def test_a_question_of_another_study_or_body_is_not_taken_back(cast: Cast) -> None:
    study, other = asked(cast, "privacy", "data_protection"), asked(cast, "privacy", "data_protection")
    with pytest.raises(NotFoundError):
        deciding.take_back(study.id, other.askings.get().id, by=cast.actor("data_protection"))
    deciding.ask(study.id, "board", "How much?", by=cast.actor("biobank_board"))
    with pytest.raises(ForbiddenError, match="Another body"):
        deciding.take_back(study.id, study.askings.get(step="board").id, by=cast.actor("data_protection"))
    deciding.answer_question(study.id, study.askings.get(step="privacy").id, "Yes", by=cast.actor("researcher"))
    with pytest.raises(ForbiddenError, match="This is for the body that asked"):
        deciding.take_back(study.id, study.askings.get(step="privacy").id, by=cast.actor("data_protection"))


def test_a_care_programme_takes_back_its_own_question(cast: Cast) -> None:
    study = completed(cast)
    services.set_units(study.id, [cast.endocrinology.id, cast.cardiology.id], by=cast.actor("researcher"))
    services.submit(study.id, by=cast.actor("researcher"))
    decide(cast, study, "validation", "trial_centre")
    deciding.ask(study.id, "care_programme", "Whose?", by=cast.actor("physician"))
    question = study.askings.get()
    with pytest.raises(ForbiddenError, match="Another care programme"):
        deciding.take_back(study.id, question.id, by=cast.actor("physician2"))
    deciding.take_back(study.id, question.id, by=cast.actor("physician"))


def test_an_expired_study_goes_on_where_the_question_is_taken_back(cast: Cast) -> None:
    study = asked(cast)
    long_ago(study)
    assert status(study) is Status.EXPIRED
    deciding.take_back(study.id, study.askings.get().id, by=cast.actor("trial_centre"))
    assert status(study) is Status.SUBMITTED
    granting.carry_out_due(timezone.now())
    assert not Notice.objects.filter(sentence__contains="has expired").exists()


def test_only_who_answers_reads_when_an_answer_can_be_given(cast: Cast) -> None:
    study = asked(cast, "privacy", "data_protection")
    amending.amend(study.id, Section.ABOUT, {"summary": "Another"}, "It was unclear", by=cast.actor("researcher"))
    assert status(study) is Status.SUBMITTED and states(study)["privacy"] is State.WAITING
    page, sentence = reverse("study", args=[study.id]), "An answer is given while it is the turn of its step"
    assert sentence in text_of(cast.client("researcher").get(page))
    assert sentence not in text_of(cast.client("data_protection").get(page))
    ending.withdraw(study.id, "Not worth it", by=cast.actor("researcher"))
    shown = text_of(cast.client("researcher").get(page))
    assert sentence not in shown and shown.count("Which freezer?") == 1


def test_taken_back_by_its_page(cast: Cast) -> None:
    study = asked(cast)
    page, question = reverse("study", args=[study.id]), study.askings.get()
    address = reverse("study_take_back", args=[study.id, question.id])
    client, applicant = cast.client("trial_centre"), cast.client("researcher")
    assert address in text_of(client.get(page)) and address not in text_of(applicant.get(page))
    assert client.get(address).status_code == 405 and applicant.post(address).status_code == 403
    assert cast.client("student").post(address).status_code == 404
    assert client.post(address).status_code == 302
    shown = text_of(applicant.get(page))
    assert "took the question back on" in shown and "Answer the question" not in shown and "Which freezer?" in shown


@pytest.mark.django_db(transaction=True)
def test_an_answer_and_a_question_taken_back_at_the_same_moment() -> None:
    cast = make_cast()
    study = asked(cast)
    question = study.askings.get().id
    failed = at_once(
        lambda: deciding.take_back(study.id, question, by=cast.actor("trial_centre")),
        lambda: deciding.answer_question(study.id, question, "Three", by=cast.actor("researcher")),
    )
    assert len(failed) == 1 and isinstance(failed[0], (BusyError, ForbiddenError))
    now = study.askings.get()
    assert (now.answered is None) != (now.taken_back is None) and verify({})[1] is None


def test_an_answer_that_comes_too_late_is_told_so_and_is_not_lost(cast: Cast) -> None:
    study = submitted(cast)
    deciding.ask(study.id, "validation", "How many?", by=cast.actor("trial_centre"))
    asking = study.askings.get()
    address = reverse("study_answer", args=[study.id, asking.id])
    team, words = cast.client("researcher"), "All of the forty donors who agreed."
    long = team.post(address, {"text": f"{words} " * 500})
    assert long.status_code == 400 and "at most 10000" in text_of(long) and words in text_of(long)
    deciding.take_back(study.id, asking.id, by=cast.actor("trial_centre"))
    late = team.post(address, {"text": words})
    assert late.status_code == 409 and "answered or taken back already" in text_of(late) and words in text_of(late)
    with pytest.raises(ForbiddenError, match="with the bodies that decide"):
        deciding.answer_question(study.id, asking.id, words, by=cast.actor("trial_centre"))
    with pytest.raises(NotFoundError):
        deciding.answer_question(study.id, asking.id, words, by=cast.actor("nobody"))


def test_a_member_whose_body_asked_is_told_why_it_is_not_their_turn(cast: Cast) -> None:
    study = submitted(cast)
    deciding.ask(study.id, "validation", "How many?", by=cast.actor("trial_centre"))
    with pytest.raises(ForbiddenError, match="Your body asked the applicant something"):
        decide(cast, study, "validation", "trial_centre")
    with pytest.raises(ForbiddenError, match="for the body whose turn it is"):
        decide(cast, study, "validation", "data_protection")
