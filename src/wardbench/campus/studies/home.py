"""What studies add to the home page, to the search, and to the pages of questions."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from wardbench.campus.people.colleagues import work_together_by
from wardbench.campus.people.roles import gettext_noop
from wardbench.campus.people.rules import Actor
from wardbench.campus.questions.links import StudyLink, resolve_studies_by, take_up_at
from wardbench.campus.studies import exact as exact  # lets its permits be counted under
from wardbench.campus.studies import presenting, queries, result_queries, rules
from wardbench.campus.studies.result_rules import KINDS, Kind
from wardbench.campus.studies.standing import Turn
from wardbench.campus.studies.standings import Standing
from wardbench.campus.web.home import Entry, Panel, Part, Task, part, waiting
from wardbench.campus.web.search import Hit, provide

SHOWN = 5


@part(20)
def studies(actor: Actor) -> Part:
    """Steps that wait for somebody, and the studies that they work on."""
    waits, own = queries.at_hand(actor, SHOWN)
    return Part(_turns(waits), (_my_studies(actor, own),))


def _turns(waits: Sequence[tuple[Standing, Turn]]) -> Sequence[Task]:
    """Steps that wait for somebody's decision, and questions that wait for the applicant's answer."""
    tasks = []
    for here, turn in waits:
        study, address = here.study, reverse("study", args=[here.study.id])
        if turn.role is not None:
            what = _("Decide on %(reference)s: %(step)s") % {
                "reference": study.reference,
                "step": presenting.words(here.path.by_id[turn.step].title),
            }
            address = reverse("study_decide", args=[study.id, turn.step])
        elif turn.takes_on:
            what = _("Take %(reference)s on as its principal investigator") % {"reference": study.reference}
        elif turn.step:
            what = _("Answer the question about %(reference)s") % {"reference": study.reference}
        else:
            what = _("Complete and submit %(reference)s") % {"reference": study.reference}
        since = timezone.localdate(turn.since) if turn.since else None
        tasks.append(Task(what, study.title, address, since=since, due=turn.due))
    return tasks


@waiting
def orphans(actor: Actor) -> Sequence[Task]:
    """Studies for which another principal investigator has to be named."""
    return [
        Task(
            _("Name another principal investigator of %(reference)s") % {"reference": one.reference},
            one.title,
            reverse("study_investigator", args=[one.id]),
        )
        for one in queries.orphans(actor)
    ]


@waiting
def reviews(actor: Actor) -> Sequence[Task]:
    """Results that wait for a data steward's review."""
    return [
        Task(
            _("Review a result of %(reference)s") % {"reference": one.study.reference},
            _(KINDS[Kind(one.kind)]),
            reverse("study_result", args=[one.study_id, one.id]),
            since=timezone.localdate(one.at),
        )
        for one in result_queries.waiting(actor)
    ]


def _my_studies(actor: Actor, found: Sequence[Standing]) -> Panel | None:
    may = rules.may_register(actor)
    if not may and not found:
        return None
    names = presenting.names_of(found)
    entries = [
        Entry(
            one.study.title,
            _line(one, names),
            reverse("study", args=[one.study.id]),
            _(status),
            tone,
        )
        for one in found
        for status, tone in [presenting.status_of(one)]
    ]
    empty = _("Your studies, and whose turn it is. You see the whole path of approvals before you ask.")
    step = _("Register a study") if may else ""
    return Panel("studies", _("My studies"), tuple(entries), empty, step, reverse("study_new"), reverse("studies"))


def _line(one: Standing, names: Mapping[str, str]) -> str:
    whose = presenting.whose_turn(one, timezone.localdate(), names=names)
    turn = ", ".join(dict.fromkeys(turn.who for turn in whose))
    return f"{one.study.reference} · " + _("waits for: %(who)s") % {"who": turn} if turn else one.study.reference


def find_studies(actor: Actor, text: str, limit: int) -> list[Hit]:
    return [
        Hit(
            f"{one.study.reference} {one.study.title}",
            _(presenting.status_of(one)[0]),
            reverse("study", args=[one.study.id]),
        )
        for one in queries.visible(actor, text)[:limit]
    ]


provide("studies", gettext_noop("Studies"), find_studies, order=20)


def _links(actor: Actor, studies: Sequence[uuid.UUID]) -> list[StudyLink]:
    return [
        StudyLink(one.study.id, f"{one.study.reference} {one.study.title}", reverse("study", args=[one.study.id]))
        for one in queries.lines_of(actor, studies)
    ]


resolve_studies_by(_links)
work_together_by(queries.work_together)
take_up_at(lambda question: f"{reverse('study_new')}?question={question}")
