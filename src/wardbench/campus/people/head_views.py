"""Naming and releasing the heads and deputies of a unit, or of an organisation as a whole."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from wardbench.campus.people import forms, queries, rules
from wardbench.campus.people.heads import may_lead, name_head, release_head
from wardbench.campus.people.reauthentication import reauthenticated_to_decide
from wardbench.campus.people.roles import Lead
from wardbench.campus.web.pages import actor, signed_in
from wardbench.core.errors import NotFoundError


@signed_in
@reauthenticated_to_decide
def heads(
    request: HttpRequest, unit_id: uuid.UUID | None = None, organisation_id: uuid.UUID | None = None
) -> HttpResponse:
    by = actor(request)
    rules.may_manage_people(by).require()
    unit = queries.unit(unit_id) if unit_id else None
    organisation = queries.organisation(unit.organisation_id if unit else organisation_id)
    held = may_lead(organisation, unit)
    known = {str(one.id): one for one in held}
    form = forms.HeadForm(held=held)
    if request.method == "POST" and "release" in request.POST:
        chosen = known.get(request.POST["release"])
        if chosen is None:
            raise NotFoundError(_("This person has no such role."))
        release_head(chosen, by=by)
        messages.success(request, _("%(name)s is released.") % {"name": chosen.person.name})
        return redirect(request.path)
    if request.method == "POST":
        form = forms.HeadForm(request.POST, held=held)
        if form.is_valid():
            chosen = known[form.cleaned_data["who"]]
            name_head(chosen, lead=Lead(form.cleaned_data["lead"]), by=by)
            messages.success(request, _("%(name)s is named, and told so.") % {"name": chosen.person.name})
            return redirect(request.path)
    context = {
        "form": form,
        "organisation": organisation,
        "place": unit or organisation,
        "leading": [one for one in held if one.leads],
        "may_be_named": held,
    }
    return render(request, "people/heads.html", context)
