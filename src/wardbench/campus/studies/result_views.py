"""The pages on which a result leaves a study."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from wardbench.campus.limits.pace import limited
from wardbench.campus.limits.rates import Doing
from wardbench.campus.people.reauthentication import reauthenticated_to_decide
from wardbench.campus.people.refusals import refusal as said_of
from wardbench.campus.studies import forms, queries, result_making, result_queries, result_rules, results
from wardbench.campus.studies import result_tables as tables
from wardbench.campus.studies.moves import team
from wardbench.campus.studies.result_rules import KINDS, STATUSES, Act, Kind, Status
from wardbench.campus.web.pages import actor, signed_in
from wardbench.core.errors import InputError, NotFoundError

TONES = {Status.ASKED: "wait", Status.APPROVED: "good", Status.REFUSED: "bad", Status.WITHDRAWN: ""}


def _line(one: Any) -> dict[str, Any]:
    status = Status(one.status)
    title = KINDS[Kind(one.kind)]
    return {"result": one, "title": title, "status": STATUSES[status], "tone": TONES[status]}


@signed_in
def listed(request: HttpRequest, study_id: uuid.UUID) -> HttpResponse:
    """What was asked to leave a study, and asking for more."""
    by = actor(request)
    here = queries.study(study_id, by=by)
    may_ask = result_rules.may_ask(by, frozenset(team(here)))
    permit = result_queries.permit_of(here.study)
    cohorts = [(one.hash, one.name) for one in here.study.cohorts.order_by("name")]
    if may_ask and cohorts:
        may_ask = result_making.allowed(permit, by, cohorts[0][0]) if len(cohorts) == 1 or permit is None else may_ask
    form = None
    if may_ask and cohorts and permit is not None:
        form = forms.ResultForm(request.POST if request.method == "POST" else None, cohorts=cohorts)
        if form.is_valid():
            given = form.cleaned_data
            try:
                made = results.ask(study_id, given["kind"], given["cohort"], given["purpose"], by=by)
            except InputError as error:
                form.add_error(None, said_of(error))
            else:
                messages.success(request, _("A data steward was told. Below is what would leave, and nothing else."))
                return redirect("study_result", study_id, made.id)
    elif request.method == "POST":
        may_ask.require()
        raise InputError(_("cohort: choose one that is attached to the study."))
    lines = [_line(one) for one in result_queries.results(here, by=by)]
    context = {"study": here.study, "lines": lines, "may_ask": may_ask, "form": form}
    return render(request, "studies/results.html", context)


@signed_in
def result(request: HttpRequest, study_id: uuid.UUID, result_id: uuid.UUID) -> HttpResponse:
    """One result: what would leave, what is withheld and why, what left before; and deciding on it."""
    by = actor(request)
    found, here = result_queries.result(study_id, result_id, by=by)
    facts = result_queries.facts_of(found, here)
    may = {act.value: result_rules.may(by, act, facts) for act in Act}
    context = _line(found) | {
        "study": here.study,
        "table": tables.SafeTable.of(found.content),
        "why": tables.WHY,
        "why_seen": result_rules.may_see(by, facts),
        "may": may,
        "before": [_line(one) for one in result_queries.before(found)] if may["approve"] or may["refuse"] else [],
        "form": forms.ReasonForm() if may["approve"] else None,
    }
    return render(request, "studies/result.html", context)


@signed_in
@reauthenticated_to_decide
@require_POST
def act(request: HttpRequest, study_id: uuid.UUID, result_id: uuid.UUID, what: str) -> HttpResponse:
    """Approve or refuse with a reason, or take back."""
    by = actor(request)
    form = forms.ReasonForm(request.POST)
    reason = form.cleaned_data["reason"] if form.is_valid() else ""
    if what == Act.APPROVE:
        results.approve(study_id, result_id, reason, by=by)
    elif what == Act.REFUSE:
        results.refuse(study_id, result_id, reason, by=by)
    elif what == Act.WITHDRAW:
        results.take_back(study_id, result_id, by=by)
    else:
        raise NotFoundError(_("There is no such action."))
    return redirect("study_result", study_id, result_id)


@signed_in
@require_POST
@limited(Doing.EXPORT)
def download(request: HttpRequest, study_id: uuid.UUID, result_id: uuid.UUID) -> HttpResponse:
    """The table and its manifest. By POST, because each download is on the record."""
    made = results.download(study_id, result_id, by=actor(request))
    response = HttpResponse(made, content_type="application/zip")
    response.headers["Content-Disposition"] = f'attachment; filename="result-{str(result_id)[:8]}.zip"'
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
