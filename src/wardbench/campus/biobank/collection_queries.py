"""Reading collections, donors and visits."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _

from wardbench.campus.audit.services import record, verb
from wardbench.campus.biobank import consents, curating, extra, rules, visiting
from wardbench.campus.biobank.extra import Extra
from wardbench.campus.biobank.models import (
    Biobank,
    Collection,
    ConsentForm,
    Donor,
    DonorLink,
    PlannedSpecimen,
    Protocol,
    Specimen,
    Visit,
)
from wardbench.campus.biobank.rules import ENDED, Status
from wardbench.campus.people.roles import gettext_noop
from wardbench.campus.people.rules import Actor, Verdict, yes
from wardbench.core.consent import Given
from wardbench.core.duo import LABELS, Modifier, Use
from wardbench.core.errors import NotFoundError

ON_THEIR_WAY = 200
"""As many tubes that came from visits and are not in storage yet stand below today's visits."""
GONE = Q(specimens__status__in=[status.value for status in ENDED])


def may_see_collection(actor: Actor, one: Collection) -> Verdict:
    """The people of the inventory, and whoever answers for the collection."""
    if actor.id and one.responsible.filter(person_id=actor.id).exists():
        return yes(gettext_noop("You answer for this collection."))
    return rules.may_see_inventory(actor)


def collections(*, by: Actor) -> QuerySet[Collection]:
    """All collections, each with how many specimens are `left` and how many `donors` gave; for whoever answers for some
    and does not see the inventory, those."""
    found = Collection.objects.all()
    if not rules.may_see_inventory(by):
        found = found.filter(responsible__person_id=by.id) if by.id else found.none()
        if not found.exists():
            rules.may_see_inventory(by).require()
    return found.select_related("biobank").annotate(
        left=Count("specimens", filter=~GONE, distinct=True), donors=Count("specimens__donor", distinct=True)
    )


def collection(collection_id: uuid.UUID, *, by: Actor) -> Collection:
    found = Collection.objects.select_related("biobank").filter(id=collection_id).first()
    if found is None:
        raise NotFoundError(_("There is no such collection."))
    may_see_collection(by, found).require()
    return found


def permission_words(one: Collection) -> list[str]:
    """What may be done with a collection, in DUO's words and the names of its diseases."""
    said = one.permission or {}
    use = [LABELS[Use(said["use"])]] if said.get("use") else []
    return [*use, *said.get("diseases", []), *(LABELS[Modifier(code)] for code in said.get("modifiers", []))]


def biobanks() -> QuerySet[Biobank]:
    return Biobank.objects.all()


def biobank(biobank_id: uuid.UUID, *, by: Actor) -> Biobank:
    """A biobank, for those who may change what is said of it."""
    rules.may_keep_inventory(by).require()
    found = Biobank.objects.filter(id=biobank_id).first()
    if found is None:
        raise NotFoundError(_("There is no such biobank."))
    return found


def lacking(one: Collection) -> Sequence[str]:
    """What it lacks before it can be published, in sentences of the catalogues."""
    return curating.lacking(one)


def protocols(one: Collection) -> QuerySet[Protocol]:
    return one.protocols.prefetch_related("visits__planned").annotate(enrolled=Count("enrolments"))


def forms_of_consent(language: str = "") -> QuerySet[ConsentForm]:
    """The consent forms in use, newest first; in one language where it is given."""
    found = ConsentForm.objects.filter(until=None)
    return found.filter(language=language) if language else found


def form_of_consent(form_id: uuid.UUID) -> ConsentForm:
    found = ConsentForm.objects.filter(id=form_id).first()
    if found is None:
        raise NotFoundError(_("There is no such form."))
    return found


def protocol(protocol_id: uuid.UUID, *, by: Actor) -> Protocol:
    rules.may_collect(by).require()
    found = Protocol.objects.select_related("collection").filter(id=protocol_id).first()
    if found is None:
        raise NotFoundError(_("There is no such protocol."))
    return found


def running_protocols() -> QuerySet[Protocol]:
    return Protocol.objects.select_related("collection").filter(ended=None)


@dataclass(frozen=True)
class Today:
    """A visit that is due: which tubes, and whether the donor has agreed."""

    visit: Visit
    tubes: Sequence[tuple[str, PlannedSpecimen]]
    """Each tube by the key that its scanned label has in the form."""
    agreed: bool
    late: int
    """Days past the end of the visit's window; 0 within it."""
    besides: Sequence[Extra] = ()
    """What studies would like to have taken too."""


def visits(day: datetime.date, *, by: Actor, place: str = "") -> list[Today]:
    """The visits whose window holds `day` or has passed without them, for those who collect; the most urgent first."""
    rules.may_collect(by).require()
    found = (
        Visit.objects.filter(status=Visit.Status.PLANNED, due__lte=day + datetime.timedelta(days=60))
        .filter(enrolment__ended=None)
        .select_related("enrolment__donor", "enrolment__protocol__collection", "planned")
        .prefetch_related("planned__planned")
    )
    if place:
        found = found.filter(place=place)
    shown = []
    for one in found:
        first = one.due - datetime.timedelta(days=one.planned.before)
        last = one.due + datetime.timedelta(days=one.planned.after)
        if first <= day:
            tubes = [
                (f"{planned.id}/{at}", planned)
                for planned in one.planned.planned.all()
                if planned.parent_id is None
                for at in range(1, planned.count + 1)
            ]
            shown.append(Today(one, tubes, False, max(0, (day - last).days)))
    agreed = visiting.consents_of([one.visit for one in shown])
    shown = [replace(one, agreed=agreed[one.visit.id]) for one in shown]
    asked = extra.wanted([one.visit for one in shown if one.agreed])
    shown = [replace(one, besides=asked.get(one.visit.id, ())) for one in shown]
    return sorted(shown, key=lambda one: (-one.late, one.visit.due, one.visit.enrolment.donor.code))


@dataclass(frozen=True)
class Taken:
    """A visit whose tubes are on their way to storage: their labels can be printed still."""

    visit: Visit
    labels: Sequence[str]


def taken(*, by: Actor, place: str = "") -> list[Taken]:
    """The visits with tubes on their way to storage, for those who collect; the newest first, `ON_THEIR_WAY` tubes."""
    rules.may_collect(by).require()
    found = Specimen.objects.filter(status=Status.COLLECTED.value, visit__isnull=False)
    found = found.select_related("visit__enrolment__donor", "visit__planned").only(
        "label", "visit__at", "visit__enrolment__donor__code", "visit__planned__name"
    )
    if place:
        found = found.filter(visit__place=place)
    by_visit: dict[Visit, list[str]] = {}
    for one in found.order_by("-visit__at", "label")[:ON_THEIR_WAY]:
        assert one.visit is not None
        by_visit.setdefault(one.visit, []).append(one.label)
    return [Taken(visit, labels) for visit, labels in by_visit.items()]


def places(*, by: Actor) -> list[str]:
    """Where visits are planned."""
    rules.may_collect(by).require()
    return list(Visit.objects.exclude(place="").order_by("place").values_list("place", flat=True).distinct())


def visit(visit_id: uuid.UUID, *, by: Actor) -> Visit:
    rules.may_collect(by).require()
    found = (
        Visit.objects.select_related("enrolment__donor", "enrolment__protocol__collection", "planned")
        .filter(id=visit_id)
        .first()
    )
    if found is None:
        raise NotFoundError(_("There is no such visit."))
    return found


def donor(donor_id: uuid.UUID, *, by: Actor) -> Donor:
    """A donor by their code alone; for those of the inventory and those who collect."""
    if not rules.may_collect(by):
        rules.may_see_inventory(by).require()
    found = Donor.objects.filter(id=donor_id).first()
    if found is None:
        raise NotFoundError(_("There is no such donor."))
    return found


def find_donors(text: str, *, by: Actor) -> QuerySet[Donor]:
    """Donors whose code begins with `text`."""
    if not rules.may_collect(by):
        rules.may_see_inventory(by).require()
    return Donor.objects.filter(code__istartswith=text) if text else Donor.objects.all()


def given_of(one: Donor) -> Mapping[Collection, Given]:
    """What a donor allows in each collection."""
    all_of_them = list(Collection.objects.all())
    found = consents.given([one.id], all_of_them)
    return {collection: found[one.id, collection.id] for collection in all_of_them}


@verb("biobank.know_donor")
def who_is(one: Donor, *, by: Actor) -> int | None:
    """Which patient of the store a donor is; None where nobody said. Each look is on the record."""
    rules.may_know_donor(by).require()
    link = DonorLink.objects.filter(donor=one).first()
    record("biobank.know_donor", "donor", one.id, by=by, patient=str(link.person_id) if link else "")
    return link.person_id if link else None
