"""One's keys: make, see once, revoke."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from wardbench.campus.api import queries, rules, services
from wardbench.campus.api.forms import KeyForm
from wardbench.campus.people.reauthentication import reauthenticated_to_decide
from wardbench.campus.web.pages import actor, signed_in


@signed_in
@reauthenticated_to_decide
@require_http_methods(["GET", "POST"])
def keys(request: HttpRequest) -> HttpResponse:
    by = actor(request)
    form, secret = KeyForm(request.POST or None), None
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        _key, secret = services.make_key(said["name"], said["scopes"], said["days"], by=by)
        form = KeyForm()
    context = {"form": form, "secret": secret, "keys": queries.keys_of(by), "may_make": rules.may_make_key(by)}
    return render(request, "api/keys.html", context)


@signed_in
@require_POST
def revoke(request: HttpRequest, key_id: uuid.UUID) -> HttpResponse:
    services.revoke_key(key_id, by=actor(request))
    messages.success(request, _("The key was revoked. Programs that used it are refused from now on."))
    return redirect("keys")
