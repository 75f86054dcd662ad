"""The page of a pick list: cases from one search, controls from another, how alike they are, and into a basket."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from wardbench.campus.limits.pace import limited
from wardbench.campus.limits.rates import Doing
from wardbench.campus.people.refusals import told_in
from wardbench.campus.people.rules import Actor
from wardbench.campus.releases import found, pairing, pairing_shown, rules
from wardbench.campus.releases.found_forms import PairsForm, PairsIntoForm
from wardbench.campus.releases.pairing import Side
from wardbench.campus.samples import addresses, looking
from wardbench.campus.samples.looking import Scope
from wardbench.campus.web.pages import actor, signed_in


@signed_in
@limited(Doing.COUNT)
def pairs(request: HttpRequest) -> HttpResponse:
    """What the address says of cases and controls is worked out; by POST it is put into a basket."""
    by = actor(request)
    rules.may_keep_basket(by).require()
    given = request.GET
    scope = addresses.under_permit(given, looking.scopes(by))
    cases, controls = addresses.carried(given.get("cases", "")), addresses.carried(given.get("controls", ""))
    sides = Side(cases.query, cases.window), Side(controls.query, controls.window)
    asked = PairsForm(given if "count" in given else None)
    context: dict[str, Any] = {
        "scope": scope,
        "cases": given.get("cases", ""),
        "controls": given.get("controls", ""),
        "cases_said": addresses.said(cases, by, scope),
        "controls_said": addresses.said(controls, by, scope),
        "back": controls.address(scope),
        "cases_address": cases.address(scope),
        "form": asked,
    }
    if asked.is_bound and asked.is_valid():
        with told_in(asked):
            into = _into(request, scope, sides, asked, by)
            if isinstance(into, HttpResponse):
                return into
            paired = pairing.pair(scope, *sides, asked.wish(), by=by)
            context |= _found(paired, into or _form(scope, by, paired))
    return render(request, "releases/pairs.html", context)


def _form(scope: Scope, by: Actor, paired: pairing.Paired) -> PairsIntoForm:
    return PairsIntoForm(None, baskets=found.baskets_for(scope, by), initial={"seen": paired.digest}, auto_id="into_%s")


def _into(
    request: HttpRequest, scope: Scope, sides: tuple[Side, Side], asked: PairsForm, by: Actor
) -> HttpResponse | PairsIntoForm | None:
    """The list goes into a basket; the form again where it says too little, None where nothing was sent."""
    if request.method != "POST":
        return None
    form = PairsIntoForm(request.POST, baskets=found.baskets_for(scope, by), auto_id="into_%s")
    if not form.is_valid():
        return form
    given = form.cleaned_data
    basket = found.basket_of(given["basket"], given["name"], scope, by=by)
    new, left_out = pairing.put_pairs(basket, scope, *sides, asked.wish(), given["seen"], by=by)
    said = ngettext("{n} specimen was put into the basket.", "{n} specimens were put into the basket.", new)
    (messages.success if new else messages.warning)(request, said.format(n=new))
    if left_out:
        sentence = _("Left out with their controls, because one of them cannot be given any more: {labels}")
        messages.warning(request, sentence.format(labels=", ".join(left_out[:20])))
    return redirect("basket", basket.id)


def _found(paired: pairing.Paired, into: PairsIntoForm) -> dict[str, Any]:
    differences = pairing_shown.differences(paired)
    return {
        "paired": paired,
        "sets": pairing_shown.sets(paired),
        "unmatched": pairing_shown.unmatched(paired),
        "differences": differences,
        "drawing": pairing_shown.drawing(len(differences)),
        "left_out": sum(paired.unknown),
        "into": into,
    }
