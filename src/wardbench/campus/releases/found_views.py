"""The page between the finder and a basket: what was found, which basket, and how many of it."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from wardbench.campus.limits.pace import limited
from wardbench.campus.limits.rates import Doing
from wardbench.campus.people.refusals import told_in
from wardbench.campus.releases import found, rules
from wardbench.campus.releases.found_forms import FoundForm
from wardbench.campus.samples import addresses, looking
from wardbench.campus.web.pages import actor, signed_in
from wardbench.core.errors import InputError
from wardbench.ward.samples import Query


@signed_in
@limited(Doing.SEARCH)
def into_basket(request: HttpRequest) -> HttpResponse:
    """Put what the finder's address finds into a basket: all of it, some of it, or what was ticked in the list."""
    by = actor(request)
    rules.may_keep_basket(by).require()
    scope = addresses.under_permit(request.GET, looking.scopes(by))
    sought = addresses.read(request.GET)
    query, window = sought.query, sought.window
    only = ids(request.GET.getlist("one"))
    form = FoundForm(request.POST or None, baskets=found.baskets_for(scope, by), initial={"one_each": not only})
    if only:
        # What was ticked was found by the search before: choices that were changed since do not count.
        query = Query.of()
        del form.fields["count"], form.fields["one_each"]
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        with told_in(form):
            basket = found.basket_of(given["basket"], given["name"], scope, by=by)
            made = found.put_found(
                basket, scope, query, by=by, window=window, count=given.get("count"),
                one_each=given.get("one_each", False), only=only,
            )  # fmt: skip
            tell(request, made)
            return redirect("basket", basket.id)
    looked = looking.look(scope, query, by=by, window=window, size=1)
    context = {
        "form": form,
        "scope": scope,
        "said": addresses.said(sought, by, scope),
        "total": looked.facets.total,
        "ticked": len(only),
        "back": sought.address(scope),
        "judged": scope.judged,
    }
    return render(request, "releases/found.html", context)


def ids(given: list[str]) -> frozenset[uuid.UUID]:
    try:
        return frozenset(uuid.UUID(one) for one in given)
    except ValueError:
        raise InputError(_("one: this is no specimen.")) from None


def tell(request: HttpRequest, made: found.Put) -> None:
    """What the basket's page says about what was put in."""
    said = ngettext("{n} specimen was put into the basket.", "{n} specimens were put into the basket.", made.new)
    (messages.success if made.new else messages.warning)(request, said.format(n=made.new))
    for why, n in made.left_out:
        sentence = ngettext("{n} specimen was left out: {why}", "{n} specimens were left out: {why}", n)
        messages.warning(request, sentence.format(n=n, why=why))
