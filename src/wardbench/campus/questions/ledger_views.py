"""The ledger of unanswered needs, as a page to read or print and as a table to take away; and a concept's page."""

from __future__ import annotations

import csv

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from wardbench.campus.limits.pace import limited
from wardbench.campus.limits.rates import Doing
from wardbench.campus.people.rules import Actor
from wardbench.campus.questions import concepts, queries, rules
from wardbench.campus.questions.rules import SIDES, STATUSES, Side, Status
from wardbench.campus.questions.views import asked_for, choices
from wardbench.campus.web.pages import actor, signed_in
from wardbench.campus.web.search import search

ON_A_PAGE = 25


@signed_in
def ledger(request: HttpRequest) -> HttpResponse:
    by = actor(request)
    verdict = rules.may_see_questions(by)
    verdict.require()
    asked, order = asked_for(request), _order(request)
    found = Paginator(queries.ledger(by, asked, order).only(*queries.RANKED), ON_A_PAGE).get_page(
        request.GET.get("page")
    )
    context = {**choices(by), "found": found, "asked": asked, "order": order, "today": timezone.localdate()}
    return render(request, "questions/ledger.html", {**context, "why": verdict, "first": found.start_index()})


@signed_in
@limited(Doing.EXPORT)
def ledger_csv(request: HttpRequest) -> HttpResponse:
    by = actor(request)
    rules.may_see_questions(by).require()
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="unanswered-needs.csv"'
    # Spreadsheets take a file without this mark for another encoding.
    response.write("\ufeff")
    write = csv.writer(response)
    write.writerow(
        [
            _("rank"),
            _("question"),
            _("side"),
            _("status"),
            _("department"),
            _("patients touched"),
            _("counted on"),
            _("raised on"),
            _("days open"),
            _("followers"),
            _("topics"),
            _("address"),
        ]
    )
    today = timezone.localdate()
    for rank, one in enumerate(queries.ledger(by, asked_for(request), _order(request)), start=1):
        raised = timezone.localdate(one.raised_at)
        row = [
            rank,
            one.title,
            _(SIDES[Side(one.side)]),
            _(STATUSES[Status(one.status)]),
            str(one.unit or ""),
            one.figure,
            timezone.localdate(one.figure_at).isoformat() if one.figure_at else "",
            raised.isoformat(),
            (today - raised).days,
            one.follower_count,  # type: ignore[attr-defined]
            "; ".join(tag.name for tag in one.tags.all()),
            request.build_absolute_uri(f"/questions/{one.id}/"),
        ]
        write.writerow([_cell(value) for value in row])
    return response


def _order(request: HttpRequest) -> str:
    order = request.GET.get("order", "")
    return order if order in queries.ORDERS else "patients"


def _cell(value: object) -> object:
    """A text that a spreadsheet would take for a formula is kept a text."""
    return f"'{value}" if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")) else value


@signed_in
@limited(Doing.COUNT)
def concept(request: HttpRequest, concept_id: int) -> HttpResponse:
    by = actor(request)
    rules.may_see_questions(by).require()
    shown = concepts.surroundings(concept_id)
    return render(request, "questions/concept.html", {**_around(by, shown.concept), "shown": shown})


def _around(by: Actor, shown: concepts.Concept) -> dict[str, object]:
    others = [group for group in search(by, shown.name, limit=8) if group.kind.key not in ("concepts", "questions")]
    return {
        "questions": queries.about(by, shown.id, shown.name)[:10],
        "others": others,
        "may_raise": rules.may_raise_any(by),
    }
