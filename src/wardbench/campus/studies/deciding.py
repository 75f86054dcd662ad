"""The verbs of those who decide, and of the applicant who is asked: vote, ask, answer.

Votes and questions are only ever added; where a study stands follows from them.
"""

from __future__ import annotations

import uuid

from django.utils import timezone
from django.utils.translation import gettext as _

from wardbench.campus.audit.services import verb
from wardbench.campus.notices.sending import notify
from wardbench.campus.people.roles import Role, gettext_noop
from wardbench.campus.people.rules import Actor
from wardbench.campus.studies import rules
from wardbench.campus.studies.models import Asking, Vote
from wardbench.campus.studies.moves import allowed, decide_again, move, needs_reason, page_of, settle, team, tell_turns
from wardbench.campus.studies.rules import Verb
from wardbench.campus.studies.standing import Answer
from wardbench.campus.studies.standings import Standing
from wardbench.core.errors import BusyError, InputError


@verb("studies.vote")
def vote(
    study_id: uuid.UUID,
    step: str,
    answer: str,
    *,
    by: Actor,
    reason: str = "",
    unit: uuid.UUID | None = None,
    seen: int | None = None,
) -> None:
    """Say what one's body says on a step; where it has one member, or the last one votes, that decides it.

    `answer` is approve, conditions or refuse, or empty to step out because of a conflict of interest. All but approve
    need a reason. A vote can be changed until the step is decided. `unit` says for which care programme.
    `seen` is how often the study had been submitted or amended when it was read: BusyError where it was again since.
    """
    here = allowed(study_id, Verb.VOTE, by)
    if seen is not None and seen != here.study.submissions.count():
        raise BusyError(_("The study was amended while you read it; look at it again before you decide."))
    turn = next((one for one in here.turns if one.step == step and rules.is_turn_of(by, one)), None)
    if turn is None:
        raise BusyError(_("It is not your turn on this step; load the page again."))
    if answer and answer not in list(Answer):
        raise InputError(_("answer: approve, conditions, refuse, or nothing for a conflict of interest."))
    if answer != Answer.APPROVE:
        needs_reason(reason)
    if turn.units and (unit is None or str(unit) not in turn.units & by.units(turn.role or Role.PHYSICIAN)):
        raise InputError(_("unit: say for which care programme of yours you speak."))
    Vote.objects.create(
        study=here.study,
        step=step,
        person_id=by.id,
        unit_id=unit if turn.units else None,
        answer=answer,
        reason=reason.strip(),
        at=timezone.now(),
    )
    fallen = [] if answer else _step_out(here, step, unit if turn.units else None, by)
    move(here, by, "studies.vote", step=step, answer=answer or "conflict_of_interest", again=fallen)
    settle(here, by, again_on=fallen)


def _step_out(here: Standing, step: str, unit: uuid.UUID | None, by: Actor) -> list[str]:
    """Whoever has an interest had it before: what they said for another care programme falls, and steps on which they
    voted decide again; the ids of these."""
    said = Vote.objects.filter(study=here.study, person_id=by.id, void=False).exclude(answer="")
    said.filter(step=step).exclude(unit=unit).update(void=True, voided=timezone.now())
    return decide_again(here.study, set(said.exclude(step=step).values_list("step", flat=True)))


@verb("studies.ask")
def ask(study_id: uuid.UUID, step: str, text: str, *, by: Actor) -> None:
    """Ask the applicant something; the step waits for the answer."""
    here = allowed(study_id, Verb.ASK, by)
    if not any(one.step == step and rules.is_turn_of(by, one) for one in here.turns):
        raise BusyError(_("It is not your turn on this step; load the page again."))
    text = needs_reason(text, _("text: write the question."))
    Asking.objects.create(study=here.study, step=step, by_id=by.id, text=text, at=timezone.now())
    move(here, by, "studies.ask", step=step)
    sentence = gettext_noop("A question about study {reference} waits for your answer.")
    notify(team(here), sentence, page_of(here.study), by=by, reference=here.study.reference)


@verb("studies.answer")
def answer_question(study_id: uuid.UUID, asking: uuid.UUID, text: str, *, by: Actor) -> None:
    """Answer a question; the step goes on, and its body is told. BusyError where somebody answered it already."""
    here = allowed(study_id, Verb.ANSWER, by)
    text = needs_reason(text, _("text: write the answer."))
    own = Asking.objects.filter(id=asking, study=here.study, answered=None)
    if own.update(answer=text, answered_by=by.id, answered=timezone.now()) != 1:
        raise BusyError(_("This question was answered already."))
    move(here, by, "studies.answer", asking=str(asking))
    asked = Asking.objects.get(id=asking)
    sentence = gettext_noop("Your question about study {reference} was answered.")
    notify([asked.by_id], sentence, page_of(here.study), by=by, reference=here.study.reference)
    sentence = gettext_noop("A question about study {reference} was answered; it waits for your decision: {step}.")
    tell_turns(here.study, by, only=[asked.step], sentence=sentence, but=[str(asked.by_id)])
