"""The registers of human body material, and the page of the biobank's figures."""

from __future__ import annotations

import csv
import datetime
import io
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from wardbench.campus.biobank.rules import may_see_inventory
from wardbench.campus.catalogue import registers, rules
from wardbench.campus.catalogue.performance import performance
from wardbench.campus.catalogue.registers import TITLES, Kind, Period
from wardbench.campus.limits.pace import limited
from wardbench.campus.limits.rates import Doing
from wardbench.campus.web.pages import actor, signed_in
from wardbench.core.spreadsheet import BOM, defused

ON_A_PAGE = 50


def _asked(request: HttpRequest) -> tuple[Kind, Period, str]:
    """What is asked for; what cannot be read is this year, everything."""
    given = request.GET
    kind = Kind(given["kind"]) if given.get("kind") in list(Kind) else Kind.RECEIVED
    return kind, _period(request), given.get("collection", "")


def _period(request: HttpRequest) -> Period:
    today = timezone.localdate()
    first = _day(request.GET.get("first", "")) or today.replace(month=1, day=1)
    last = _day(request.GET.get("last", "")) or today
    return Period(min(first, last), max(first, last))


def _day(text: str) -> datetime.date | None:
    try:
        found = datetime.date.fromisoformat(text)
    except ValueError:
        return None
    return found if 1900 <= found.year <= 2200 else None


@signed_in
@limited(Doing.SEARCH)
def register(request: HttpRequest) -> HttpResponse:
    by = actor(request)
    kind, period, collection = _asked(request)
    found = registers.read(kind, period, by=by, collection=collection)
    page = Paginator(found.found, ON_A_PAGE).get_page(request.GET.get("page"))
    asked = {"first": period.first.isoformat(), "last": period.last.isoformat(), "collection": collection}
    context = {
        "kind": kind.value,
        "kinds": [(one.value, title, urlencode({**asked, "kind": one.value})) for one, title in TITLES.items()],
        "headers": found.headers,
        "rows": found.rows(page.object_list),
        "found": page,
        "period": period,
        "collection": collection,
        "collections": registers.collections(),
        "file": urlencode({**asked, "kind": kind.value}),
        "may_see_inventory": may_see_inventory(by),
        "why": rules.may_see_registers(by),
    }
    return render(request, "catalogue/register.html", context)


@signed_in
@limited(Doing.EXPORT)
def register_file(request: HttpRequest) -> HttpResponse:
    by = actor(request)
    kind, period, collection = _asked(request)
    found = registers.read(kind, period, by=by, collection=collection, whole=True)
    out = io.StringIO(BOM)
    out.seek(0, io.SEEK_END)
    write = csv.writer(out)
    write.writerow(found.headers)
    write.writerows([[defused(cell) for cell in row] for row in found.rows(found.found.iterator(chunk_size=2000))])
    headers = {"Content-Disposition": f'attachment; filename="register-{kind.value}.csv"'}
    return HttpResponse(out.getvalue(), content_type="text/csv; charset=utf-8", headers=headers)


@signed_in
def figures(request: HttpRequest) -> HttpResponse:
    by = actor(request)
    period = _period(request)
    context = {"shown": performance(period, by=by), "period": period, "why": rules.may_see_registers(by)}
    return render(request, "catalogue/figures.html", context)
