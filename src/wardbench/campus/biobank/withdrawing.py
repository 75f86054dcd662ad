"""The verbs by which a donor allows less: all consent taken back, some of it, or an opt-out of data or material."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Collection as Several

from django.db.models import Count, Max, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from wardbench.campus.audit.services import record, verb
from wardbench.campus.biobank import consents, rules
from wardbench.campus.biobank.models import Consent, Donor, DonorLink, OptOut
from wardbench.campus.people.rules import SYSTEM, Actor
from wardbench.core.consent import Tier
from wardbench.core.errors import BusyError, InputError

DATA, MATERIAL = "data", "material"


@verb("biobank.withdraw_consent")
def withdraw_consent(donor: Donor, *, by: Actor) -> OptOut:
    """Take back all that a donor agreed to, and object to what the law presumes of residual material; the objection.

    BusyError where nothing stands any more.
    """
    if by is not SYSTEM:
        rules.may_withdraw(by).require()
    ended = Consent.objects.filter(donor=donor, withdrawn=None).update(withdrawn=timezone.now())
    objected = standing(MATERIAL, donor=donor)
    if objected is not None and not ended:
        raise BusyError(_("This donor has taken everything back already."))
    if objected is None:
        objected = opt_out(MATERIAL, donor=donor, by=by)
    record("biobank.withdraw_consent", "donor", donor.id, by=by, consents=ended)
    return objected


@verb("biobank.narrow_consent")
def narrow_consent(donor: Donor, tiers: Several[Tier], day: datetime.date, *, by: Actor) -> list[Consent]:
    """Keep that a donor does not allow `tiers` any more: a newer answer on each form that allowed one of them.

    InputError where no form allowed them, or the keeping of the material itself is among them: that is all of it.
    """
    if by is not SYSTEM:
        rules.may_withdraw(by).require()
    if not tiers:
        raise InputError(_("tiers: say which uses."))
    if Tier.STORAGE in tiers:
        raise InputError(_("tiers: whoever does not let the material be kept takes everything back."))
    newest: dict[uuid.UUID | None, Consent] = {}
    for one in Consent.objects.filter(donor=donor).select_related("form").order_by("given", "at"):
        newest[one.collection_id] = one
    made = []
    for one in newest.values():
        less = [tier for tier in tiers if one.answers.get(tier.value)]
        if one.withdrawn is not None or not less:
            continue
        if day < one.given:
            raise InputError(_("received: the donor agreed after this day."))
        made.append(
            Consent.objects.create(
                donor=donor,
                form=one.form,
                collection_id=one.collection_id,
                answers={**one.answers, **{tier.value: False for tier in less}},
                given=day,
                by_id=None if by is SYSTEM else by.id,
            )
        )
    if not made:
        raise InputError(_("tiers: the donor does not allow any of these now."))
    record("biobank.narrow_consent", "donor", donor.id, by=by, tiers=sorted(tiers), consents=[str(m.id) for m in made])
    return made


@verb("biobank.opt_out")
def opt_out(kind: str, *, by: Actor, donor: Donor | None = None, person: int | None = None) -> OptOut:
    """Keep somebody's no to the reuse of their data (`DATA`) or to the keeping of residual material (`MATERIAL`), of a
    donor or of a person of the store. BusyError where it stands already."""
    if by is not SYSTEM:
        rules.may_withdraw(by).require()
    if standing(kind, donor=donor, person=person) is not None:
        raise BusyError(_("This person has opted out already."))
    made = OptOut.objects.create(
        donor=donor, person_id=person, kind=kind, since=timezone.now(), by_id=None if by is SYSTEM else by.id
    )
    patient = "" if person is None else str(person)
    record("biobank.opt_out", "donor", donor.id if donor else "", by=by, patient=patient, of=kind)
    return made


@verb("biobank.end_opt_out")
def end_opt_out(one: OptOut, *, by: Actor) -> None:
    """Keep that somebody took their opt-out back. BusyError where it has ended."""
    if by is not SYSTEM:
        rules.may_withdraw(by).require()
    if OptOut.objects.filter(id=one.id, until=None).update(until=timezone.now()) != 1:
        raise BusyError(_("This opt-out has ended already."))
    patient = "" if one.person_id is None else str(one.person_id)
    record("biobank.end_opt_out", "donor", one.donor_id or "", by=by, patient=patient, of=one.kind)


def standing(kind: str, *, donor: Donor | None = None, person: int | None = None) -> OptOut | None:
    """The opt-out of this kind that stands for a donor or a person, whichever of the two it was noted for."""
    wanted = Q()
    if donor is not None:
        linked = DonorLink.objects.filter(donor=donor).values("person_id")
        wanted |= Q(donor=donor) | Q(person_id__in=linked)
    if person is not None:
        wanted |= Q(person_id=person) | Q(donor__link__person_id=person)
    return OptOut.objects.filter(wanted, kind=kind, until=None).first()


def opted_out(persons: Several[int] | None = None) -> frozenset[int]:
    """Persons of the store whose data are not reused now: those who opted out; donors who took back all or the use of
    their record; those who object to what the law presumes and have agreed to nothing. Of `persons` where they are
    given."""
    return frozenset(_opted_out() if persons is None else _opted_out() & set(persons))


def state() -> str:
    """What is another text whenever `opted_out` may be another set: cheap enough to be asked at every count."""
    out = OptOut.objects.aggregate(Count("id"), Max("since"), Count("until"), Max("until"))
    said = Consent.objects.aggregate(Count("id"), Max("at"), Count("withdrawn"), Max("withdrawn"))
    links = DonorLink.objects.aggregate(Count("donor"), Max("at"))
    return repr([list(one.values()) for one in (out, said, links)])


def _opted_out() -> set[int]:
    now = timezone.now()
    stands = OptOut.objects.filter(Q(until=None) | Q(until__gt=now), since__lte=now)
    found = set(stands.filter(kind=DATA).exclude(person_id=None).values_list("person_id", flat=True))
    no = set(stands.filter(kind=DATA).exclude(donor=None).values_list("donor", flat=True))
    said: dict[tuple[uuid.UUID, uuid.UUID | None], list[tuple[datetime.date, datetime.datetime | None]]] = {}
    less: dict[tuple[uuid.UUID, uuid.UUID | None], bool] = {}
    rows = Consent.objects.order_by("given", "at").values_list("donor", "collection", "given", "withdrawn", "answers")
    for donor, collection, given, withdrawn, answers in rows.iterator():
        said.setdefault((donor, collection), []).append((given, withdrawn))
        less[donor, collection] = answers.get(Tier.CLINICAL_DATA.value) is False
    no |= {key[0] for key, own in said.items() if less[key] or consents.ended(own)}
    objects = stands.filter(kind=MATERIAL).exclude(donor=None).values_list("donor", flat=True)
    no |= set(objects) - {donor for donor, _of in said}
    found |= {person for donor, person in DonorLink.objects.values_list("donor", "person_id") if donor in no}
    return {person for person in found if person is not None}
