"""The record, searchable, for those who watch over it. A patient's number is never in an address, which is kept in the
histories of browsers and the logs of servers: what asks for a patient is sent as a form.

Which patient an event is about is shown where a patient was asked for, and on the event's own page; both are recorded.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any, cast
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from wardbench.campus.audit import queries, watching, words
from wardbench.campus.audit.forms import SearchForm
from wardbench.campus.limits.pace import limited
from wardbench.campus.limits.rates import Doing
from wardbench.campus.people.queries import by_words, names
from wardbench.campus.people.rules import SYSTEM, may_search_record
from wardbench.campus.web.pages import actor, signed_in
from wardbench.core.errors import InputError
from wardbench.core.spreadsheet import BOM, defused

ON_A_PAGE = 50
MOST = 100_000


@signed_in
@limited(Doing.SEARCH)
def record(request: HttpRequest) -> HttpResponse:
    by = actor(request)
    why = may_search_record(by)
    why.require()
    if request.GET.get("patient"):
        raise InputError(_("patient: type the number into the form; it belongs into no address."))
    given = request.POST if request.method == "POST" else request.GET
    asked = {name: value for name, value in given.items() if value and name in SearchForm.base_fields}
    if request.method == "POST" and "patient" not in asked:
        return redirect(f"{reverse('record')}?{urlencode(asked)}")
    form = SearchForm(given)
    search = _search(form)
    if search and search.patient:
        watching.view_patient(search.patient, by=by, what="search")
    found = Paginator(queries.find(search) if search else queries.find(queries.Search()).none(), ON_A_PAGE)
    page = found.get_page(given.get("page"))
    who = _names({event.actor for event in page})
    rows = [(event, who.get(event.actor, ""), words.sentence(event.verb)) for event in page]
    context = {"found": page, "rows": rows, "form": form, "search": search, "asked": asked, "why": why, "most": MOST}
    return render(request, "audit/record.html", context)


@signed_in
def event(request: HttpRequest, number: int) -> HttpResponse:
    by = actor(request)
    why = may_search_record(by)
    why.require()
    shown = queries.event(number)
    before, after = queries.neighbours(shown)
    if shown.patient:
        watching.view_patient(shown.patient, by=by, what=str(number))
    beside = [one for one in (before, shown, after) if one]
    context = {
        "event": shown,
        "sentence": words.sentence(shown.verb),
        "detail": sorted(shown.detail.items()),
        "hash": bytes(shown.hash).hex(),
        "fits": queries.fits(shown, before, after),
        "beside": [(one, words.sentence(one.verb)) for one in beside],
        "who": _names({shown.actor}).get(shown.actor, ""),
        "why": why,
    }
    return render(request, "audit/event.html", context)


@signed_in
@require_POST
@limited(Doing.EXPORT)
def export(request: HttpRequest) -> HttpResponse:
    """A search as a CSV file, which is itself recorded; without a patient asked for, none is named."""
    by = actor(request)
    may_search_record(by).require()
    form = SearchForm(request.POST)
    search = _search(form)
    if search is None:
        raise InputError(_("The search cannot be read; look at the record again."))
    events = queries.find(search)
    count = events.count()
    if count > MOST:
        raise InputError(_("More than %(most)d events; narrow the search to a shorter period.") % {"most": MOST})
    asked = {name: str(value) for name, value in form.cleaned_data.items() if value and name != "patient"}
    last = events.first()
    watching.export(count, by=by, patient=search.patient, asked=asked)
    # Without the event of the export itself, which came after the count.
    lines = _lines(events.filter(number__lte=last.number) if last else events, named=bool(search.patient))
    headers = {"Content-Disposition": 'attachment; filename="record.csv"'}
    return cast(HttpResponse, StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8", headers=headers))


HEADER = ("number", "at", "actor", "name", "verb", "what", "kind", "object", "study", "patient", "origin")


def _lines(events: Any, *, named: bool) -> Iterator[str]:
    out = io.StringIO(BOM)
    out.seek(0, io.SEEK_END)
    writer = csv.writer(out)
    writer.writerow(HEADER)
    who: dict[str, str] = {}
    for one in events.iterator(chunk_size=2000):
        if one.actor not in who:
            who |= {one.actor: "", **_names({one.actor})}
        about = one.patient if named or not one.patient else _("a patient")
        target = "" if one.patient and not named and one.object == one.patient else one.object
        at = timezone.localtime(one.at).isoformat(timespec="seconds")
        cells = (one.actor, who[one.actor], one.verb, _(words.sentence(one.verb)), one.kind, target, one.study, about)
        writer.writerow([one.number, at, *(defused(cell) for cell in (*cells, one.origin))])
        yield out.getvalue()
        out.seek(0)
        out.truncate()
    yield out.getvalue()


def _search(form: SearchForm) -> queries.Search | None:
    """What the form asks for; None where it cannot be read."""
    if not form.is_valid():
        return None
    said = dict(form.cleaned_data)
    who = said.pop("who").strip()
    actors: tuple[str, ...] | None = None
    if who:
        found = tuple(str(one.id) for one in by_words(who))
        actors = (*found, SYSTEM.id) if who.lower() in ("wardbench", SYSTEM.id) else found
    return queries.Search(actors=actors, **said)


def _names(ids: set[str]) -> dict[str, str]:
    """The names of whoever acted: people, the application itself, and nobody who had signed in."""
    return {SYSTEM.id: SYSTEM.name, "": _("somebody not signed in"), **names(ids)}
