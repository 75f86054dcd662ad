"""What questions add to the home page and to the search."""

from __future__ import annotations

from collections.abc import Sequence

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from wardbench.campus.people.figures import figure
from wardbench.campus.people.roles import Role, gettext_noop
from wardbench.campus.people.rules import Actor
from wardbench.campus.questions import concepts, queries, rules
from wardbench.campus.questions.models import Question
from wardbench.campus.questions.rules import Status
from wardbench.campus.web.home import Entry, Panel, Task, panel, waiting
from wardbench.campus.web.search import Hit, provide

SHOWN = 5
LINE = ("title", "side", "status", "figure", "figure_mode", "unit__name")
"""What a line reads of a question."""
ELSEWHERE = frozenset({Role.ADMINISTRATOR, Role.DATA_PROTECTION})
"""Roles whose mornings are about other things; they find the questions in the menu."""
TONES = {Status.OPEN: "wait", Status.REOPENED: "wait", Status.ANSWERED: "good"}


def find_questions(actor: Actor, text: str, limit: int) -> list[Hit]:
    matching = queries.matching(actor, queries.Filter(text=text))
    found = matching.select_related("unit").only(*LINE).order_by("-raised_at", "id")[:limit]
    return [Hit(one.title, _line(one), _address(one)) for one in found]


def find_concepts(actor: Actor, text: str, limit: int) -> list[Hit]:
    if not rules.may_see_questions(actor):
        return []
    return [
        Hit(one.name, one.said or _(one.domain_title), reverse("concept", args=[one.id]))
        for one in concepts.find_concepts(text, limit)
    ]


provide("questions", gettext_noop("Questions"), find_questions, order=30)
provide("concepts", gettext_noop("Concepts"), find_concepts, order=50)


@waiting
def answers_to_judge(actor: Actor) -> Sequence[Task]:
    """An answer waits for whoever asked: close the question, or say what is still open."""
    tasks = []
    for one in queries.awaiting_close(actor).only("title"):
        given = one.answers.all()[0]
        tasks.append(
            Task(
                _("Read the answer to your question, and close it or reopen it"),
                one.title,
                _address(one),
                since=timezone.localdate(given.said_at),
            )
        )
    return tasks


@panel(30)
def my_questions(actor: Actor) -> Panel | None:
    """What somebody raised or follows; for those who may raise none, what they could follow."""
    if not rules.may_see_questions(actor) or actor.roles <= ELSEWHERE:
        return None
    may_raise = bool(rules.may_raise_any(actor))
    entries = [
        Entry(one.title, _line(one), _address(one), one.get_status_display(), TONES.get(Status(one.status), ""))
        for one in queries.mine(actor).only(*LINE)[:SHOWN]
    ]
    if may_raise:
        empty = _("Something you see in patients and cannot explain? A question finds those who can work on it.")
        step, address = _("Raise a question"), reverse("question_raise")
    else:
        empty = _("Follow a question, and you hear here what becomes of it.")
        step, address = _("Look at the questions"), reverse("questions")
    return Panel(
        "questions", _("Questions I raised or follow"), tuple(entries), empty, step, address, reverse("questions")
    )


@panel(60)
def unanswered(actor: Actor) -> Panel | None:
    """What touches the most patients and has no answer yet: where the next study comes from."""
    if not rules.may_see_questions(actor) or actor.roles <= ELSEWHERE:
        return None
    found = queries.ledger(actor, queries.Filter()).prefetch_related(None).only(*LINE)[:SHOWN]
    entries = [Entry(one.title, _line(one), _address(one)) for one in found]
    return Panel(
        "needs",
        _("Unanswered needs"),
        tuple(entries),
        _("Every question has an answer. That does not happen often."),
        all_address=reverse("ledger"),
    )


def _line(one: Question) -> str:
    parts = [one.get_side_display()]
    if one.unit:
        parts.append(one.unit.name)
    if one.figure and one.figure_mode != "sandbox":
        parts.append(_("%(figure)s patients") % {"figure": figure(one.figure)})
    return " · ".join(parts)


def _address(one: Question) -> str:
    return reverse("question", args=[one.id])
