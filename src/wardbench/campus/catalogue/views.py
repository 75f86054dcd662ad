"""The catalogue of collections: for everybody, unless the campus keeps it to those who sign in."""

from __future__ import annotations

import functools
import json
import uuid
from collections.abc import Callable, Sequence
from typing import Concatenate, ParamSpec, cast

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from wardbench.campus.biobank.collection_queries import permission_words
from wardbench.campus.catalogue import queries
from wardbench.campus.catalogue.queries import Asked
from wardbench.campus.web.pages import actor, open_to_all
from wardbench.core.duo import LABELS, Use
from wardbench.core.errors import NotFoundError
from wardbench.core.miabis import AGGREGATES, CONDITIONS, DATASETS, DESIGNS, MATERIALS, SETTINGS, TEMPERATURES
from wardbench.ward.samples.exchange.rdf import Node, to_jsonld, to_turtle

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]
ON_A_PAGE = 25
LONGEST_TEXT = 200
FORMS = {"ttl": ("text/turtle; charset=utf-8", to_turtle), "jsonld": ("application/ld+json", to_jsonld)}


def published(view: View[P]) -> View[P]:
    """A page of the catalogue: for everybody, or for whoever signed in where the campus says so. It is only read."""

    @functools.wraps(view)
    def answered(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if not settings.CAMPUS.catalogue.open and not actor(request).id:
            return redirect_to_login(request.get_full_path())
        return view(request, *args, **kwargs)

    return open_to_all(cast(View[P], require_safe(answered)))


@published
def catalogue(request: HttpRequest) -> HttpResponse:
    by, given = actor(request), request.GET
    text = given.get("text", "").strip()[:LONGEST_TEXT]
    asked = Asked(text, given.get("kind", ""), given.get("use", ""))
    everything = queries.find(Asked(), by=by)
    found = queries.find(asked, by=by) if asked != Asked() else everything
    kinds = {kind for one in everything for kind in one.kinds}
    uses = {one.collection.permission.get("use") for one in everything}
    context = {
        "asked": asked,
        "found": Paginator(found, ON_A_PAGE).get_page(given.get("page")),
        "any": bool(everything),
        "kinds": [(code, title) for code, title in AGGREGATES.items() if code in kinds],
        "uses": [(use.value, LABELS[use]) for use in Use if use.value in uses],
    }
    return render(request, "catalogue/catalogue.html", context)


@published
def collection(request: HttpRequest, collection_id: uuid.UUID) -> HttpResponse:
    by = actor(request)
    shown = queries.one(collection_id, by=by)
    one, found = shown.collection, shown.figures
    lists = (
        (_("Design"), one.designs, DESIGNS),
        (_("Where it is collected"), one.collection_settings, SETTINGS),
        (_("Data"), one.dataset_types, DATASETS),
        (_("Conditions of use and access"), one.use_conditions, CONDITIONS),
        (_("Storage temperature"), found.extent.temperatures, TEMPERATURES),
    )
    _node, missing = queries.record(shown)
    context = {
        "shown": shown,
        "collection": one,
        "figures": found,
        "rows": [([_(MATERIALS.get(code, code)) for code in row.materials], row) for row in found.rows],
        "together": any(len(row.materials) > 1 for row in found.rows),
        "lists": [(title, [_(words.get(code, code)) for code in codes]) for title, codes, words in lists if codes],
        "permission_words": permission_words(one),
        "answering": queries.answering(shown, by=by),
        "missing": missing,
    }
    return render(request, "catalogue/collection.html", context)


@published
def all_in_miabis(request: HttpRequest) -> HttpResponse:
    return _json(queries.miabis(queries.find(Asked(), by=actor(request))))


@published
def in_miabis(request: HttpRequest, collection_id: uuid.UUID) -> HttpResponse:
    return _json(queries.miabis([queries.one(collection_id, by=actor(request))]))


@published
def all_records(request: HttpRequest, form: str) -> HttpResponse:
    return _rdf(form, queries.records(queries.find(Asked(), by=actor(request))))


@published
def record(request: HttpRequest, collection_id: uuid.UUID, form: str) -> HttpResponse:
    node, _missing = queries.record(queries.one(collection_id, by=actor(request)))
    return _rdf(form, [node])


def _json(said: dict[str, object]) -> HttpResponse:
    text = json.dumps(said, ensure_ascii=False, indent=2) + "\n"
    return HttpResponse(text, content_type="application/json")


def _rdf(form: str, nodes: Sequence[Node]) -> HttpResponse:
    if form not in FORMS:
        raise NotFoundError(_("There is no such page."))
    kind, write = FORMS[form]
    return HttpResponse(write(nodes), content_type=kind)
