"""The directory, a profile, and the answer to "why can X see this?"."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.contrib.auth import login
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from wardbench.campus.people import queries, rules
from wardbench.campus.people.roles import TITLES
from wardbench.campus.web.pages import actor, open_to_all, signed_in

ON_A_PAGE = 25


@signed_in
def people(request: HttpRequest) -> HttpResponse:
    by = actor(request)
    rules.may_see_person(by, "").require()
    text, role = request.GET.get("text", "").strip(), request.GET.get("role", "")
    found = Paginator(queries.directory(text, role), ON_A_PAGE).get_page(request.GET.get("page"))
    return render(
        request, "people/people.html", {"found": found, "text": text, "role": role, "roles": list(TITLES.items())}
    )


@signed_in
def person(request: HttpRequest, person_id: uuid.UUID) -> HttpResponse:
    by = actor(request)
    verdict = rules.may_see_person(by, str(person_id))
    verdict.require()
    shown = queries.profile(person_id)
    may_edit = rules.may_edit_profile(by, str(person_id))
    return render(request, "people/person.html", {"person": shown, "verdict": verdict, "may_edit": may_edit})


@signed_in
def why(request: HttpRequest) -> HttpResponse:
    by = actor(request)
    answers = [(title, rule(by)) for title, rule in rules.EXPLAINED]
    return render(request, "people/why.html", {"answers": answers})


@open_to_all
def demonstration_sign_in(request: HttpRequest) -> HttpResponse:
    """Sign in as somebody of a demonstration, by one click; anywhere else there is no such page."""
    if not settings.CAMPUS.demo or request.method != "POST":
        raise Http404
    person = queries.person_by_email(request.POST.get("email", ""))
    login(request, person, backend="allauth.account.auth_backends.AuthenticationBackend")
    return redirect("home")
