"""The pages of criteria that stand: what a study would like to have as it comes, and what came."""

from __future__ import annotations

import datetime
import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from wardbench.campus.limits.pace import limited
from wardbench.campus.limits.rates import Doing
from wardbench.campus.people.refusals import refusal, told_in
from wardbench.campus.releases import found as finding
from wardbench.campus.releases import found_views, rules, standing, standing_queries
from wardbench.campus.releases.found_forms import IntoForm
from wardbench.campus.releases.standing_forms import StandingForm
from wardbench.campus.samples import addresses, looking
from wardbench.campus.web.pages import actor, signed_in
from wardbench.core.errors import InputError, WardbenchError
from wardbench.ward.samples import Query


@signed_in
def standings(request: HttpRequest) -> HttpResponse:
    by = actor(request)
    rules.may_keep_basket(by).require()
    lines = [
        (one, standing_queries.new_words(one.found, one.specimens, one.wanted))  # type: ignore[attr-defined]
        for one in standing_queries.standings(by)
    ]
    return render(request, "releases/standings.html", {"lines": lines})


@signed_in
@limited(Doing.CREATE, "POST")
def new(request: HttpRequest) -> HttpResponse:
    """Keep a search of the finder standing."""
    by = actor(request)
    rules.may_keep_basket(by).require()
    scope = addresses.under_permit(request.GET, looking.scopes(by))
    assert scope.permit is not None, "it is the scope of a permit"
    sought = addresses.read(request.GET)
    permit = scope.permit
    form = StandingForm(
        request.POST or None, most=standing.most_wanted(permit, sought.query), last=permit.until,
        initial={"until": permit.until},
    )  # fmt: skip
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        with told_in(form):
            made = standing.keep(
                scope, sought.query, given["name"], given["wanted"], given["until"], by=by, window=sought.window
            )
            messages.success(request, _("You will hear of what comes."))
            return redirect("standing", made.id)
    context = {
        "form": form,
        "scope": scope,
        "said": addresses.said(sought, by, scope),
        "back": sought.address(scope),
    }
    return render(request, "releases/standing_new.html", context)


@signed_in
def one_standing(request: HttpRequest, standing_id: uuid.UUID) -> HttpResponse:
    """Criteria, what came, and what can be done with either."""
    by = actor(request)
    one = standing.own(standing_id, by=by)
    scope = standing_queries.scope_of(one, by)
    most, last = standing_queries.limits(one)
    what = request.POST.get("do", "")
    about = {"name": one.name, "wanted": one.wanted, "until": one.until}
    form = StandingForm(
        request.POST if what == "change" else None, most=most, last=datetime.date.fromisoformat(last), initial=about
    )
    choices = finding.baskets_for(scope, by) if scope is not None else []
    into = IntoForm(request.POST if what == "basket" else None, baskets=choices, auto_id="into_%s")
    try:
        if what == "change" and form.is_valid():
            standing.change(one.id, by=by, **form.cleaned_data)
            return redirect("standing", one.id)
        if what == "stop":
            standing.end(one.id, by=by)
            return redirect("standing", one.id)
        if what == "basket" and into.is_valid() and scope is not None:
            there = standing_queries.specimens(one, by)
            if not there:
                raise InputError(_("basket: nothing that came can be given."))
            basket = finding.basket_of(into.cleaned_data["basket"], into.cleaned_data["name"], scope, by=by)
            made = finding.put_found(basket, scope, Query.of(), by=by, only=there)
            found_views.tell(request, made)
            return redirect("basket", basket.id)
    except WardbenchError as error:
        messages.error(request, refusal(error))
    context = {
        "one": one,
        "said": standing_queries.said(one, by, scope),
        "matches": standing_queries.matches(one, by),
        "form": form,
        "into": into if scope is not None else None,
        "scope": scope,
    }
    return render(request, "releases/standing.html", context)


@signed_in
@require_POST
def drop_match(request: HttpRequest, standing_id: uuid.UUID, match_id: uuid.UUID) -> HttpResponse:
    """Say that something that was found is not wanted."""
    try:
        standing.drop(standing_id, match_id, by=actor(request))
    except WardbenchError as error:
        messages.error(request, refusal(error))
    return redirect("standing", standing_id)
