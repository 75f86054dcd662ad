"""For which organisations those who voted spoke: where they held the role of the step on the day of their vote."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils import timezone

from wardbench.campus.people.models import Affiliation
from wardbench.campus.people.queries import current
from wardbench.campus.people.roles import Role
from wardbench.campus.studies.models import Vote


def organisations(role: Role, votes: Iterable[Vote]) -> list[str]:
    """The names of these organisations, by the alphabet; of a care programme, that which it belongs to."""
    names = set()
    for vote in votes:
        if vote.answer:
            held = Affiliation.objects.filter(current(timezone.localdate(vote.at)), person=vote.person_id, role=role)
            if vote.unit_id:
                held = held.filter(unit=vote.unit_id)
            names |= set(held.values_list("organisation__name", flat=True))
    return sorted(names)
