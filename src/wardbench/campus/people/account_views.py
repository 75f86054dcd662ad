"""The pages of one's account that are ours beside allauth's, and those of allauth that do not exist here."""

from __future__ import annotations

from allauth.account import views as allauth_views
from allauth.mfa.totp import views as totp_views
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

from wardbench.campus.people import openid, sessions
from wardbench.campus.people.reauthentication import reauthenticated
from wardbench.campus.web.pages import actor, open_to_all, signed_in


@open_to_all
def no_such_page(request: HttpRequest, *, key: str = "") -> HttpResponse:
    """Signing up, changing one's address: an administrator does that, so for a browser there is nothing here."""
    raise Http404


@open_to_all
def reset_password(request: HttpRequest) -> HttpResponse:
    """Ask for a link to a new password; there is none where no mail can be sent."""
    if not settings.CAMPUS.mail:
        raise Http404
    answer: HttpResponse = allauth_views.password_reset(request)
    return answer


@open_to_all
def openid_callback(request: HttpRequest, provider_id: str) -> HttpResponse:
    return openid.callback(request, provider_id)


@open_to_all
@csrf_exempt
def saml_answer(request: HttpRequest, organization_slug: str) -> HttpResponse:
    """What the identity provider's page posts; the request after it, which is ours, takes it up."""
    from wardbench.campus.people import saml  # in an extra

    return saml.answer(request, organization_slug)


@open_to_all
def saml_finish(request: HttpRequest, organization_slug: str) -> HttpResponse:
    from wardbench.campus.people import saml  # in an extra

    return saml.finish(request, organization_slug)


@open_to_all
@csrf_exempt
def saml_sign_out(request: HttpRequest, organization_slug: str) -> HttpResponse:
    from wardbench.campus.people import saml  # in an extra

    return saml.sign_out(request, organization_slug)


@signed_in
@reauthenticated
def activate_second_factor(request: HttpRequest) -> HttpResponse:
    """Set up a second factor. allauth by itself asks nothing of whoever has no password: a session that was stolen
    would be given a factor of the thief's, and with it what asks for one."""
    answer: HttpResponse = totp_views.activate_totp(request)
    return answer


@signed_in
def own_sessions(request: HttpRequest) -> HttpResponse:
    """Where somebody is signed in."""
    found = sessions.sessions_of(actor(request), request.session.session_key or "")
    return render(request, "usersessions/usersession_list.html", {"sessions": found})


@signed_in
@reauthenticated
def end_sessions(request: HttpRequest) -> HttpResponse:
    """End one of one's other sessions, or all of them."""
    if request.method == "POST":
        ended = sessions.end_own(actor(request), request.POST.get("session", ""), request.session.session_key or "")
        messages.success(request, _("Ended: %(number)d.") % {"number": ended})
    return redirect("own_sessions")
