"""A decision as a letter, in the active language: what was decided, on which conditions, and what comes next."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext as _

from wardbench.campus.people.models import Unit
from wardbench.campus.people.roles import BODIES, TITLES
from wardbench.campus.studies.bodies import organisations
from wardbench.campus.studies.models import Decision
from wardbench.campus.studies.path import Step
from wardbench.campus.studies.permits import hash_of
from wardbench.campus.studies.presenting import whose_turn, words
from wardbench.campus.studies.standing import State, Status
from wardbench.campus.studies.standings import Standing

LANGUAGES = ("en", "nl", "fr")


@dataclass(frozen=True)
class Letter:
    """What a letter says; `number` is its own, `hash` that of the decision it tells of."""

    number: str
    to: str
    at: datetime.datetime
    subject: str
    opening: str
    by: str
    reasons: Sequence[str]
    reasons_title: str
    next: str
    votes: str
    hash: str
    whole: bool
    void: bool


def language_of(language: str) -> str:
    """The applicant's language, where letters are written in it."""
    return language if language in LANGUAGES else "en"


def letter(here: Standing, decision: Decision) -> Letter:
    """The letter of one decision."""
    said, study = decision.content, here.study
    step = here.path.by_id.get(decision.step)
    body = words(step.title) if step else decision.step
    outcome = State(decision.outcome)
    openings = {
        State.APPROVED: _("Your study %(reference)s was approved at this step: %(body)s."),
        State.CONDITIONS: _("Your study %(reference)s was approved with conditions at this step: %(body)s."),
        State.REFUSED: _("Your study %(reference)s was refused at this step: %(body)s."),
    }
    titles = {
        State.APPROVED: _("Remarks"),
        State.CONDITIONS: _("Conditions"),
        State.REFUSED: _("Reasons"),
    }
    return Letter(
        number=f"{study.reference}/{decision.number}",
        to=study.investigator.name,
        at=decision.at,
        subject=said["title"],
        opening=openings[outcome] % {"reference": study.reference, "body": body},
        by=_by(step, decision),
        reasons=said["reasons"],
        reasons_title=titles[outcome],
        next=_next(here, decision),
        votes=_votes(said["votes"], said["stepped_out"]),
        hash=decision.hash,
        whole=hash_of(said) == decision.hash,
        void=decision.void,
    )


def _by(step: Step | None, decision: Decision) -> str:
    """Which body of which organisation decided; where it spoke for care programmes, with their names."""
    if step is None:
        return ""
    votes = decision.study.votes.filter(step=step.id, at__lte=decision.at)
    spoke = Unit.objects.filter(id__in=votes.values("unit"))
    body = words(step.body) if step.body else gettext(BODIES.get(step.role, TITLES[step.role]))
    if spoke:
        body = f"{body} ({', '.join(unit.name for unit in spoke)})"
    kept = decision.content.get("organisations")
    return ", ".join([body, *(organisations(step.role, votes) if kept is None else kept)])


def _next(here: Standing, decision: Decision) -> str:
    if decision.outcome == State.REFUSED:
        return _("You can amend the study and submit it again, or withdraw it.")
    if here.status is Status.APPROVED:
        return _("All approvals are given. The permit of the study says what may be done, by whom, and until when.")
    whose = whose_turn(here, timezone.localdate())
    turns = ", ".join(dict.fromkeys(f"{one.who} ({one.title})" if one.title else one.who for one in whose))
    if not turns:
        return ""
    return _("This alone does not allow the study to begin. It is now the turn of: %(turns)s.") % {"turns": turns}


def _votes(votes: dict[str, int], stepped_out: int) -> str:
    given = sum(votes.values())
    if given < 2 and not stepped_out:
        return ""
    said = _("Votes: %(yes)s to approve, %(conditions)s to approve with conditions, %(no)s to refuse.") % {
        "yes": votes.get("approve", 0),
        "conditions": votes.get("conditions", 0),
        "no": votes.get("refuse", 0),
    }
    out = _("Stepped out because of a conflict of interest: %(n)s.") % {"n": stepped_out} if stepped_out else ""
    return f"{said} {out}".strip()
