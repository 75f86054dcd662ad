"""What happens where a donor's newer answers allow less than the ones before: functions that other applications add.

A no on a newer form is a withdrawal of that use, also where nobody writes one down: what was promised or sent by the
answers before has to be reached.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Protocol

from wardbench.campus.biobank.models import Consent, Donor
from wardbench.campus.people.rules import Actor
from wardbench.core.consent import Tier


class Follow(Protocol):
    def __call__(self, consent: Consent, less: Sequence[Tier], *, by: Actor) -> None: ...


_followed: list[Follow] = []


def when_less_is_allowed(function: Follow) -> None:
    """Let a function act on a consent that takes uses back (`less`) which the donor allowed until then."""
    _followed.append(function)


def standing_before(donor: Donor, collection: uuid.UUID | None) -> Consent | None:
    """The answers that count for a collection, or for all (None), before newer ones are kept."""
    said = Consent.objects.filter(donor=donor).order_by("given", "at")
    own = list(said.filter(collection=collection))
    if not own and collection is not None:
        own = list(said.filter(collection=None))
    return own[-1] if own and own[-1].withdrawn is None else None


def taken_back(before: Consent | None, now: Consent) -> list[Tier]:
    """The uses that were allowed before and are refused now; none where the newer answers are of an earlier day."""
    if before is None or now.given < before.given:
        return []
    return [tier for tier in Tier if before.answers.get(tier.value) and now.answers.get(tier.value) is False]


def follow(consent: Consent, less: Sequence[Tier], *, by: Actor) -> None:
    for function in _followed:
        function(consent, less, by=by)
