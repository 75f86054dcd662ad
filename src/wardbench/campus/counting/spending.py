"""What was charged for feasibility counts so far."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils import timezone

from wardbench.campus.counting.budgets import PERIOD, YEAR, Kind, Shared, Spent
from wardbench.campus.counting.models import Asked
from wardbench.campus.people.rules import Actor


def own_purse(by: Actor) -> str:
    """What the budget of somebody is called: one for each person, whatever they count."""
    return f"person:{by.id}"


def spent_of(by: Actor, projects: Sequence[str], snapshot: str) -> Spent:
    """What was charged so far to somebody, and to each of the projects on this snapshot."""
    now = timezone.now()
    own = Asked.objects.filter(purse=own_purse(by), person__id=by.id)
    return Spent(
        own.filter(at__gt=now - PERIOD).count(),
        own.filter(at__gt=now - YEAR).count(),
        tuple(
            Shared(Kind(purse.partition(":")[0]), Asked.objects.filter(purse=purse, snapshot=snapshot).count())
            for purse in projects
        ),
    )
