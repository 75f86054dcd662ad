"""Labels to print, of specimens and of places: as sheets of A4, or as ZPL for a label printer."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from wardbench.campus.biobank import label_forms, label_sheets, labels, rules, storage_queries, tube_queries
from wardbench.campus.biobank.labels import Label
from wardbench.campus.people.rules import Actor
from wardbench.campus.web.pages import actor, signed_in
from wardbench.core.errors import NotFoundError


@signed_in
def sheet(request: HttpRequest) -> HttpResponse:
    """Labels of a box, a visit, specimens by their ids, or of a place itself and those in it."""
    by = actor(request)
    try:
        found = _labels(request, by, drawn=request.GET.get("as") != "zpl")
    except ValueError:
        raise NotFoundError(_("There is no such specimen.")) from None
    if request.GET.get("as") == "zpl":
        return zpl(request, found)
    context = {**sheets(request, found), "from_visits": "visit" in request.GET or not rules.may_see_inventory(by)}
    return render(request, "biobank/labels.html", context)


def _labels(request: HttpRequest, by: Actor, *, drawn: bool) -> list[Label]:
    if "place" in request.GET:
        places = storage_queries.to_label(uuid.UUID(request.GET["place"]), by=by)
        return [labels.label_of_place(one, drawn=drawn) for one in places]
    if "box" in request.GET:
        found = tube_queries.of_box(uuid.UUID(request.GET["box"]), by=by)
    elif "visit" in request.GET:
        found = tube_queries.of_visit(uuid.UUID(request.GET["visit"]), by=by)
    else:
        found = tube_queries.to_label([uuid.UUID(one) for one in request.GET.getlist("id")[:500]], by=by)
    return [labels.label_of(one, drawn=drawn) for one in found]


def sheets(request: HttpRequest, found: Sequence[Label]) -> dict[str, Any]:
    """What a page with labels shows: the form, and the sheets as they print."""
    form, on = label_forms.chosen(request.GET.dict())
    kept = [(key, value) for key, values in request.GET.lists() if key not in form.fields for value in values]
    return {"labels": found, "pages": label_sheets.pages(found, on), "on": form, "kept": kept}


def zpl(request: HttpRequest, found: Sequence[Label]) -> HttpResponse:
    """Labels for a label printer, as a file."""
    _form, on = label_forms.chosen(request.GET.dict())
    width, height = label_sheets.PRINTERS[on.printer]
    text = labels.zpl_of(found, width=width, height=height, dots=label_sheets.DOTS[on.dots])
    response = HttpResponse(text, content_type="text/plain; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="labels.zpl"'
    return response
