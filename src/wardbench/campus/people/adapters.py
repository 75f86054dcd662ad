"""How allauth treats our people: nobody makes an account for themselves, and an institution vouches for its own.

Somebody who comes from an identity provider is who was linked to that identity before, or, the first time, the person
with the address that the provider has verified. What the provider says of groups gives no role.
"""

from __future__ import annotations

import logging
import threading
from smtplib import SMTPException
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.conf import settings
from django.contrib.sites.requests import RequestSite
from django.core.mail import EmailMessage
from django.db import transaction
from django.http import HttpRequest
from django.shortcuts import render

from wardbench.campus.audit.services import record
from wardbench.campus.people.models import Person
from wardbench.campus.people.reauthentication import recently_authenticated
from wardbench.campus.people.rules import NOBODY, Actor
from wardbench.campus.people.security_log import log_provider
from wardbench.core.pseudonyms import derive_key
from wardbench.core.sealing import seal, unseal

log = logging.getLogger("wardbench.notices")


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def login(self, request: HttpRequest, user: Any) -> None:
        """Begin a session in one transaction, with its event on the record: all of it is there, or nothing."""
        with transaction.atomic():
            super().login(request, user)

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Whoever is signed in and shows once more who they are is counted apart: a stranger who fails on purpose at
        the page of signing in keeps nobody from an emergency."""
        key: str = super()._get_login_attempts_cache_key(request, **credentials)
        again = isinstance(request.user, Person) and request.user.email == credentials.get("email")
        return f"again {key}" if again else key

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Beside the request: neither how long it takes nor whether it fails tells who has an account."""
        campus = RequestSite(self.request)
        campus.name = settings.CAMPUS.name
        said = {**context, "request": self.request, "email": email, "current_site": campus}
        message = self.render_mail(template_prefix, email, said)
        threading.Thread(target=_send, args=(message,), name=MAIL).start()

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Not in the first minutes after signing in, as on our own pages: nobody is asked for a password twice."""
        return not recently_authenticated(self.request)


class SocialAccountAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        """Link an identity to the person with its verified address, the first time that it comes."""
        if sociallogin.is_existing:
            return
        verified = [address.email for address in sociallogin.email_addresses if address.verified]
        for person in Person.objects.filter(email__in=[email.lower() for email in verified], is_active=True)[:1]:
            with transaction.atomic():
                sociallogin.connect(request, person)
                provider = sociallogin.account.provider
                record("account.link", "person", person.id, by=Actor(str(person.id)), provider=provider)

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        """Never: whoever is not known here reads why, and what to do."""
        _refused(sociallogin.account.provider, "unknown")
        page = render(request, "socialaccount/unknown.html", {"provider": sociallogin.provider}, status=403)
        raise ImmediateHttpResponse(page)

    def on_authentication_error(self, request: HttpRequest, provider: Any, **error: Any) -> None:
        """An answer of a provider that does not hold is on the record, without anything of what it said."""
        _refused(provider.sub_id, "invalid")
        log_provider(provider.sub_id, error.get("exception"))

    def get_requests_session(self) -> Any:
        """What asks a provider: nobody whom it asked sends it on to somewhere else."""
        session = super().get_requests_session()
        session.max_redirects = 0
        return session


class MFAAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Secrets of second factors are stored encrypted, so that the database alone does not give them away."""

    def encrypt(self, text: str) -> str:
        return seal(_key(), text, SECOND_FACTOR)

    def decrypt(self, encrypted_text: str) -> str:
        return unseal(_key(), encrypted_text, SECOND_FACTOR)


MAIL = "mail of an account"
"""What a thread that sends one is called."""
SECOND_FACTOR = "second factor"


def _key() -> bytes:
    return derive_key(settings.CAMPUS_KEYS["session"], SECOND_FACTOR)


def _refused(provider: str, why: str) -> None:
    with transaction.atomic():
        record("account.refused", "provider", provider, by=NOBODY, why=why)


def _send(message: EmailMessage) -> None:
    try:
        message.send()
    except (SMTPException, OSError) as error:
        log.error("a mail about an account could not be sent: %s", type(error).__name__)
