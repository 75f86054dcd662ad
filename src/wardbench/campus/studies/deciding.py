"""The verbs of those who decide, and of the applicant who is asked: vote, declare an interest, ask, take back, answer.

Votes and questions are only ever added; where a study stands follows from them.
"""

from __future__ import annotations

import uuid

from django.utils import timezone
from django.utils.translation import gettext as _

from wardbench.campus.audit.services import verb
from wardbench.campus.notices.sending import notify
from wardbench.campus.people.queries import actor_of, holders
from wardbench.campus.people.roles import Role, gettext_noop
from wardbench.campus.people.rules import Actor
from wardbench.campus.studies import permits, queries, rules
from wardbench.campus.studies.models import Asking, Decision, Vote
from wardbench.campus.studies.moves import allowed, decide_again, move, needs_reason, page_of, settle, team, tell_turns
from wardbench.campus.studies.rules import Verb
from wardbench.campus.studies.standing import DECIDED, Answer, State, Status
from wardbench.campus.studies.standings import Standing
from wardbench.core.errors import BusyError, InputError, NotFoundError


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
    rules.may_decide(by, here.facts, step).require()
    if seen is not None and seen != here.study.submissions.count():
        raise BusyError(_("The study was amended while you read it; look at it again before you decide."))
    turn = next((one for one in here.turns if one.step == step and rules.has_turn(by, here.facts, one)), None)
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
    fallen = [] if answer else _fall(here, by)
    move(here, by, "studies.vote", step=step, answer=answer or "conflict_of_interest", again=fallen)
    settle(here, by, again_on=fallen)


@verb("studies.declare")
def declare(study_id: uuid.UUID, reason: str, *, by: Actor) -> list[str]:
    """Declare a conflict of interest after having voted, whether a step waits or not; the steps that decide again.

    The permit that was made with one's vote is suspended until then. Those who watch over studies are told.
    """
    here = allowed(study_id, Verb.DECLARE, by)
    reason = needs_reason(reason)
    said = Vote.objects.filter(study=here.study, person_id=by.id).exclude(answer="").order_by("at")
    spoke = set(said.filter(void=False).values_list("step", "unit")) or {said.values_list("step", "unit").reverse()[0]}
    fallen = _fall(here, by)
    for step, unit in sorted(spoke, key=str):
        Vote.objects.create(
            study=here.study, step=step, person_id=by.id, unit_id=unit, answer="", reason=reason, at=timezone.now()
        )
    move(here, by, "studies.declare", steps=sorted({step for step, _unit in spoke}), again=fallen)
    sentence = gettext_noop("{who} declared a conflict of interest in study {reference} after having voted on it.")
    watching = [one.id for one in holders(*rules.OVERSEERS)]
    notify(watching, sentence, page_of(here.study), by=by, who=by.name, reference=here.study.reference)
    if fallen:
        sentence = gettext_noop(
            "Study {reference} is decided on again: somebody who decided has a conflict of interest."
        )
        notify(team(here), sentence, page_of(here.study), by=by, reference=here.study.reference)
    settle(here, by, again_on=fallen)
    return fallen


def _fall(here: Standing, by: Actor) -> list[str]:
    """What somebody with an interest has said falls, for they had it before; the ids of the steps that have to decide
    again.

    A step is decided by no more votes than it needs, so that each of them decided it: its whole body decides again. Of
    care programmes each speaks for itself, and on a step that is not decided yet the others spoke for themselves. What
    was decided on a step that the path does not ask for any more nobody decides again: its first step does instead.
    """
    said = Vote.objects.filter(study=here.study, person_id=by.id, void=False).exclude(answer="")
    why = gettext_noop("It is decided on again: somebody who decided has a conflict of interest.")
    permits.rest(here.study, by.id, reason=why)
    decided = {one.step.id for one in here.steps if one.state in DECIDED}
    steps = set(said.values_list("step", flat=True))
    needed = [one.step.id for one in here.steps if one.state is not State.NOT_NEEDED]
    if Decision.objects.filter(study=here.study, step__in=steps - set(needed), void=False).exists():
        steps |= set(needed[:1])
    alone = {one for one in steps if one not in decided or here.path.by_id[one].of_care_programmes}
    said.filter(step__in=alone).update(void=True, voided=timezone.now())
    Decision.objects.filter(study=here.study, step__in=alone, void=False).update(void=True)
    decide_again(here.study, steps - alone)
    return sorted(steps & decided)


@verb("studies.ask")
def ask(study_id: uuid.UUID, step: str, text: str, *, by: Actor) -> None:
    """Ask the applicant something; the step waits for the answer."""
    here = allowed(study_id, Verb.ASK, by)
    rules.may_decide(by, here.facts, step).require()
    if not any(one.step == step and rules.has_turn(by, here.facts, one) for one in here.turns):
        raise BusyError(_("It is not your turn on this step; load the page again."))
    text = needs_reason(text, _("text: write the question."))
    Asking.objects.create(study=here.study, step=step, by_id=by.id, text=text, at=timezone.now())
    move(here, by, "studies.ask", step=step)
    sentence = gettext_noop("A question about study {reference} waits for your answer.")
    notify(team(here), sentence, page_of(here.study), by=by, reference=here.study.reference)


@verb("studies.take_back_question")
def take_back(study_id: uuid.UUID, asking: uuid.UUID, *, by: Actor) -> None:
    """Take back a question that one's body put to the applicant; the step goes on. BusyError where it was answered."""
    here = allowed(study_id, Verb.TAKE_BACK, by)
    found = Asking.objects.select_related("by").filter(id=asking, study=here.study).first()
    if found is None:
        raise NotFoundError(_("There is no such question."))
    rules.may_take_back(by, here.facts, found.step, actor_of(found.by)).require()
    open_ = Asking.objects.filter(id=found.id, answered=None, taken_back=None)
    if open_.update(taken_back=timezone.now(), taken_back_by=by.id) != 1:
        raise BusyError(_("This question was answered or taken back already."))
    move(here, by, "studies.take_back_question", step=found.step, asking=str(asking))
    sentence = gettext_noop("A question about study {reference} was taken back; it needs no answer.")
    notify(team(here), sentence, page_of(here.study), by=by, reference=here.study.reference)
    sentence = gettext_noop("A question about study {reference} was taken back; it waits for your decision: {step}.")
    tell_turns(here.study, by, only=[found.step], sentence=sentence)


@verb("studies.answer")
def answer_question(study_id: uuid.UUID, asking: uuid.UUID, text: str, *, by: Actor) -> None:
    """Answer a question; the step goes on, and its body is told. BusyError where somebody answered it already."""
    own = Asking.objects.filter(id=asking, study=study_id, answered=None, taken_back=None)
    facts = queries.study(study_id, by=by).facts
    over = facts.status in (Status.WITHDRAWN, Status.CLOSED)
    if rules.works_on(by, facts) and not over and not own.exists():
        raise BusyError(_("This question was answered or taken back already."))
    here = allowed(study_id, Verb.ANSWER, by)
    text = needs_reason(text, _("text: write the answer."))
    if own.update(answer=text, answered_by=by.id, answered=timezone.now()) != 1:
        raise BusyError(_("This question was answered or taken back already."))
    move(here, by, "studies.answer", asking=str(asking))
    asked = Asking.objects.get(id=asking)
    sentence = gettext_noop("Your question about study {reference} was answered.")
    notify([asked.by_id], sentence, page_of(here.study), by=by, reference=here.study.reference)
    sentence = gettext_noop("A question about study {reference} was answered; it waits for your decision: {step}.")
    tell_turns(here.study, by, only=[asked.step], sentence=sentence, but=[str(asked.by_id)])
