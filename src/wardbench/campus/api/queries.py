"""Who acts with a key, and somebody's keys."""

from __future__ import annotations

import datetime
import hashlib
import hmac
from dataclasses import dataclass

from django.db.models import Q, QuerySet
from django.utils import timezone

from wardbench.campus.api.models import Key
from wardbench.campus.api.rules import Scope
from wardbench.campus.people.queries import actor_of
from wardbench.campus.people.rules import Actor

MINUTE = datetime.timedelta(minutes=1)


@dataclass(frozen=True)
class Bearer:
    """Somebody who acts through a program."""

    actor: Actor
    scopes: frozenset[Scope]
    key: str


def bearer(token: str) -> Bearer | None:
    """Who acts with this token now; None where nobody may: unknown, ended, or its person may not sign in."""
    parts = token.split("_", 2)
    if len(parts) != 3:
        return None
    now = timezone.now()
    key = Key.objects.select_related("person").filter(prefix=parts[1], revoked=None, expires__gt=now).first()
    given = hashlib.sha256(parts[2].encode()).hexdigest()
    if key is None or not hmac.compare_digest(key.digest, given) or not key.person.is_active:
        return None
    # When a key was last used is told to the minute, so that reading does not write each time.
    stale = Q(last_used=None) | Q(last_used__lt=now - MINUTE)
    Key.objects.filter(stale, id=key.id).update(last_used=now)
    return Bearer(actor_of(key.person), frozenset(Scope(scope) for scope in key.scopes), str(key.id))


def keys_of(actor: Actor) -> QuerySet[Key]:
    return Key.objects.filter(person__id=actor.id)
