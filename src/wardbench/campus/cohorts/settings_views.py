"""What only the owner does: name, whom it is shared with, archive."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from wardbench.campus.cohorts import queries, rules, services
from wardbench.campus.cohorts.forms import NameForm, ShareForm
from wardbench.campus.people import queries as people
from wardbench.campus.people.rules import Actor
from wardbench.campus.web.pages import actor, signed_in
from wardbench.core.errors import InputError

EVERYBODY = "everybody"


@signed_in
def settings(request: HttpRequest, cohort_id: uuid.UUID) -> HttpResponse:
    by = actor(request)
    seen = queries.seen(cohort_id, by)
    if seen.cohort.status == rules.OPEN:
        seen.may("share").require()
    else:
        seen.may("restore").require()
    name_form = NameForm(initial={"name": seen.cohort.name, "about": seen.cohort.about})
    if request.method == "POST":
        name_form = NameForm(request.POST)
        if name_form.is_valid():
            services.rename(cohort_id, name_form.cleaned_data["name"], name_form.cleaned_data["about"], by=by)
            messages.success(request, _("Changed."))
            return redirect("cohort_settings", cohort_id)
    context = {
        "cohort": seen.cohort,
        "seen": seen,
        "tab": "settings",
        "name_form": name_form,
        "share_form": ShareForm(choices=_choices(by)),
        "shares": queries.shares_of(seen.cohort),
        "archived": seen.cohort.status == rules.ARCHIVED,
    }
    return render(request, "cohorts/settings.html", context)


def _choices(by: Actor) -> list[tuple[str, object]]:
    """Everybody, the units, and the people of the campus, each by what a form sends."""
    units = [
        (f"unit:{unit.id}", f"{unit.name}, {organisation.name}")
        for organisation in people.organisations()
        for unit in organisation.units.all()
    ]
    persons = [(f"person:{one.id}", one.name) for one in people.directory() if str(one.id) != by.id]
    return [
        (EVERYBODY, _("Everybody who works on the campus")),
        (str(_("Departments and care programmes")), units),
        (str(_("People")), persons),
    ]


@signed_in
@require_POST
def share(request: HttpRequest, cohort_id: uuid.UUID) -> HttpResponse:
    """Share, or with `take_back` no longer share, with a person, a unit, or everybody."""
    by = actor(request)
    queries.seen(cohort_id, by)
    kind, _colon, id = request.POST.get("whom", "").partition(":")
    person = people.person(id) if kind == "person" else None
    unit = people.unit(id) if kind == "unit" else None
    if kind not in ("person", "unit", EVERYBODY):
        raise InputError(_("Choose with whom."))
    if "take_back" in request.POST:
        services.unshare(cohort_id, by=by, person=person, unit=unit)
        messages.success(request, _("They do not see it any more."))
    else:
        services.share(cohort_id, by=by, person=person, unit=unit, may_edit="may_edit" in request.POST)
        messages.success(request, _("They see it now; send them the address of this cohort."))
    return redirect("cohort_settings", cohort_id)


@signed_in
@require_POST
def archive(request: HttpRequest, cohort_id: uuid.UUID) -> HttpResponse:
    """Archive an open cohort, bring back an archived one."""
    by = actor(request)
    if request.POST.get("do") == "restore":
        services.restore(cohort_id, by=by)
        messages.success(request, _("It is back."))
        return redirect("cohort", cohort_id)
    services.archive(cohort_id, by=by)
    messages.success(request, _("Archived. What refers to its versions keeps them."))
    return redirect("cohorts")
