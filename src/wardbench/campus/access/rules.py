"""Who may see a patient, when somebody may look without being of the care team, and who judges it. No Django here."""

from __future__ import annotations

import datetime
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from wardbench.campus.people.roles import CARE, Role, gettext_noop
from wardbench.campus.people.rules import Actor, Verdict, holds, may_treat, no, yes

LASTS = datetime.timedelta(minutes=30)
REVIEW_WITHIN = datetime.timedelta(hours=72)
MOST_AT_ONCE = 3
"""Open emergencies of one person: more looks like browsing, and nobody treats four at once."""

FEWEST_WORDS = 10
"""Letters of an explanation: fewer say nothing to whoever reviews it."""


class Reason(StrEnum):
    """Why somebody of care opens a record that is not of their team; the words beside it say what happened."""

    EMERGENCY = "emergency"
    ON_CALL = "on_call"
    TRANSFER = "transfer"
    SAFETY = "safety"


REASONS = {
    Reason.EMERGENCY: gettext_noop("Emergency: the patient is in danger now"),
    Reason.ON_CALL: gettext_noop("On call for another team"),
    Reason.TRANSFER: gettext_noop("The patient was just moved to us, and is not on our list yet"),
    Reason.SAFETY: gettext_noop("A warning about a medicine, an allergy or a result has to be checked"),
}


class Status(StrEnum):
    """Where an emergency access stands. It ends by itself after half an hour."""

    ACTIVE = "active"
    ENDED = "ended"
    JUSTIFIED = "justified"
    UNJUSTIFIED = "unjustified"


STATUSES = {
    Status.ACTIVE: gettext_noop("Open now"),
    Status.ENDED: gettext_noop("To be reviewed"),
    Status.JUSTIFIED: gettext_noop("Justified"),
    Status.UNJUSTIFIED: gettext_noop("Not justified"),
}


class Action(StrEnum):
    END = "end"
    JUSTIFY = "justify"
    OBJECT = "object"
    SPEAK = "speak"


TABLE: dict[tuple[Status, Action], Status] = {
    (Status.ACTIVE, Action.END): Status.ENDED,
    (Status.ACTIVE, Action.OBJECT): Status.UNJUSTIFIED,
    (Status.ACTIVE, Action.SPEAK): Status.ACTIVE,
    (Status.ENDED, Action.SPEAK): Status.ENDED,
    (Status.ENDED, Action.JUSTIFY): Status.JUSTIFIED,
    (Status.ENDED, Action.OBJECT): Status.UNJUSTIFIED,
}
"""Every change of status there is. An objection ends what is still open; what a head says is for whoever judges."""


@dataclass(frozen=True)
class Facts:
    """What the rules need of an emergency access: its status at this moment, and whose it is (an id as text).

    `places` are the units and organisations whose heads answer for it, `unsaid` those of which no head has spoken yet.
    """

    status: Status
    person: str
    places: frozenset[str] = frozenset()
    unsaid: frozenset[str] = frozenset()


def may_open(actor: Actor, open_now: int = 0) -> Verdict:
    """Looking at a patient of another team. A role of research alone never opens a record."""
    if not actor.has(*CARE):
        if actor.has(Role.RESEARCHER, Role.STUDENT, Role.LECTURER, Role.PARTNER):
            return no(gettext_noop("Records are opened in an emergency for care, never for research."))
        return may_treat(actor)
    if open_now >= MOST_AT_ONCE:
        return no(
            gettext_noop("You have {number} emergency accesses open already; end one of them first."), number=open_now
        )
    return yes(gettext_noop("You treat patients; in an emergency you can open the record of another team's."))


def may_move(actor: Actor, action: Action, facts: Facts) -> Verdict:
    """Ending is for whoever opened it, speaking for heads of a unit that answers for it, judging for data protection;
    the last two never of one's own."""
    if action is Action.END:
        if not actor.id or actor.id != facts.person:
            return no(gettext_noop("Only whoever opened it can end it."))
    else:
        verdict = answers(actor, facts) if action is Action.SPEAK else holds(actor, Role.DATA_PROTECTION)
        if not verdict:
            return verdict
        if actor.id and actor.id == facts.person:
            return no(gettext_noop("Nobody judges their own access."))
    if (facts.status, action) not in TABLE:
        return no(gettext_noop("This cannot be done any more: the access has ended, or was judged."))
    return yes(gettext_noop("It is yours to do."))


def answers(actor: Actor, facts: Facts) -> Verdict:
    """Saying for a unit whether it was needed: its heads and deputies, or those of its organisation; the first does."""
    if actor.heads.isdisjoint(facts.places):
        return no(gettext_noop("A head or deputy of the unit that answers for it says this."))
    if actor.heads.isdisjoint(facts.unsaid):
        return no(gettext_noop("It was said for your unit already."))
    return yes(gettext_noop("You answer for the unit."))


def told(of_unit: frozenset[str], above: frozenset[str], opener: str) -> frozenset[str]:
    """Who of a unit is told: those who lead it, or where there is nobody those who lead its organisation; never whoever
    opened the record. All are ids of persons."""
    return of_unit - {opener} or above - {opener}


def may_see_access(actor: Actor, person: str, places: Collection[str] = ()) -> Verdict:
    """An emergency access is seen by whoever opened it, by the heads of `places`, which answer for it, and by those who
    watch over access."""
    if actor.id and actor.id == person:
        return yes(gettext_noop("You opened it."))
    if not actor.heads.isdisjoint(places):
        return yes(gettext_noop("You answer for the unit that it concerns."))
    return holds(actor, Role.DATA_PROTECTION, Role.DATA_STEWARD)


def may_review(actor: Actor) -> Verdict:
    """The list of all emergency accesses."""
    return holds(actor, Role.DATA_PROTECTION, Role.DATA_STEWARD)


def may_ask_why(actor: Actor) -> Verdict:
    """Asking why a patient's record can be seen: by everybody of whom those watch over access ask, of oneself whoever
    treats patients."""
    return may_review(actor) if may_review(actor) else may_treat(actor)


def may_relate(actor: Actor, unit: str) -> Verdict:
    """Saying that a team treats a patient: a coordinator for their own team, a data steward for all."""
    if actor.has(Role.DATA_STEWARD):
        return holds(actor, Role.DATA_STEWARD)
    if unit in actor.units(Role.COORDINATOR):
        return yes(gettext_noop("You coordinate the care of this team."))
    return no(gettext_noop("A coordinator of the team says whom it treats, or a data steward."))


def may_relate_some(actor: Actor) -> Verdict:
    """Whether there is any team of which somebody may say whom it treats."""
    return may_relate(actor, next(iter(actor.units(Role.COORDINATOR)), ""))


def may_import(actor: Actor) -> Verdict:
    """Taking over from the hospital's lists which team treats whom."""
    return holds(actor, Role.DATA_STEWARD)


IN_EMERGENCY = gettext_noop("You opened this record in an emergency; it closes at {time}.")


def may_see_patient(actor: Actor, units: Collection[str], until: datetime.datetime | None = None) -> Verdict:
    """Seeing one patient: `units` treat them now, `until` is when the actor's emergency access to them ends, if any."""
    if not actor.has(*CARE):
        return may_treat(actor)
    if not actor.units(*sorted(CARE)).isdisjoint(units):
        return yes(gettext_noop("Your team treats this patient."))
    if until is not None:
        return yes(IN_EMERGENCY, time=f"{until:%H:%M}")
    return no(gettext_noop("Your team does not treat this patient. In an emergency you can open the record."))
