"""Versions and what changed between them, in words and in numbers; two cohorts side by side."""

from __future__ import annotations

import uuid

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from wardbench.campus.cohorts import builder, queries
from wardbench.campus.cohorts.differences import differences
from wardbench.campus.cohorts.page import EXACT
from wardbench.campus.counting import queries as counting
from wardbench.campus.counting.rules import WORDS
from wardbench.campus.limits.pace import limited
from wardbench.campus.limits.rates import Doing
from wardbench.campus.people.refusals import refusal as said_of
from wardbench.campus.web.pages import actor, signed_in
from wardbench.core.errors import WardbenchError

MOST_OTHERS = 200


@signed_in
def history(request: HttpRequest, cohort_id: uuid.UUID) -> HttpResponse:
    """Every version with who, when and why, what it changed of the one before, and the change in n."""
    by = actor(request)
    seen = queries.seen(cohort_id, by)
    versions = list(queries.versions(seen.cohort))
    rows = []
    for place, version in enumerate(versions):
        before = versions[place + 1] if place + 1 < len(versions) else None
        rows.append((version, queries.figure_of(version, by), before, queries.difference(before, version, by)))
    context = {"cohort": seen.cohort, "seen": seen, "tab": "history", "rows": rows}
    context |= {"draft": queries.draft_of(seen.cohort, by), "versions": versions}
    by_number = {str(version.number): version for version in versions}
    one, other = (by_number.get(request.GET.get(name, "")) for name in ("from", "to"))
    if one and other:
        found = differences(queries.definition_of(one), queries.definition_of(other))
        context |= {"one": one, "other": other, "differences": found}
    return render(request, "cohorts/history.html", context)


@signed_in
@limited(Doing.COUNT)
def compare(request: HttpRequest, cohort_id: uuid.UUID) -> HttpResponse:
    """Two cohorts: who is in both, and how their definitions differ."""
    by = actor(request)
    seen = queries.seen(cohort_id, by)
    others = [one for one in queries.with_versions(by)[:MOST_OTHERS] if one.id != cohort_id]
    context = {"cohort": seen.cohort, "seen": seen, "tab": "compare", "others": others}
    given = request.GET.get("with", "")
    first = queries.latest(seen.cohort)
    if given and first:
        other = queries.seen(given, by).cohort
        second = queries.latest(other)
        context |= {"other": other, "first": first, "second": second}
        if second:
            mode = builder.mode_of(request, by)
            definitions = (queries.definition_of(first), queries.definition_of(second))
            context |= {"mode": mode, "words": WORDS[mode]}
            context |= {"differences": differences(*definitions)}
            if mode in EXACT:
                try:
                    context |= {"overlap": counting.overlap(*definitions, by=by, mode=mode)}
                except WardbenchError as error:
                    context |= {"refusal": said_of(error)}
    return render(request, "cohorts/compare.html", context)
