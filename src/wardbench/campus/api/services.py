"""Making and revoking keys."""

from __future__ import annotations

import datetime
import hashlib
import secrets
import uuid

from django.utils import timezone
from django.utils.translation import gettext as _

from wardbench.campus.api import rules
from wardbench.campus.api.models import Key
from wardbench.campus.api.rules import LEAST_DAYS, MOST_DAYS, Scope
from wardbench.campus.audit.services import record, verb
from wardbench.campus.people.rules import Actor
from wardbench.core.errors import BusyError, InputError, NotFoundError

MARK = "wbk"
"""What a secret begins with, so that one that was published can be recognised."""


@verb("api.make_key")
def make_key(name: str, scopes: list[str], days: int, *, by: Actor) -> tuple[Key, str]:
    """A key and its secret, which cannot be shown again. InputError for a scope or number of days that cannot be."""
    rules.may_make_key(by).require()
    if not name.strip():
        raise InputError(_("name: say what the key is for."))
    wanted = set(scopes)
    if not wanted or not wanted <= set(Scope):
        raise InputError(_("scopes: choose one or more of {scopes}.").format(scopes=", ".join(Scope)))
    if not LEAST_DAYS <= days <= MOST_DAYS:
        raise InputError(_("days: from {least} to {most}.").format(least=LEAST_DAYS, most=MOST_DAYS))
    prefix, secret = secrets.token_hex(4), secrets.token_urlsafe(32)
    key = Key.objects.create(
        person_id=by.id,
        name=name.strip()[:100],
        scopes=sorted(wanted),
        prefix=prefix,
        digest=_digest(secret),
        expires=timezone.now() + datetime.timedelta(days=days),
    )
    record("api.make_key", "key", key.id, by=by, scopes=sorted(wanted), days=days)
    return key, f"{MARK}_{prefix}_{secret}"


@verb("api.revoke_key")
def revoke_key(key_id: uuid.UUID, *, by: Actor) -> None:
    """End a key at once. NotFoundError for one that is not theirs, BusyError for one that has ended."""
    key = Key.objects.filter(id=key_id).first()
    if key is None or not rules.may_revoke(by, str(key.person_id)):
        raise NotFoundError(_("There is no such key."))
    if Key.objects.filter(id=key.id, revoked=None).update(revoked=timezone.now()) != 1:
        raise BusyError(_("This key was revoked already."))
    record("api.revoke_key", "key", key.id, by=by)


def _digest(secret: str) -> str:
    """What is kept of a secret. It has 256 random bits, so that a fast hash is as good as a slow one."""
    return hashlib.sha256(secret.encode()).hexdigest()
