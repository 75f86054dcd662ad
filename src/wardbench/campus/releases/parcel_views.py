"""Picking by scanning, and saying what arrived: on the campus, and outside by the code of the parcel."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from allauth.core import ratelimit
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from wardbench.campus.people.refusals import refusal
from wardbench.campus.people.rules import SYSTEM
from wardbench.campus.releases import (
    mismatches,
    picking,
    request_queries,
    request_shown,
    rules,
    shipping,
    warning_shown,
)
from wardbench.campus.releases.rules import Verb
from wardbench.campus.web.pages import actor, open_to_all, signed_in
from wardbench.core.errors import InputError, WardbenchError

LONGEST_NUMBER = 18


@signed_in
def pick(request: HttpRequest, request_id: uuid.UUID) -> HttpResponse:
    """The pick list with its scan field. A scan that comes by script is answered by the list alone."""
    by = actor(request)
    of = request_queries.request(request_id, by=by)
    rules.may(by, Verb.SCAN, request_queries.facts_of(of)).require()
    context: dict[str, Any] = {"of": of}
    if request.method == "POST":
        try:
            context.update(_scanned(request, of.id))
        except WardbenchError as error:
            context.update(bad=refusal(error), read=request.POST.get("scan", "").strip()[:64])
    lines = request_shown.pick_list(of)
    wanted = [one for one in lines if not one.out]
    context.update(
        stops=request_shown.stops(of),
        left_out=request_queries.left_out(of),
        lines=lines,
        wanted=len(wanted),
        done=sum(one.done for one in wanted),
        all_done=bool(wanted) and all(one.done for one in wanted),
    )
    template = "releases/picked.html" if request.headers.get("HX-Request") else "releases/pick.html"
    return render(request, template, context)


def _scanned(request: HttpRequest, request_id: uuid.UUID) -> dict[str, Any]:
    by = actor(request)
    if "back" in request.POST:
        return {
            "good": _("Put it back: %(place)s") % {"place": picking.put_back(request_id, _id(request, "back"), by=by)}
        }
    if "aside" in request.POST:
        mismatches.put_aside(request_id, _number(request, "aside"), by=by)
        return {}
    if "missing" in request.POST:
        label = picking.not_in_place(request_id, _id(request, "missing"), by=by)
        return {"noted": _("%(label)s is left out, and missing from now on.") % {"label": label}}
    if "part" in request.POST:
        line = picking.take_part(request_id, _id(request, "part"), request.POST.get("scan", ""), by=by)
        return {"good": line.specimen.label}
    found = picking.scan(request_id, request.POST.get("scan", ""), by=by)
    if found.outcome is picking.Outcome.PART and found.line is not None:
        return {"part": found.line, "part_amount": request_shown.amount_of(found.line)}
    if found.outcome is picking.Outcome.ALREADY:
        return {"noted": _("This tube is picked already."), "read": found.text}
    if found.outcome in picking.MISMATCHES or found.line is None:
        return {"new_stop": True}
    return {"good": found.line.specimen.label}


def _id(request: HttpRequest, name: str) -> uuid.UUID:
    try:
        return uuid.UUID(request.POST.get(name, ""))
    except ValueError:
        raise InputError(_("line: this request has no such specimen.")) from None


def _number(request: HttpRequest, name: str) -> int:
    given = request.POST.get(name, "")
    return int(given) if given.isascii() and given.isdigit() and len(given) <= LONGEST_NUMBER else 0


@signed_in
def receive(request: HttpRequest, request_id: uuid.UUID) -> HttpResponse:
    """What arrived, said by the study."""
    by = actor(request)
    of = request_queries.request(request_id, by=by)
    rules.may(by, Verb.RECEIVE, request_queries.facts_of(of)).require()
    parcel = request_queries.parcels(of)[0]
    inside = request_queries.parcel_lines(parcel)
    if request.method == "POST":
        try:
            shipping.receive(parcel, _states(request.POST, inside), by=by, words=request.POST.get("words", ""))
        except WardbenchError as error:
            messages.error(request, refusal(error))
        else:
            return redirect("request", of.id)
    context = {"of": of, "parcel": parcel, "inside": _said(request.POST, inside), "said": request.POST}
    return render(request, "releases/receive.html", context)


def _said(given: Mapping[str, Any], inside: list[Any]) -> list[tuple[Any, str, str]]:
    """What is in a parcel, each with what was said of it already: whoever is told of a fault chooses once."""
    states = _states(given, inside)
    return [(one, states[one.id].state, states[one.id].words) for one in inside]


def _states(given: Mapping[str, Any], inside: list[Any]) -> dict[int, shipping.Arrived]:
    return {
        one.id: shipping.Arrived(str(given.get(f"state_{one.id}", "")), str(given.get(f"words_{one.id}", "")))
        for one in inside
    }


@open_to_all
def outside(request: HttpRequest) -> HttpResponse:
    """A parcel's page for a recipient outside. Its code comes in the body of a form: an address ends up in logs."""
    code = request.POST.get("code", "").strip()[:100]
    context: dict[str, Any] = {"code": code}
    if request.method == "POST":
        if not ratelimit.consume(request, action="parcel"):
            context.update(code="", fault=_("Too many attempts. Try again in some minutes."))
            return _private(render(request, "releases/outside.html", context, status=429))
        try:
            parcel = shipping.by_secret(code)
            inside = request_queries.parcel_lines(parcel)
            context.update(parcel=parcel, inside=_said(request.POST, inside), said=request.POST)
            context["warnings"] = warning_shown.of_parcel(parcel)
            context["conditions"] = rules.CONDITIONS[parcel.conditions].title
            if "arrived" in request.POST:
                states = _states(request.POST, inside)
                name, words = request.POST.get("name", ""), request.POST.get("words", "")
                shipping.receive_outside(code, states, name, by=SYSTEM, words=words)
                context["done"] = True
        except WardbenchError as error:
            context["fault"] = refusal(error)
    return _private(render(request, "releases/outside.html", context))


def _private(response: HttpResponse) -> HttpResponse:
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex"
    return response
