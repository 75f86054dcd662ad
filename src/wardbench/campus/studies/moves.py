"""What every verb on a study shares: may they, the compare-and-set, and what follows from a decision."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Iterable
from typing import Any

from django.db.models import F
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from wardbench.campus.audit.services import record
from wardbench.campus.notices.sending import notify
from wardbench.campus.people.queries import holders
from wardbench.campus.people.roles import Role, gettext_noop
from wardbench.campus.people.rules import Actor
from wardbench.campus.studies import permits, queries, rules
from wardbench.campus.studies.bodies import organisations
from wardbench.campus.studies.facts import Fact
from wardbench.campus.studies.models import Decision, Permit, Study, Vote
from wardbench.campus.studies.path import Words
from wardbench.campus.studies.rules import Verb
from wardbench.campus.studies.standing import DECIDED, Answer, Stand, State, Status
from wardbench.campus.studies.standings import Standing, stands
from wardbench.core.errors import BusyError, InputError

LONGEST_REASON = 10_000
TOLD = {
    State.APPROVED: gettext_noop("Study {reference} was approved at this step: {step}."),
    State.CONDITIONS: gettext_noop("Study {reference} was approved with conditions at this step: {step}."),
    State.REFUSED: gettext_noop("Study {reference} was refused at this step: {step}."),
}
"""What the applicants hear of a step that was decided while others still decide."""


def allowed(study_id: uuid.UUID, what: Verb, by: Actor) -> Standing:
    """The study and where it stands; refused by the same sentence that the button shows."""
    here = queries.study(study_id, by=by)
    rules.may(by, what, here.facts).require()
    return here


def move(here: Standing, by: Actor, what: str, **detail: Any) -> None:
    """The study moves on from the revision that was looked at, and the record tells of it."""
    moved = Study.objects.filter(id=here.study.id, revision=here.study.revision)
    if moved.update(revision=F("revision") + 1) != 1:
        raise BusyError(_("Somebody changed this study at the same moment; load the page again."))
    record(what, "study", here.study.id, by=by, study=here.study.reference, **detail)


def needs_reason(reason: str, sentence: str = "") -> str:
    """The reason in its words; InputError where there is none, or too many."""
    if not reason.strip():
        raise InputError(sentence or _("reason: say why."))
    if len(reason) > LONGEST_REASON:
        raise InputError(_("reason: this is too long."))
    return reason.strip()


def decide_again(study: Study, steps: Iterable[str]) -> list[str]:
    """Take back what was said and decided on steps; those on which something had been said."""
    votes = Vote.objects.filter(study=study, step__in=list(steps), void=False)
    found = sorted(set(votes.values_list("step", flat=True)))
    votes.update(void=True, voided=timezone.now())
    Decision.objects.filter(study=study, step__in=list(steps), void=False).update(void=True)
    return found


def settle(before: Standing, by: Actor, *, again_on: Iterable[str] = ()) -> Standing:
    """What follows where the path has moved: letters, a permit, a refusal, or the next body's turn. Where it stands.

    `again_on` are steps that have something new before them: their bodies are told though it was their turn already.
    """
    now = again(before.study.id)
    for stand in now.steps:
        if stand.state in DECIDED:
            _keep_decision(now, stand, by)
    if now.status is Status.APPROVED and before.status is not Status.APPROVED:
        _give(now, by)
    elif now.status is Status.REFUSED and before.status is not Status.REFUSED:
        sentence = gettext_noop("Study {reference} was refused.")
        notify(team(now), sentence, page_of(now.study), by=by, reference=now.study.reference)
    elif now.status not in (Status.REFUSED, Status.APPROVED):
        were = {one.step for one in before.turns} - set(again_on)
        tell_turns(now.study, by, only=[one.step for one in now.turns if one.step not in were])
    return now


def settle_amended(before: Standing, by: Actor, again_on: Iterable[str], holding: Permit | None) -> None:
    """What follows from an amendment. Where nobody has to decide again, the permit that held is made anew on the new
    words, until the same day."""
    now = settle(before, by, again_on=again_on)
    if now.status is before.status is Status.APPROVED and holding is not None:
        _give(now, by, until=holding.until)


def _give(now: Standing, by: Actor, until: datetime.date | None = None) -> None:
    given = permits.give(now.study, now, by=by, until=until)
    permits.end_all(now.study, reason=gettext_noop("A new permit took its place."), except_for=[given.id])
    sentence = gettext_noop("Study {reference} was approved.")
    notify(team(now), sentence, page_of(now.study), by=by, reference=now.study.reference)
    if Fact.MATERIAL_ARRIVES in now.study.asked.facts:
        managers = holders(Role.BIOBANK_MANAGER).values_list("id", flat=True)
        comes = gettext_noop("Material from elsewhere may arrive for study {reference}: it comes to the biobank first.")
        notify(managers, comes, page_of(now.study), by=by, reference=now.study.reference)


def again(study_id: uuid.UUID) -> Standing:
    """Where a study stands after what was just written."""
    return stands(Study.objects.get(id=study_id))


def _keep_decision(now: Standing, stand: Stand, by: Actor) -> None:
    """Keep what a step came to, once, with what was decided on."""
    study, step = now.study, stand.step
    if Decision.objects.filter(study=study, step=step.id, void=False).exists():
        return
    votes = list(study.votes.filter(step=step.id, void=False).order_by("at"))
    last = list({(vote.person_id, vote.unit_id): vote for vote in votes}.values())
    content = {
        "study": study.reference,
        "title": study.title,
        "step": step.id,
        "outcome": stand.state.value,
        "reasons": [vote.reason for vote in last if vote.answer and vote.reason],
        "votes": {answer.value: sum(vote.answer == answer.value for vote in last) for answer in Answer},
        "stepped_out": sum(not vote.answer for vote in last),
        "submission": study.submissions.count(),
        "documents": sorted(study.documents.filter(withdrawn_at=None).values_list("digest", flat=True)),
        "organisations": organisations(step.role, last),
        "at": (stand.since or timezone.now()).isoformat(),
    }
    Decision.objects.create(
        study=study,
        number=study.decisions.count() + 1,
        step=step.id,
        outcome=stand.state.value,
        content=content,
        hash=permits.hash_of(content),
        at=stand.since or timezone.now(),
    )
    if now.status not in (Status.APPROVED, Status.REFUSED):
        notify(team(now), TOLD[stand.state], page_of(study), by=by, reference=study.reference, step=told(step.title))


WAITS = gettext_noop("Study {reference} came to you for a decision: {step}.")


def tell_turns(
    study: Study,
    by: Actor,
    only: Iterable[str] | None = None,
    sentence: str = WAITS,
    but: Iterable[str] = (),
    **values: str,
) -> None:
    """Tell everybody whose turn it is, the people whom `queries.waiting` shows it to, but those who know already."""
    now = again(study.id)
    wanted, know = None if only is None else set(only), set(but)
    for turn in now.turns:
        if turn.role is None or (wanted is not None and turn.step not in wanted):
            continue
        people = [person.id for unit in turn.units or ("",) for person in holders(turn.role, unit=_uuid(unit))]
        spoken = set() if turn.units else {person for step, person in now.voted if step == turn.step}
        elsewhere = {person for step, person in now.facts.elsewhere if step == turn.step}
        out = team(now) | now.facts.conflicted | now.facts.former | spoken | elsewhere | know
        asked = [person for person in people if str(person) not in out]
        step = told(now.path.by_id[turn.step].title)
        notify(asked, sentence, page_of(study), by=by, reference=study.reference, step=step, **values)


def _uuid(unit: str) -> uuid.UUID | None:
    return uuid.UUID(unit) if unit else None


def told(title: Words) -> dict[str, str]:
    """The title of a step as a value of a notice, which its reader has in their own language."""
    return {"en": title.en, "nl": title.nl, "fr": title.fr}


def team(here: Standing) -> set[str]:
    return {here.facts.investigator, *here.facts.members}


def page_of(study: Study) -> str:
    return reverse("study", args=[study.id])
