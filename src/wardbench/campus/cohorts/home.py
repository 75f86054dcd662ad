"""What cohorts add to the home page and to the search."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext as _

from wardbench.campus.cohorts import queries, rules
from wardbench.campus.cohorts.models import Cohort
from wardbench.campus.people.figures import figure
from wardbench.campus.people.roles import gettext_noop
from wardbench.campus.people.rules import Actor
from wardbench.campus.web.home import Entry, Panel, panel
from wardbench.campus.web.search import Hit, provide

SHOWN = 5


def find_cohorts(actor: Actor, text: str, limit: int) -> list[Hit]:
    found = queries.find(actor, text).prefetch_related(None)[:limit]
    return [Hit(one.name, one.about or one.owner.name, reverse("cohort", args=[one.id])) for one in found]


provide("cohorts", gettext_noop("Cohorts"), find_cohorts, order=40)


@panel(40)
def my_cohorts(actor: Actor) -> Panel | None:
    """The cohorts that somebody worked on last, and which of them have changes that are not saved."""
    if not rules.may_make(actor):
        return None
    drafts = queries.changed_by(actor)
    entries = [
        Entry(
            one.name,
            _line(one, actor),
            reverse("cohort_build" if one.id in drafts else "cohort", args=[one.id]),
            _("unsaved changes") if one.id in drafts else "",
            "wait" if one.id in drafts else "",
        )
        for one in queries.find(actor).select_related(None)[:SHOWN]
    ]
    empty = _("Which patients are you thinking of? Build a cohort: every rule shows at once what it does.")
    return Panel(
        "cohorts", _("Cohorts"), tuple(entries), empty, _("New cohort"), reverse("cohort_new"), reverse("cohorts")
    )


def _line(cohort: Cohort, actor: Actor) -> str:
    for version in getattr(cohort, "last", []):
        if told := queries.figure_of(version, actor):
            if version.mode == "sandbox":
                line = _("version {n}, persons in the twin: {figure}")
            else:
                line = _("version {n}, persons: {figure}")
            return line.format(n=version.number, figure=figure(told))
        return _("version {n}").format(n=version.number)
    return _("not saved yet")
