"""The record, searchable, for those who watch over it."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from wardbench.campus.audit import queries
from wardbench.campus.people.queries import names
from wardbench.campus.people.rules import may_search_record
from wardbench.campus.web.pages import actor, signed_in

ON_A_PAGE = 50


@signed_in
def record(request: HttpRequest) -> HttpResponse:
    may_search_record(actor(request)).require()
    search = queries.Search(text=request.GET.get("text", "").strip(), verb=request.GET.get("verb", "").strip())
    found = Paginator(queries.find(search), ON_A_PAGE).get_page(request.GET.get("page"))
    who = names({event.actor for event in found})
    rows = [(event, who.get(event.actor, event.actor)) for event in found]
    return render(request, "audit/record.html", {"found": found, "rows": rows, "search": search})
