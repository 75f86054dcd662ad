"""Asking once for a count in the hospital's records, with its price and its rules before it is asked."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from wardbench.campus.cohorts import queries
from wardbench.campus.cohorts.asked import told
from wardbench.campus.cohorts.builder import spoken
from wardbench.campus.counting import feasibility, sessions
from wardbench.campus.counting.budgets import SpentError, may_ask
from wardbench.campus.counting.projects import projects_of
from wardbench.campus.counting.rules import may_estimate
from wardbench.campus.counting.spending import spent_of
from wardbench.campus.limits.pace import limited
from wardbench.campus.limits.rates import Doing
from wardbench.campus.people.refusals import refusal as said_of
from wardbench.campus.web.pages import actor, signed_in
from wardbench.core.errors import WardbenchError
from wardbench.ward.cohorts.editing import outline
from wardbench.ward.cohorts.feasibility import gate


@signed_in
@limited(Doing.COUNT, "POST")
def estimate(request: HttpRequest, cohort_id: uuid.UUID) -> HttpResponse:
    """What a count would cost and why it could be refused; once asked, about how many there are."""
    by = actor(request)
    seen = queries.seen(cohort_id, by)
    desk = queries.desk(seen.cohort, by)
    context: dict[str, Any] = {"cohort": seen.cohort, "seen": seen, "desk": desk, "tab": "estimate"}
    context |= {"may_ask": may_estimate(by)}
    status = 200
    try:
        definition = desk.working.definition(seen.cohort.name)
        context |= {"faults": told(gate(definition), outline(desk.working, language=spoken()))}
        projects, snapshot = projects_of(seen.cohort.id), sessions.snapshot("store").version
        context |= {"budget": spent_of(by, projects, snapshot)}
        if request.method == "POST":
            context |= {"answer": feasibility.estimate(definition, by=by, projects=projects)}
            context |= {"budget": spent_of(by, projects, snapshot)}
        context |= {"enough": may_ask(context["budget"])}
    except SpentError as error:
        context, status = context | {"enough": error.verdict}, error.http_status
    except WardbenchError as error:
        if error.http_status == 403:
            raise
        context, status = context | {"refusal": said_of(error)}, error.http_status if request.method == "POST" else 200
    return render(request, "cohorts/estimate.html", context, status=status)
