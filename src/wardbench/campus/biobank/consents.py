"""What stands for donors today: from forms, answers, withdrawals and opt-outs to `core.consent.Given`."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.db.models import Q, QuerySet
from django.utils import timezone

from wardbench.campus.biobank import descent
from wardbench.campus.biobank.models import Collection, Consent, DonorLink, OptOut, Specimen
from wardbench.core.consent import Basis, Given, Tier, allows

Key = tuple[uuid.UUID, uuid.UUID]
"""A donor and a collection."""


def given(donors: Iterable[uuid.UUID], collections: Iterable[Collection]) -> Mapping[Key, Given]:
    """What each of `donors` allows in each of `collections` now, by (donor, collection).

    The newest consent counts; one for a collection comes before one for all. A withdrawal counts until a consent that
    was given on that day or later: an older form that is entered afterwards changes nothing. An objection to residual
    material, or an opt-out of data, counts until it is taken back.
    """
    donors, collections = list(donors), list(collections)
    said = said_by(donors)
    return {
        (donor, collection.id): said.given(donor, collection.id, Basis(collection.basis))
        for donor in donors
        for collection in collections
    }


class Answers(NamedTuple):
    """What a donor answered on a form; `collection` is set where it holds for that one alone."""

    collection: uuid.UUID | None
    answers: Mapping[str, Any]
    given: datetime.date
    withdrawn: datetime.datetime | None


@dataclass(frozen=True)
class Said:
    """What donors answered, the newest last, and of which kinds each has opted out now."""

    of: Mapping[uuid.UUID, Sequence[Answers]]
    out: AbstractSet[tuple[uuid.UUID, str]]

    def given(self, donor: uuid.UUID, collection: uuid.UUID, basis: Basis) -> Given:
        """What one of them allows in a collection that rests on `basis`, as `given` tells it."""
        no_data, no_material = ((donor, kind) in self.out for kind in ("data", "material"))
        return _given(self.of.get(donor, ()), collection, basis, no_data, no_material)


def said_by(donors: Iterable[uuid.UUID], moment: datetime.datetime | None = None) -> Said:
    """What each of `donors` said, as it stands now, or as it was known at a moment."""
    donors, now = list(donors), moment or timezone.now()
    of: dict[uuid.UUID, list[Answers]] = {}
    out: set[tuple[uuid.UUID, str]] = set()
    for at in range(0, len(donors), 500):
        some = donors[at : at + 500]
        answered = Consent.objects.filter(donor__in=some).order_by("given", "at")
        answered = answered if moment is None else answered.filter(at__lte=moment)
        for donor, *said in answered.values_list("donor_id", "collection_id", "answers", "given", "withdrawn"):
            one = Answers(*said)
            later = moment is not None and one.withdrawn is not None and one.withdrawn > moment
            of.setdefault(donor, []).append(one._replace(withdrawn=None) if later else one)
        linked = dict(DonorLink.objects.filter(donor__in=some).values_list("person_id", "donor_id"))
        no = standing_opt_outs(now).filter(Q(donor__in=some) | Q(person_id__in=list(linked)))
        for opted, person, kind in no.values_list("donor_id", "person_id", "kind"):
            out.add((opted or linked[person or 0], kind))
    return Said(of, out)


def standing_opt_outs(now: datetime.datetime) -> QuerySet[OptOut]:
    """The opt-outs that count at a moment, in no order."""
    return OptOut.objects.filter(Q(until=None) | Q(until__gt=now), since__lte=now).order_by()


def forbidden_since(at: datetime.datetime, need: Iterable[Tier]) -> frozenset[uuid.UUID]:
    """The specimens with material of a donor who said something after `at`, and does not allow `need` now: those that
    were taken, and all that was made of them, pools with others too."""
    said = Consent.objects.filter(Q(at__gt=at) | Q(withdrawn__gt=at)).values_list("donor", flat=True)
    out = OptOut.objects.filter(since__gt=at)
    persons = out.exclude(person_id=None).values("person_id")
    linked = DonorLink.objects.filter(person_id__in=persons).values_list("donor", flat=True)
    donors = {*said, *out.exclude(donor=None).values_list("donor", flat=True), *linked}
    if not donors:
        return frozenset()
    need, collections = frozenset(need), {one.id: one for one in Collection.objects.all()}
    stands = given(sorted(donors), collections.values())
    taken = Specimen.objects.filter(donor__in=donors).values_list("id", "donor", "collection")
    refused = {donor for (donor, _of), given_now in stands.items() if not allows(given_now, need)}
    from_whom = {one: donor for one, donor, _collection in taken if donor in refused}
    forbidden = {one for one, donor, collection in taken if not allows(stands[donor, collection], need)}
    made = descent.made_of(list(from_whom))
    where = dict(Specimen.objects.filter(id__in=set().union(*made.values())).values_list("id", "collection"))
    for root, line in made.items():
        forbidden |= {one for one in line if not allows(stands[from_whom[root], where[one]], need)}
    return frozenset(forbidden)


def ended(said: Sequence[tuple[datetime.date, datetime.datetime | None]]) -> bool:
    """Whether consents, each as the day it was given and when it was withdrawn, the newest last, are taken back: the
    last one was, or is older than a withdrawal."""
    if not said:
        return False
    withdrawn = max((timezone.localdate(at) for _given, at in said if at is not None), default=None)
    given, at = said[-1]
    return at is not None or (withdrawn is not None and given < withdrawn)


def _given(answered: Sequence[Answers], collection: uuid.UUID, basis: Basis, no_data: bool, no_material: bool) -> Given:
    held = [one for one in answered if one.collection in (None, collection)]
    own = [one for one in held if one.collection is not None] or held
    last = own[-1] if own else None
    if ended([(one.given, one.withdrawn) for one in own]):
        return Given(basis, withdrawn=True, opted_out=no_data)
    said = {} if last is None else last.answers
    granted, refused = (
        frozenset(Tier(tier) for tier, yes in said.items() if bool(yes) is wanted) for wanted in (True, False)
    )
    # Whoever agreed to nothing in writing has nothing but an objection to take back.
    objected = no_material and (basis is Basis.RESIDUAL or not granted)
    return Given(basis, granted, withdrawn=objected, opted_out=no_data, refused=refused)
