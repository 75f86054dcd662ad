"""What was charged for feasibility counts so far."""

from __future__ import annotations

from django.utils import timezone

from wardbench.campus.counting.budgets import PERIOD, YEAR, Spent
from wardbench.campus.counting.models import Asked
from wardbench.campus.people.rules import Actor


def spent_of(by: Actor, project: str, snapshot: str) -> Spent:
    """What was charged so far."""
    now = timezone.now()
    own = Asked.objects.filter(purse=project, person__id=by.id)
    return Spent(
        own.filter(at__gt=now - PERIOD).count(),
        own.filter(at__gt=now - YEAR).count(),
        Asked.objects.filter(purse=project, snapshot=snapshot).count(),
    )
