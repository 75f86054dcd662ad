"""Letting somebody in, for the first time or again, and ending sessions: an administrator's pages."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from wardbench.campus.people import forms, queries, recovery, rules, sessions
from wardbench.campus.people.first_passwords import IN_USE, LASTS
from wardbench.campus.people.reauthentication import reauthenticated_to_decide
from wardbench.campus.people.refusals import refusal as said_of
from wardbench.campus.people.rules import Proof
from wardbench.campus.web.pages import actor, signed_in
from wardbench.core.errors import InputError

HOUR, MINUTE = datetime.timedelta(hours=1), datetime.timedelta(minutes=1)
Verb = Callable[..., str]


@signed_in
@reauthenticated_to_decide
def first_password(request: HttpRequest, person_id: uuid.UUID) -> HttpResponse:
    """Give somebody a first password, which is shown once."""
    title, button = _("Give %(name)s a first password"), _("Make the password")
    hint = _("The password that the person has now opens nothing any more, and they are signed out everywhere.")
    return _let_in(request, person_id, recovery.give_first_password, title, button, hint)


@signed_in
@reauthenticated_to_decide
def second_factor(request: HttpRequest, person_id: uuid.UUID) -> HttpResponse:
    """Remove a second factor that was lost."""
    title, button = _("Remove the second factor of %(name)s"), _("Remove it")
    hint = _(
        "For somebody who lost it with its recovery codes. They are signed out everywhere, get a first password where"
        " they have one, and set up a new factor when they sign in."
    )
    return _let_in(request, person_id, recovery.remove_second_factor, title, button, hint)


def _let_in(request: HttpRequest, person_id: uuid.UUID, verb: Verb, title: str, button: str, hint: str) -> HttpResponse:
    by = actor(request)
    rules.may_let_in(by, str(person_id)).require()
    person = queries.person(person_id)
    form = forms.ProofForm(request.POST if request.method == "POST" else None)
    context = {"person": person, "title": title % {"name": person.name}}
    if request.method == "POST" and form.is_valid():
        try:
            password = verb(person, Proof(form.cleaned_data["proof"]), form.cleaned_data["seen"], by=by)
        except InputError as error:
            form.add_error("seen", said_of(error))
        else:
            context |= {"password": password, "hours": LASTS // HOUR, "minutes": IN_USE // MINUTE}
            return render(request, "people/let_in.html", context)
    return render(request, "people/act.html", {**context, "form": form, "button": button, "hint": hint})


@signed_in
@reauthenticated_to_decide
def sessions_of(request: HttpRequest, person_id: uuid.UUID) -> HttpResponse:
    """Where somebody is signed in; one of these sessions is ended, or all."""
    rules.may_end_sessions(actor(request)).require()
    person = queries.person(person_id)
    if request.method == "POST":
        chosen = request.POST.get("session", "")
        ended = recovery.end_sessions_of(person, "" if chosen == "all" else chosen or "none", by=actor(request))
        messages.success(request, _("Ended: %(number)d.") % {"number": ended})
        return redirect("person_sessions", person.id)
    found = sessions.listed(person, request.session.session_key or "")
    return render(request, "people/sessions.html", {"person": person, "sessions": found})


@signed_in
@reauthenticated_to_decide
def all_sessions(request: HttpRequest) -> HttpResponse:
    """Sign everybody out but whoever asks."""
    rules.may_end_sessions(actor(request)).require()
    if request.method == "POST":
        people = recovery.end_all_sessions(request.session.session_key or "", by=actor(request))
        said = ngettext("%(n)d person was signed out.", "%(n)d people were signed out.", people) % {"n": people}
        messages.success(request, said)
        return redirect("people")
    context = {
        "title": _("Sign everybody out"),
        "button": _("Sign everybody out"),
        "hint": _(
            "Everybody's sessions end at once, but the one that you use now."
            " What somebody has typed and not sent is lost."
        ),
    }
    return render(request, "people/act.html", context)
