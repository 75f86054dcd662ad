"""Signing in and out, and changes of what one signs in with, are on the record."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from allauth.account.signals import password_changed, password_reset, password_set
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authentication_failed
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.db import transaction
from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver

from wardbench.campus.audit.services import record
from wardbench.campus.people.rules import NOBODY, Actor

_acting: ContextVar[Actor | None] = ContextVar("acting", default=None)


@contextmanager
def acting(by: Actor) -> Iterator[None]:
    """What changes inside of what somebody else signs in with is done by `by`."""
    token = _acting.set(by)
    try:
        yield
    finally:
        _acting.reset(token)


def _record(what: str, user: Any) -> None:
    with transaction.atomic():
        record(what, "person", user.pk, by=Actor(str(user.pk)))


@receiver(user_logged_in)
def signed_in(user: Any, **_: Any) -> None:
    _record("account.sign_in", user)


@receiver(user_logged_out)
def signed_out(user: Any, **_: Any) -> None:
    if user is not None and user.pk:
        _record("account.sign_out", user)


@receiver(user_login_failed)
def refused(**_: Any) -> None:
    """Without the address that was given: a password typed into the wrong field would be kept for ever."""
    with transaction.atomic():
        record("account.refused", "person", "", by=NOBODY)


@receiver(authentication_failed)
def refused_factor(user: Any, **_: Any) -> None:
    with transaction.atomic():
        record("account.refused", "person", user.pk, by=NOBODY, why="second factor")


@receiver((post_save, post_delete), sender=Authenticator)
def factor_changed(instance: Any, signal: Any, created: bool = False, **_: Any) -> None:
    """By the row itself, so that the record is of the same transaction; using a factor changes its row too."""
    if signal is post_save and not created:
        return
    change = "added" if created else "removed"
    with transaction.atomic():
        by = _acting.get() or Actor(str(instance.user_id))
        record("account.second_factor", "person", instance.user_id, by=by, type=instance.type, change=change)


@receiver((password_changed, password_reset, password_set))
def secret_changed(user: Any, **_: Any) -> None:
    _record("account.password", user)
