"""What was made of specimens, and what they were made of: aliquots of aliquots, derivatives, pools, however far."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

from wardbench.campus.biobank.models import PoolPart, Specimen

AT_ONCE = 2000
Id = uuid.UUID
Step = Callable[[Sequence[Id]], Iterable[tuple[Id, Id]]]


def made_of(specimens: Collection[Id]) -> dict[Id, set[Id]]:
    """All that was made of each of these, itself left out; what is mixed into a pool is made into it. A question for
    each generation, however many there are."""
    return _followed(specimens, _made)


def made_from(specimens: Collection[Id]) -> dict[Id, set[Id]]:
    """All that each of these was made from, itself left out; a pool from each of its parts."""
    return _followed(specimens, _origins)


def sources_of(specimens: Collection[Id]) -> dict[Id, frozenset[Id]]:
    """The donors of each of these: its own, or those of what it was made from, a pool's from each of its parts. Empty
    where one of them is unknown. A question for each generation that has no donor of its own."""
    own: dict[Id, Id | None] = {}
    origins: dict[Id, set[Id]] = {}
    new = set(specimens)
    while new:
        asked = sorted(new)
        for some in _parts(asked):
            own.update(Specimen.objects.filter(id__in=some).order_by().values_list("id", "donor"))
        nobodys = [one for one in asked if own.get(one) is None]
        origins.update({one: set() for one in nobodys})
        for some in _parts(nobodys):
            for one, other in _origins(some):
                origins[one].add(other)
        new = {other for one in nobodys for other in origins[one]} - set(own)
    return {one: _donors(one, own, origins) for one in specimens}


def _donors(root: Id, own: Mapping[Id, Id | None], origins: Mapping[Id, set[Id]]) -> frozenset[Id]:
    found: set[Id] = set()
    seen, new = {root}, [root]
    while new:
        one = new.pop()
        donor = own.get(one)
        if donor is not None:
            found.add(donor)
            continue
        if not origins.get(one):
            return frozenset()
        new += origins[one] - seen
        seen |= origins[one]
    return frozenset(found)


def _parts(ids: Sequence[Id]) -> Iterator[Sequence[Id]]:
    return (ids[at : at + AT_ONCE] for at in range(0, len(ids), AT_ONCE))


def _made(some: Sequence[Id]) -> Iterable[tuple[Id, Id]]:
    for one, other in Specimen.objects.filter(parent__in=some).order_by().values_list("id", "parent"):
        if other is not None:
            yield other, one
    yield from PoolPart.objects.filter(specimen__in=some).values_list("specimen", "pool")


def _origins(some: Sequence[Id]) -> Iterable[tuple[Id, Id]]:
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
        for some in _parts(asked):
            for one, other in step(some):
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
