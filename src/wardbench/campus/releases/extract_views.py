"""The pages of extracts: those of a study, asking for one, its review, its download."""

from __future__ import annotations

import uuid
from typing import cast

from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from wardbench.campus.limits.pace import limited
from wardbench.campus.limits.rates import Doing
from wardbench.campus.people.reauthentication import reauthenticated_to_decide
from wardbench.campus.people.refusals import refusal, told_in
from wardbench.campus.people.roles import gettext_noop
from wardbench.campus.people.rules import Verdict
from wardbench.campus.releases import extract_queries as queries
from wardbench.campus.releases import extract_rules, extracting
from wardbench.campus.releases.extract_forms import DATES, FORMATS, ExtractForm, ReviewForm
from wardbench.campus.releases.extract_rules import STATUSES, Act, Status
from wardbench.campus.studies.vocabulary import TABLES
from wardbench.campus.web.pages import actor, signed_in
from wardbench.core.errors import NotFoundError, WardbenchError
from wardbench.ward.extracts import COLUMNS, Dates, Format, mostly_empty

TONES = {
    Status.DELIVERED: "good",
    Status.REFUSED: "bad",
    Status.FAILED: "bad",
    Status.RECALLED: "bad",
    Status.WITHDRAWN: "empty",
}
STOPPED = gettext_noop("Cannot be downloaded now")


@signed_in
def listed(request: HttpRequest, study_id: uuid.UUID) -> HttpResponse:
    """The extracts of a study, and asking for one."""
    by = actor(request)
    study = queries.study(study_id, by=by)
    may = queries.may_ask(study, by)
    attached = [(one.hash, one.name) for one in study.cohorts.order_by("name")]
    if may and attached:
        verdicts = [extracting.allowed(study, by, one) for one, _name in attached]
        may = next((verdict for verdict in verdicts if verdict), verdicts[0])
    tables = extracting.tables_of(study)
    form = None
    if may and attached:
        form = ExtractForm(request.POST or None, cohorts=attached, tables=tables)
        if request.method == "POST" and form.is_valid():
            given = form.cleaned_data
            with told_in(form):
                made = extracting.ask(study.id, given["cohort"], form.wanted(), given["purpose"], by=by)
                messages.success(request, _("A data steward was told."))
                return redirect("extract", made.id)
    elif request.method == "POST":
        may.require()
    lines = [(one, *_status(one.status, extracting.stopped(one, by))) for one in queries.of_study(study)]
    context = {"study": study, "lines": lines, "may": may, "form": form, "tables": tables, "attached": attached}
    return render(request, "releases/extracts.html", context)


def _status(of: str, stopped: Verdict | None) -> tuple[str, str]:
    """Where an extract stands, and its tone; one that is ready is not where its permit lets nobody have it."""
    status = Status(of)
    return (STOPPED, "bad") if stopped is not None else (STATUSES[status], TONES.get(status, "wait"))


@signed_in
def extract(request: HttpRequest, extract_id: uuid.UUID) -> HttpResponse:
    by = actor(request)
    one = queries.extract(extract_id, by=by)
    facts = queries.facts_of(one)
    asked = [
        (TABLES[table], [COLUMNS[table][column] for column in columns])
        for table, columns in one.asked["tables"].items()
    ]
    stopped = extracting.stopped(one, by)
    status, tone = _status(one.status, stopped)
    context = {
        "one": one,
        "status": status,
        "tone": tone,
        "stopped": stopped,
        "asked": asked,
        "thin": [
            {"table": TABLES[table], "words": COLUMNS[table][column], "empty": count, "rows": rows}
            for table, column, count, rows in mostly_empty(one.manifest)
        ],
        "dates": DATES[Dates(one.asked["dates"])],
        "format": FORMATS[Format(one.asked["format"])],
        "may": {act.value: extract_rules.may_act(by, act, facts) for act in Act},
        "form": ReviewForm(),
        "why": extract_rules.may_see_extract(by, facts),
    }
    return render(request, "releases/extract.html", context)


@signed_in
@reauthenticated_to_decide
@require_POST
def act(request: HttpRequest, extract_id: uuid.UUID, what: str) -> HttpResponse:
    """Approve or refuse with a reason, take back, recall."""
    by = actor(request)
    form = ReviewForm(request.POST)
    why = form.cleaned_data["why"] if form.is_valid() else ""
    try:
        if what == Act.APPROVE:
            extracting.approve(extract_id, why, by=by)
        elif what == Act.REFUSE:
            extracting.refuse(extract_id, why, by=by)
        elif what == Act.WITHDRAW:
            extracting.take_back(extract_id, by=by)
        elif what == Act.RECALL:
            extracting.recall(queries.extract(extract_id, by=by), why, by=by)
        else:
            raise NotFoundError(_("There is no such action."))
    except NotFoundError:
        raise
    except WardbenchError as error:
        messages.error(request, refusal(error))
    return redirect("extract", extract_id)


@signed_in
@require_POST
@limited(Doing.EXPORT)
def download(request: HttpRequest, extract_id: uuid.UUID) -> HttpResponse:
    """The archive. By POST, because each download is on the record."""
    place = extracting.download(extract_id, by=actor(request))
    response = FileResponse(place.open("rb"), content_type="application/zip", as_attachment=True,
                            filename=f"extract-{str(extract_id)[:8]}.zip")  # fmt: skip
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "no-store"
    return cast(HttpResponse, response)
