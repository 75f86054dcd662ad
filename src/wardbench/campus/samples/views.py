"""The finder: facets with counts, what of it can be given, the list; the released cube for everybody else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from wardbench.campus.limits.pace import limited
from wardbench.campus.limits.rates import Doing
from wardbench.campus.people.rules import Actor
from wardbench.campus.releases.blinding_rules import covers
from wardbench.campus.samples import addresses, current, looking, rules, words
from wardbench.campus.samples.looking import Scope, Window
from wardbench.campus.samples.rules import TOLD, Mode
from wardbench.campus.web.pages import actor, signed_in
from wardbench.core.errors import NotFoundError
from wardbench.ward.samples import Counts

SHOWN = 8
"""Values of a facet that stand open; the rest is folded away."""
SIZE = 50


@dataclass(frozen=True)
class Value:
    """A box to tick: its name, how many specimens and of how many donors, in words."""

    id: str
    name: str
    value: str
    specimens: str
    donors: str
    chosen: bool


@dataclass(frozen=True)
class Facet:
    key: str
    title: str
    shown: Sequence[Value]
    more: Sequence[Value]
    chosen: bool


@signed_in
@limited(Doing.SEARCH)
def samples(request: HttpRequest) -> HttpResponse:
    by = actor(request)
    scopes = looking.scopes(by)
    wanted = request.GET.get("in", "")
    scope = next((one for one in scopes if not wanted or one.study == wanted), None)
    if wanted and wanted != "cube" and scope is None:
        raise NotFoundError(_("There is no such study, or no permit for material in it names you now."))
    if scope is None:
        return _cube(request, by, scopes)
    return _finder(request, by, scope, scopes)


def _finder(request: HttpRequest, by: Actor, scope: Scope, scopes: Sequence[Scope]) -> HttpResponse:
    given = request.GET
    sought = addresses.read(given)
    page = max(0, (addresses.number(given.get("page", "1")) or 1) - 1)
    fault = addresses.fault_of_days(given)
    window = Window(sought.window.cohort) if fault and sought.window else sought.window
    looked = looking.look(scope, sought.query, by=by, window=window, page=page, size=SIZE)
    thaws = sought.query.giving.most_thaws if sought.query.giving else None
    cohorts = looking.cohorts_of(scope)
    collections = words.collection_names()
    total = looked.facets.total.specimens
    keep = [(key, value) for key, values in given.lists() if key not in ("page", "one") for value in values]
    context: dict[str, Any] = {
        "scope": scope,
        "scopes": scopes,
        "told": TOLD[scope.mode],
        "facets": [_facet(key, looked, set(sought.chosen[key]), collections) for key in words.FACETS],
        "total": looked.facets.total,
        "availability": looked.facets.availability,
        "lost": _lost(looked),
        "more": _more(looked),
        "specimens": [(one, looked.assayed[one.id]) for one in looked.specimens],
        "at": looked.at,
        "page": page + 1,
        "pages": (total + SIZE - 1) // SIZE,
        "before": urlencode([*keep, ("page", page)]) if page else "",
        "after": urlencode([*keep, ("page", page + 2)]) if (page + 1) * SIZE < total else "",
        "thaws": "" if thaws is None else thaws,
        "window": words.window_words(window, dict(cohorts)) if window else "",
        "fault": fault,
        "address": sought.address(scope),
        "cases": given.get("cases", "") if scope.study else "",
        "cases_said": addresses.said(addresses.carried(given["cases"]), by, scope) if given.get("cases") else "",
        "cohorts": cohorts,
        "cohort": given.get("cohort", ""),
        "panels": scope.permit is not None and bool(covers(scope.permit.content)),
        "refused": scope.refused,
        "judged": scope.judged,
        "is_stewardship": scope.mode is Mode.STEWARDSHIP,
    }  # fmt: skip
    return render(request, "samples/finder.html", context)


def _facet(key: str, looked: looking.Looked, chosen: set[str], collections: dict[str, str]) -> Facet:
    named = [
        (words.value_words(key, value, collections), value, counts)
        for value, counts in looked.facets.values[key].items()
        if counts.specimens or value in chosen
    ]
    if key not in ("age", "collected", "amount", "thaws"):
        named.sort(key=lambda one: (-one[2].specimens, one[0]))
    donors = _("of %(donors)s donors")
    shown: list[Value] = []
    more: list[Value] = []
    for place, (name, value, counts) in enumerate(named):
        block, prefix = (shown, "") if place < SHOWN or value in chosen else (more, "m")
        told = donors % {"donors": counts.donors}
        block.append(
            Value(f"f-{key}-{prefix}{len(block) + 1}", name, value, str(counts.specimens), told, value in chosen)
        )
    return Facet(key, words.FACETS[key], shown, more, bool(chosen))


def _lost(looked: looking.Looked) -> list[tuple[str, Counts]]:
    found = looked.facets.availability
    if found is None:
        return []
    return [(words.REASONS[reason], counts) for reason, counts in found.lost.items() if counts.specimens]


def _more(looked: looking.Looked) -> list[tuple[str, Counts]]:
    found = looked.facets.availability
    if found is None:
        return []
    return [(words.more_words(name), counts) for name, counts in found.more.items() if counts.specimens]


def _cube(request: HttpRequest, by: Actor, scopes: Sequence[Scope]) -> HttpResponse:
    verdict = rules.may_browse(by)
    verdict.require()
    released = current.cube()
    collections = words.collection_names()
    dimensions = list(released["dimensions"])
    wanted = {name: request.GET.get(name, "") for name in dimensions}
    rows = []
    for cell in released["cells"]:
        places = dict(zip(dimensions, cell["places"], strict=False))
        if all(not value or value in places.get(name, [value]) for name, value in wanted.items()):
            named = [
                ", ".join(_cube_words(name, value, collections) for value in places[name]) if name in places else ""
                for name in dimensions
            ]
            rows.append((named, cell))
    options = {
        name: sorted(
            {(value, _cube_words(name, value, collections)) for cell in released["cells"]
             for value in dict(zip(dimensions, cell["places"], strict=False)).get(name, [])},
            key=lambda one: one[1],
        )
        for name in dimensions
    }  # fmt: skip
    context = {
        "told": TOLD[Mode.CUBE],
        "scopes": scopes,
        "released": released["released"],
        "filters": [(name, words.FACETS[name], options[name], wanted[name]) for name in dimensions],
        "titles": [words.FACETS[name] for name in dimensions],
        "rows": rows,
        "notes": released["notes"],
        "why": verdict,
    }
    return render(request, "samples/cube.html", context)


def _cube_words(name: str, value: str, collections: dict[str, str]) -> str:
    if value == "several":
        return words.several()
    return words.value_words(name, value, collections)
