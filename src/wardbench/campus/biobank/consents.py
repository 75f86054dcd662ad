"""What stands for donors today: from forms, answers, withdrawals and opt-outs to `core.consent.Given`."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Iterable, Mapping

from django.db.models import Q
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
    donors, collections, now = list(donors), list(collections), timezone.now()
    of: dict[uuid.UUID, list[Consent]] = {}
    out: dict[tuple[uuid.UUID, str], bool] = {}
    for at in range(0, len(donors), 500):
        some = donors[at : at + 500]
        for consent in Consent.objects.filter(donor__in=some).order_by("given", "at"):
            of.setdefault(consent.donor_id, []).append(consent)
        linked = dict(DonorLink.objects.filter(donor__in=some).values_list("person_id", "donor_id"))
        said = OptOut.objects.filter(since__lte=now)
        stands = said.filter(Q(until=None) | Q(until__gt=now)).filter(Q(donor__in=some) | Q(person_id__in=list(linked)))
        for donor, person, kind in stands.order_by().values_list("donor_id", "person_id", "kind"):
            out[donor or linked[person or 0], kind] = True
    return {
        (donor, collection.id): _given(
            of.get(donor, ()), collection, (donor, "data") in out, (donor, "material") in out
        )
        for donor in donors
        for collection in collections
    }


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


def _given(consents: Iterable[Consent], collection: Collection, no_data: bool, no_material: bool) -> Given:
    basis = Basis(collection.basis)
    held = [one for one in consents if one.collection_id in (None, collection.id)]
    own = [one for one in held if one.collection_id is not None] or held
    last = own[-1] if own else None
    ended = max((timezone.localdate(one.withdrawn) for one in own if one.withdrawn is not None), default=None)
    if last is not None and (last.withdrawn is not None or (ended is not None and last.given < ended)):
        return Given(basis, withdrawn=True, opted_out=no_data)
    said = {} if last is None else last.answers
    granted, refused = (
        frozenset(Tier(tier) for tier, yes in said.items() if bool(yes) is wanted) for wanted in (True, False)
    )
    objected = basis is Basis.RESIDUAL and no_material
    return Given(basis, granted, withdrawn=objected, opted_out=no_data, refused=refused)
