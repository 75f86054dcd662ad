"""The registers of human body material, and the page of the biobank's figures."""

from __future__ import annotations

import csv
import datetime
import io
from collections.abc import Iterable, Iterator
from typing import cast
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from wardbench.campus.biobank.imports.files import pieces
from wardbench.campus.biobank.rules import may_see_inventory
from wardbench.campus.catalogue import recovered, registers, rules
from wardbench.campus.catalogue.performance import performance
from wardbench.campus.catalogue.registers import MOST_IN_WORKBOOK, MOST_PRINTED, TITLES, Kind, Period
from wardbench.campus.limits.pace import limited
from wardbench.campus.limits.rates import Doing
from wardbench.campus.releases.request_forms import euro
from wardbench.campus.web.pages import actor, signed_in
from wardbench.core.spreadsheet import BOM, defused
from wardbench.core.workbook import workbook_pieces

ON_A_PAGE = 50
LINES = 500
"""Lines of a CSV file that are sent at once."""
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


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
    """A page of a register; with `whole` all of it on one page, to print, as far as it is not too long."""
    by = actor(request)
    kind, period, collection = _asked(request)
    is_whole = "whole" in request.GET
    found = registers.read(kind, period, by=by, collection=collection, most=MOST_PRINTED if is_whole else None)
    pages = Paginator(found.found, MOST_PRINTED if is_whole else ON_A_PAGE)
    page = pages.get_page(request.GET.get("page"))
    asked = {"first": period.first.isoformat(), "last": period.last.isoformat(), "collection": collection}
    context = {
        "kind": kind.value,
        "title": TITLES[kind],
        "kinds": [(one.value, title, urlencode({**asked, "kind": one.value})) for one, title in TITLES.items()],
        "headers": found.headers,
        "rows": found.rows(page.object_list),
        "found": page,
        "period": period,
        "collection": collection,
        "collections": registers.collections(),
        "file": urlencode({**asked, "kind": kind.value}),
        "whole": is_whole,
        "printable": pages.count <= MOST_PRINTED,
        "most_printed": MOST_PRINTED,
        "in_workbook": pages.count <= MOST_IN_WORKBOOK,
        "now": timezone.now(),
        "reader": by.name,
        "may_see_inventory": may_see_inventory(by),
        "why": rules.may_see_registers(by),
    }
    return render(request, "catalogue/register.html", context)


@signed_in
@limited(Doing.EXPORT)
def register_file(request: HttpRequest, ending: str) -> HttpResponse:
    """All of a register as a file, which is sent while it is read: however long it is, little of it is held."""
    by = actor(request)
    kind, period, collection = _asked(request)
    most = MOST_IN_WORKBOOK if ending == "xlsx" else None
    found = registers.read(kind, period, by=by, collection=collection, whole=True, most=most)
    if ending == "xlsx":
        parts, of_kind = workbook_pieces(_(TITLES[kind]), _with(found.headers, found.each())), XLSX
    else:
        parts, of_kind = _csv(_with(found.headers, found.each())), "text/csv; charset=utf-8"
    headers = {
        "Content-Disposition": f'attachment; filename="register-{kind.value}.{ending}"',
        "X-Content-Type-Options": "nosniff",
    }
    return cast(HttpResponse, StreamingHttpResponse(parts, content_type=of_kind, headers=headers))


def _with(headers: list[str], rows: Iterable[list[str]]) -> Iterator[list[str]]:
    yield headers
    yield from rows


def _csv(rows: Iterable[list[str]]) -> Iterator[bytes]:
    mark = BOM
    for some in pieces(rows, LINES):
        out = io.StringIO(mark)
        out.seek(0, io.SEEK_END)
        csv.writer(out).writerows([defused(cell) for cell in row] for row in some)
        yield out.getvalue().encode()
        mark = ""


@signed_in
def figures(request: HttpRequest) -> HttpResponse:
    by = actor(request)
    period = _period(request)
    money = recovered.recovered(period, by=by)
    context = {
        "shown": performance(period, by=by),
        "money": [
            (_("From studies on the campus"), euro(money.campus)),
            (_("From others"), euro(money.others)),
            (_("Together"), euro(money.together)),
        ],
        "works": [(title, count, euro(cents)) for title, count, cents in money.works],
        "paid": len(money.paid),
        "file": urlencode({"first": period.first.isoformat(), "last": period.last.isoformat()}),
        "period": period,
        "why": rules.may_see_registers(by),
    }
    return render(request, "catalogue/figures.html", context)


@signed_in
@limited(Doing.EXPORT)
def recovered_file(request: HttpRequest) -> HttpResponse:
    """What each request pays, for the accounts."""
    found = recovered.rows(_period(request), by=actor(request))
    headers = {"Content-Disposition": 'attachment; filename="recovered.csv"'}
    text = b"".join(_csv(_with(list(recovered.HEADERS), found)))
    return HttpResponse(text, content_type="text/csv; charset=utf-8", headers=headers)
