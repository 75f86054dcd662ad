"""The verbs by which another person comes to answer for a study: whoever does names them, and they take it on.

A permit says whom the bodies judged, so that none goes over to somebody whom they did not: the permits end, and the
steps that judge the team decide again, once the new investigator has taken the study on.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from django.utils import timezone
from django.utils.translation import gettext as _

from wardbench.campus.audit.services import verb
from wardbench.campus.notices.sending import notify, notify_at_once
from wardbench.campus.people.queries import actor_of
from wardbench.campus.people.queries import person as person_by_id
from wardbench.campus.people.roles import gettext_noop
from wardbench.campus.people.rules import Actor
from wardbench.campus.studies import permits, writing
from wardbench.campus.studies.facts import Section
from wardbench.campus.studies.models import Study
from wardbench.campus.studies.moves import allowed, decide_again, move, needs_reason, page_of, settle, team
from wardbench.campus.studies.rules import Verb
from wardbench.campus.studies.standing import State
from wardbench.campus.studies.standings import Standing
from wardbench.core.errors import InputError

LEADS = gettext_noop("{who} made you principal investigator of study {reference}; take it on, or hand it over.")
LEADS_NO_MORE = gettext_noop("{who} made {name} principal investigator of study {reference} in your place.")
LED_BY = gettext_noop("{name} is named principal investigator of study {reference}.")
TAKEN_ON = gettext_noop("{name} took study {reference} on as its principal investigator.")


@verb("studies.hand_over")
def name_investigator(study_id: uuid.UUID, investigator: uuid.UUID, reason: str, *, by: Actor) -> list[str]:
    """Let somebody else answer for a study; the ids of the steps that decide again.

    Whoever did stays in the team for as long as they hold a role. InputError where the new one may not lead a study, or
    where somebody names themselves.
    """
    here = allowed(study_id, Verb.HAND_OVER, by)
    reason = needs_reason(reason)
    # Read by itself: what was read with the standing does not see what somebody else writes at the same moment.
    study = Study.objects.get(id=study_id)
    to, former = person_by_id(investigator), here.study.investigator
    if str(to.id) == by.id != here.facts.investigator:
        raise InputError(_("investigator: nobody names themselves; let a colleague name you."))
    writing.write_investigator(study, to, stays=bool(actor_of(former).roles))
    again = judges(here, study.votes.filter(person=to, void=False).values_list("step", flat=True))
    ended = 0
    if study.submitted is not None:
        decide_again(study, again)
        ended = permits.end_all(study, reason=gettext_noop("Another principal investigator was named."))
        Study.objects.filter(id=study.id).update(named=timezone.now(), taken_on=None)
        writing.keep_submission(study, Section.TEAM.value, reason, by)
    people = {"to": str(to.id), "former": str(former.id)}
    move(here, by, "studies.hand_over", reason=reason, again=again, permits=ended, **people)
    said = {"who": by.name, "name": to.name, "reference": study.reference}
    page = page_of(study)
    notify_at_once([to.id], LEADS, page, by=by, who=by.name, reference=study.reference)
    notify_at_once([former.id], LEADS_NO_MORE, page, by=by, **said)
    others = team(here) - {str(to.id), str(former.id)}
    notify(others, LED_BY, page, by=by, name=to.name, reference=study.reference)
    settle(here, by)
    return again


def judges(here: Standing, spoke: Iterable[str] = ()) -> list[str]:
    """The steps that decide again on another investigator: those that judge the team, and those on which the new one
    has spoken. Where a study's path has none that judges it, its first; and a refusal stands until it is amended."""
    if here.study.submitted is None:
        return []
    needed = [one for one in here.steps if one.state is not State.NOT_NEEDED]
    judging = {one.step.id for one in needed if Section.TEAM in one.step.sees} or {one.step.id for one in needed[:1]}
    judging |= set(spoke)
    return [one.step.id for one in needed if one.step.id in judging and one.state is not State.REFUSED]


@verb("studies.take_on")
def take_on(study_id: uuid.UUID, *, by: Actor) -> None:
    """Say that one answers for a study from now on, after somebody named one; those who decide again are told."""
    here = allowed(study_id, Verb.TAKE_ON, by)
    Study.objects.filter(id=here.study.id).update(taken_on=timezone.now())
    move(here, by, "studies.take_on")
    told = {"name": by.name, "reference": here.study.reference}
    notify(team(here), TAKEN_ON, page_of(here.study), by=by, **told)
    settle(here, by)
