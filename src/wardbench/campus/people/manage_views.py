"""Adding people, giving and ending roles, closing accounts; organisations and their units."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from wardbench.campus.people import forms, queries, rules, services
from wardbench.campus.people.heads import led
from wardbench.campus.people.reauthentication import reauthenticated_to_decide
from wardbench.campus.people.refusals import refusal as said_of
from wardbench.campus.people.roles import gettext_noop
from wardbench.campus.web.pages import actor, signed_in
from wardbench.core.errors import InputError


def _posted(request: HttpRequest) -> QueryDict | None:
    return request.POST if request.method == "POST" else None


@signed_in
@reauthenticated_to_decide
def add_person(request: HttpRequest) -> HttpResponse:
    by = actor(request)
    rules.may_manage_people(by).require()
    form = forms.PersonForm(_posted(request))
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            made = services.add_person(said["email"], said["name"], language=said["language"], by=by)
        except InputError as error:
            form.add_error(None, said_of(error))
        else:
            messages.success(request, _("%(name)s is added. Give a role, so that they can work here.") % {"name": made})
            return redirect("give_role", made.id)
    context = {"form": form, "title": _("Add a person"), "button": _("Add"), "hint": _(HOW_THEY_SIGN_IN)}
    return render(request, "people/act.html", context)


HOW_THEY_SIGN_IN = gettext_noop(
    "The person signs in through the hospital's or institute's own sign-in, sets a password by “Forgot your password?” "
    "on the page where one signs in, or gets a first password from you, on their own page here."
)


@signed_in
@reauthenticated_to_decide
def give_role(request: HttpRequest, person_id: uuid.UUID) -> HttpResponse:
    by = actor(request)
    rules.may_give_role(by, str(person_id)).require()
    person = queries.person(person_id)
    form = forms.RoleForm(_posted(request))
    if request.method == "POST" and form.is_valid():
        organisation, unit = form.place
        said = form.cleaned_data
        services.give_role(person, form.given, organisation, unit=unit, since=said["since"], until=said["until"], by=by)
        messages.success(request, _("The role is given. The person has to sign in again."))
        return redirect("person", person.id)
    title = _("Give %(name)s a role") % {"name": person.name}
    context = {"form": form, "person": person, "title": title, "button": _("Give the role")}
    return render(request, "people/act.html", context)


@signed_in
@reauthenticated_to_decide
def end_role(request: HttpRequest, person_id: uuid.UUID, affiliation_id: uuid.UUID) -> HttpResponse:
    by = actor(request)
    rules.may_manage_people(by).require()
    person = queries.person(person_id)
    held = queries.affiliation(person, affiliation_id)
    form = forms.EndRoleForm(_posted(request))
    if request.method == "POST" and form.is_valid():
        try:
            services.end_role(held, last=form.cleaned_data["last"], by=by)
        except InputError as error:
            form.add_error("last", said_of(error))
        else:
            messages.success(request, _("The role ends."))
            return redirect("person", person.id)
    context = {
        "form": form,
        "person": person,
        "held": held,
        "title": _("End a role of %(name)s") % {"name": person.name},
        "button": _("End the role"),
        "hint": _("What the person did in this role stays on the record. They are signed out at once."),
    }
    return render(request, "people/act.html", context)


@signed_in
@reauthenticated_to_decide
def close_account(request: HttpRequest, person_id: uuid.UUID) -> HttpResponse:
    by = actor(request)
    person = queries.person(person_id) if rules.may_manage_people(by) else None
    last = person is not None and queries.is_last_administrator(person)
    rules.may_close_account(by, str(person_id), last_administrator=last).require()
    assert person is not None
    if request.method == "POST":
        services.close_account(person, by=by)
        messages.success(request, _("The account is closed; the person is signed out."))
        return redirect("person", person.id)
    context = {
        "person": person,
        "title": _("Close the account of %(name)s") % {"name": person.name},
        "button": _("Close the account"),
        "hint": _("Nobody can sign in with it any more. What was done with it stays; the account can be reopened."),
    }
    return render(request, "people/act.html", context)


@signed_in
@reauthenticated_to_decide
def reopen_account(request: HttpRequest, person_id: uuid.UUID) -> HttpResponse:
    by = actor(request)
    rules.may_manage_people(by).require()
    person = queries.person(person_id)
    if request.method == "POST":
        services.reopen_account(person, by=by)
        messages.success(request, _("The account is open again."))
        return redirect("person", person.id)
    context = {
        "person": person,
        "title": _("Reopen the account of %(name)s") % {"name": person.name},
        "button": _("Reopen the account"),
        "hint": _("The roles that have not ended hold again."),
    }
    return render(request, "people/act.html", context)


@signed_in
def organisations(request: HttpRequest) -> HttpResponse:
    by = actor(request)
    why = rules.may_see_person(by, "")
    why.require()
    may_manage = rules.may_manage_people(by)
    form = forms.OrganisationForm(_posted(request)) if may_manage else None
    if request.method == "POST":
        may_manage.require()
        assert form is not None
        if form.is_valid():
            try:
                made = services.add_organisation(form.cleaned_data["name"], form.cleaned_data["kind"], by=by)
            except InputError as error:
                form.add_error("name", said_of(error))
            else:
                messages.success(request, _("%(name)s is added.") % {"name": made})
                return redirect("organisation", made.id)
    context = {"organisations": queries.organisations(), "form": form, "may_manage": may_manage, "why": why}
    return render(request, "people/organisations.html", context)


@signed_in
def organisation(request: HttpRequest, organisation_id: uuid.UUID) -> HttpResponse:
    by = actor(request)
    why = rules.may_see_person(by, "")
    why.require()
    shown = queries.organisation(organisation_id)
    may_manage = rules.may_manage_people(by)
    form = forms.UnitForm(_posted(request)) if may_manage else None
    if request.method == "POST":
        may_manage.require()
        assert form is not None
        if form.is_valid():
            try:
                made = services.add_unit(shown, form.cleaned_data["name"], form.cleaned_data["kind"], by=by)
            except InputError as error:
                form.add_error("name", said_of(error))
            else:
                messages.success(request, _("%(name)s is added.") % {"name": made})
                return redirect("organisation", shown.id)
    leaders = led(shown)
    context = {
        "organisation": shown,
        "leaders": leaders.get(shown.id, []),
        "units": [(unit, leaders.get(unit.id, [])) for unit in shown.units.all()],
        "form": form,
        "may_manage": may_manage,
        "why": why,
    }
    return render(request, "people/organisation.html", context)
