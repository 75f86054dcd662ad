"""The directory, a profile, and changing what it says."""

from __future__ import annotations

import uuid

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST
from django.views.i18n import set_language

from wardbench.campus.limits.pace import limited
from wardbench.campus.limits.rates import Doing
from wardbench.campus.people import colleagues, forms, queries, rules, services
from wardbench.campus.people.roles import TITLES, gettext_noop
from wardbench.campus.web.pages import actor, open_to_all, signed_in

ON_A_PAGE = 25


@signed_in
@limited(Doing.SEARCH)
def people(request: HttpRequest) -> HttpResponse:
    by = actor(request)
    why = rules.may_see_person(by, "")
    why.require()
    given = {name: request.GET.get(name, "").strip() for name in ("text", "role", "where")}
    may_manage = rules.may_manage_people(by)
    closed = bool(request.GET.get("closed")) and bool(may_manage)
    where = queries.uuid_in(given["where"])
    unit = where if where and queries.units().filter(id=where).exists() else None
    found = queries.directory(given["text"], given["role"], None if unit else where, unit, closed=closed)
    context = {
        "found": Paginator(found.only("name", "title", "is_active"), ON_A_PAGE).get_page(request.GET.get("page")),
        "asked": given,
        "closed": closed,
        "roles": list(TITLES.items()),
        "organisations": queries.places(),
        "may_manage": may_manage,
        "why": why,
    }
    return render(request, "people/people.html", context)


@signed_in
def person(request: HttpRequest, person_id: uuid.UUID) -> HttpResponse:
    by = actor(request)
    verdict = colleagues.may_see(by, str(person_id))
    verdict.require()
    shown = queries.profile(person_id)
    last = queries.is_last_administrator(shown)
    manages = rules.may_manage_people(by)
    actions = [
        (gettext_noop("Change the profile"), "edit_profile", rules.may_edit_profile(by, str(shown.id))),
        (gettext_noop("Give a role"), "give_role", rules.may_give_role(by, str(shown.id))),
        (
            gettext_noop("Close the account"),
            "close_account",
            rules.may_close_account(by, str(shown.id), last_administrator=last),
        )
        if shown.is_active
        else (gettext_noop("Reopen the account"), "reopen_account", manages),
        (gettext_noop("Give a first password"), "first_password", rules.may_let_in(by, str(shown.id))),
        (gettext_noop("Remove a lost second factor"), "remove_second_factor", rules.may_let_in(by, str(shown.id))),
        (gettext_noop("See where they are signed in, and end it"), "person_sessions", rules.may_end_sessions(by)),
        (gettext_noop("Why can this person see something?"), "why", rules.may_explain(by, str(shown.id))),
    ]
    context = {
        "person": shown,
        "verdict": verdict,
        "may": [one for one in actions if one[2]],
        "may_not": [one for one in actions if not one[2]],
        "may_see_people": rules.may_see_person(by, ""),
        "may_end": manages,
        "may_end_administrator": rules.may_end_role(by, last_administrator=last),
        "other_roles": queries.other_roles(shown) if manages or by.id == str(shown.id) else [],
    }
    return render(request, "people/person.html", context)


@signed_in
def edit_profile(request: HttpRequest, person_id: uuid.UUID) -> HttpResponse:
    by = actor(request)
    rules.may_see_person(by, str(person_id)).require()
    shown = queries.profile(person_id)
    rules.may_edit_profile(by, str(person_id)).require()
    form = forms.profile_form(shown, request.POST or None)
    if request.method == "POST" and form.is_valid():
        services.edit_profile(shown, by=by, **form.cleaned_data)
        with translation.override(form.cleaned_data["language"] if by.id == str(shown.id) else None):
            messages.success(request, _("The profile is changed."))
        return redirect("person", shown.id)
    return render(request, "people/edit_profile.html", {"form": form, "person": shown})


@open_to_all
@require_POST
def choose_language(request: HttpRequest) -> HttpResponse:
    """For somebody signed in the choice is kept in the profile, and holds at every computer."""
    by, language = actor(request), request.POST.get("language", "")
    if not by.id or language not in dict(settings.LANGUAGES):
        return set_language(request)
    services.choose_language(queries.person(by.id), language, by=by)
    return _to_next(request)


def _to_next(request: HttpRequest) -> HttpResponse:
    after = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(after, {request.get_host()}, require_https=request.is_secure())
    return redirect(after if safe else "home")


@open_to_all
def demonstration_sign_in(request: HttpRequest) -> HttpResponse:
    """Sign in as somebody of a demonstration, by one click; anywhere else there is no such page."""
    if not settings.CAMPUS.demo or request.method != "POST":
        raise Http404
    person = queries.person_by_email(request.POST.get("email", ""))
    get_adapter(request).login(request, person)
    return _to_next(request)
