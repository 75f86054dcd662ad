"""What releases add to the home page and to the search."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Sequence

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from wardbench.campus.biobank.rules import KEEPERS, may_see_withdrawals, may_withdraw
from wardbench.campus.people.roles import gettext_noop
from wardbench.campus.people.rules import Actor
from wardbench.campus.releases import (
    blinding_queries,
    extract_queries,
    request_queries,
    request_shown,
    rules,
    standing_queries,
    warning_queries,
    withdrawal_queries,
)
from wardbench.campus.releases.models import Request
from wardbench.campus.releases.rules import STATUSES, Facts, Side, Status
from wardbench.campus.releases.withdrawal_rules import Where
from wardbench.campus.studies.queries import worked_on
from wardbench.campus.web.home import Entry, Panel, Part, Task, panel, part, waiting
from wardbench.campus.web.search import Hit, provide

SHOWN = 5


@part(50)
def requests(actor: Actor) -> Part:
    """Requests for specimens that cannot go on before this side has acted, and those of somebody's own studies."""
    own = worked_on(actor)
    found = request_queries.of_side(actor, own)
    waits = [
        Task(
            _(rules.NEXT[Status(one.status), side][1]).format(reference=one.reference),
            one.study.title,
            reverse("request", args=[one.id]),
            since=timezone.localdate(one.asked or one.made),
            due=one.wanted_by if side is Side.BIOBANK else None,
        )
        for one, side in request_queries.waiting(found)
    ]
    return Part(
        [*_warnings_waiting(own), *waits, *_panels_waiting(actor, own), *_withdrawals_waiting(actor, own)],
        (
            _my_requests(actor, own, [(one, facts) for one, facts, held in found if Side.RESEARCHER in held]),
            _my_standing(actor, own),
        ),
    )


@waiting
def extracts_waiting(actor: Actor) -> Sequence[Task]:
    """Extracts of data that wait for a review."""
    return [
        Task(
            _("Review the extract of data for study %(study)s") % {"study": one.study.reference},
            one.study.title,
            reverse("extract", args=[one.id]),
            since=timezone.localdate(one.at),
        )
        for one in extract_queries.waiting(actor)
    ]


def _panels_waiting(actor: Actor, own: Sequence[uuid.UUID]) -> Sequence[Task]:
    """Blinded panels that arrived and are not accounted for, or are and can be opened."""
    tasks = []
    for one, facts in blinding_queries.waiting(actor, own):
        what = _("Write down what you measured of blinded panel {reference}")
        if not facts.unsaid:
            what = _("Open blinded panel {reference}")
        address, since = reverse("panel", args=[one.id]), timezone.localdate(one.arrived)  # type: ignore[attr-defined]
        tasks.append(Task(what.format(reference=one.request.reference), one.request.study.title, address, since=since))
    return tasks


def _warnings_waiting(own: Sequence[uuid.UUID]) -> Sequence[Task]:
    """Specimens of somebody's studies that had been outside their temperatures before they were sent."""
    what = _("Specimens of request {reference} had been outside their temperatures: say what it means for your work")
    return [
        Task(
            what.format(reference=one.request.reference),
            one.request.study.title,
            f"{reverse('request', args=[one.request_id])}#warnings",
            since=timezone.localdate(one.told),
        )
        for one in warning_queries.waiting(own)
    ]


def _withdrawals_waiting(actor: Actor, own: Sequence[uuid.UUID]) -> Sequence[Task]:
    """Things that somebody has, and whose donor took consent back; several in the biobank are answered for at once."""
    waiting_for = withdrawal_queries.waiting(actor, own)
    called = withdrawal_queries.called([one.task for one in waiting_for])
    here = Counter(one.task.withdrawal_id for one in waiting_for if one.facts.where is Where.HERE)
    tasks = {}
    for one in waiting_for:
        of, count = one.task.withdrawal, here[one.task.withdrawal_id]
        what = _("Say what became of %(what)s") % {"what": called[one.task.id]}
        address: tuple[str, object] = ("withdrawal_task", one.task.id)
        if one.facts.where is Where.HERE and count > 1:
            said = ngettext("%(n)d specimen", "%(n)d specimens", count) % {"n": count}
            what = _("Say what became of %(what)s") % {"what": f"{said} ({of.reference})"}
            address = ("withdrawal_together", of.id)
        since = timezone.localdate(of.at)
        tasks[address] = Task(
            what, _("Somebody took consent back."), reverse(address[0], args=address[1:]), since=since
        )
    return list(tasks.values())


def _my_requests(actor: Actor, own: Sequence[uuid.UUID], found: Sequence[tuple[Request, Facts]]) -> Panel | None:
    """The requests of somebody's studies; for those who have a permit for material, where to begin."""
    may = bool(rules.may_keep_basket(actor)) and bool(request_queries.with_material(actor, own))
    if not found and not may:
        return None
    entries = [
        Entry(
            f"{one.reference} {one.study.title}",
            _("waits for: %(who)s") % {"who": turn} if (turn := request_shown.turn_of(facts)) else "",
            reverse("request", args=[one.id]),
            _(STATUSES[facts.status]),
            request_shown.tone(one.status),
        )
        for one, facts in found[:SHOWN]
    ]
    return Panel(
        "requests",
        _("Specimens for my studies"),
        tuple(entries),
        _("A permit of yours covers material. Put specimens into a basket, and ask the biobank for them."),
        _("Begin a basket") if may else "",
        reverse("baskets"),
        reverse("requests"),
    )


@panel(70)
def withdrawals(actor: Actor) -> Panel | None:
    """What was taken back and is under way, for those who write it down and have no desk of the biobank."""
    if not may_see_withdrawals(actor) or actor.has(*KEEPERS):
        return None
    entries = [
        Entry(
            f"{one.reference} {one.donor.code if one.donor is not None else ''}",
            one.get_kind_display(),
            reverse("withdrawal", args=[one.id]),
            ngettext("%(n)d thing is open", "%(n)d things are open", left) % {"n": left},
            "wait",
        )
        for one, left in withdrawal_queries.under_way(SHOWN)
    ]
    return Panel(
        "withdrawals",
        _("Withdrawals and opt-outs"),
        tuple(entries),
        _("Nothing is under way. What donors and patients take back is written down here, and holds at once."),
        _("Write one down") if may_withdraw(actor) else "",
        reverse("withdrawal_new"),
        reverse("withdrawals"),
    )


def _my_standing(actor: Actor, own: Sequence[uuid.UUID]) -> Panel | None:
    """Criteria that stand of somebody's studies, with how much came."""
    found = [one for one in standing_queries.standings(actor, own) if one.ended is None]
    if not found:
        return None
    entries = [
        Entry(
            one.name,
            standing_queries.new_words(one.found, one.specimens, one.wanted),  # type: ignore[attr-defined]
            reverse("standing", args=[one.id]),
        )
        for one in found[:SHOWN]
    ]
    return Panel("standing", _("Collect for me"), tuple(entries), "", all_address=reverse("standings"))


def find_requests(actor: Actor, text: str, limit: int) -> list[Hit]:
    return [
        Hit(f"{one.reference} {one.study.title}", _(STATUSES[facts.status]), reverse("request", args=[one.id]))
        for one, facts in request_queries.visible(actor, text=text)[:limit]
    ]


provide("requests", gettext_noop("Requests for specimens"), find_requests, order=25)
