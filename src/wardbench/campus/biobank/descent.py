"""What was made of specimens, and what they were made of: aliquots of aliquots, derivatives, pools, however far."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Iterable

from wardbench.campus.biobank.models import PoolPart, Specimen

AT_ONCE = 2000
Id = uuid.UUID
Step = Callable[[list[Id]], Iterable[tuple[Id, Id]]]


def made_of(specimens: Collection[Id]) -> dict[Id, set[Id]]:
    """All that was made of each of these, itself left out; what is mixed into a pool is made into it. A question for
    each generation, however many there are."""
    return _followed(specimens, _made)


def made_from(specimens: Collection[Id]) -> dict[Id, set[Id]]:
    """All that each of these was made from, itself left out; a pool from each of its parts."""
    return _followed(specimens, _origins)


def _made(some: list[Id]) -> Iterable[tuple[Id, Id]]:
    for one, other in Specimen.objects.filter(parent__in=some).order_by().values_list("id", "parent"):
        if other is not None:
            yield other, one
    yield from PoolPart.objects.filter(specimen__in=some).values_list("specimen", "pool")


def _origins(some: list[Id]) -> Iterable[tuple[Id, Id]]:
    for one, other in Specimen.objects.filter(id__in=some).order_by().values_list("id", "parent"):
        if other is not None:
            yield one, other
    yield from PoolPart.objects.filter(pool__in=some).values_list("pool", "specimen")


def _followed(roots: Collection[Id], step: Step) -> dict[Id, set[Id]]:
    next_to: dict[Id, set[Id]] = {}
    new = set(roots)
    while new:
        asked = sorted(new)
        next_to.update({one: set() for one in asked})
        for at in range(0, len(asked), AT_ONCE):
            for one, other in step(asked[at : at + AT_ONCE]):
                next_to[one].add(other)
        new = {other for one in asked for other in next_to[one]} - set(next_to)
    return {root: _reached(root, next_to) - {root} for root in roots}


def _reached(root: Id, next_to: dict[Id, set[Id]]) -> set[Id]:
    found: set[Id] = set()
    new = {root}
    while new:
        found |= new
        new = {other for one in new for other in next_to[one]} - found
    return found
