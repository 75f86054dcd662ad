"""The verbs on access: open a record in an emergency, end, speak of and judge that; say which team treats whom."""

from __future__ import annotations

import datetime
import uuid

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from wardbench.campus.access import queries, rules
from wardbench.campus.access.answering import Place, responsible, told
from wardbench.campus.access.known import is_known
from wardbench.campus.access.models import Answering, CareRelation, EmergencyAccess
from wardbench.campus.access.rules import FEWEST_WORDS, LASTS, TABLE, Action, Reason, Status
from wardbench.campus.access.sheet import Row
from wardbench.campus.audit.services import record, record_for_good, verb
from wardbench.campus.notices.sending import notify, notify_at_once
from wardbench.campus.people.models import Person, Unit
from wardbench.campus.people.queries import holders
from wardbench.campus.people.roles import Role, gettext_noop
from wardbench.campus.people.rules import SYSTEM, Actor
from wardbench.core.errors import BusyError, InputError, NotFoundError


@verb("access.open")
def open_in_emergency(patient: int, *, by: Actor, reason: str, words: str) -> EmergencyAccess:
    """Open the record of one patient for half an hour; data protection is told at once, and reviews it within 72 hours.
    So are the heads of the units that answer for it (`answering`), who say whether it was needed.

    InputError where the reason is none of `Reason` or the words are too few; BusyError where it is open already;
    NotFoundError where the hospital's records have no such number, which stays on the record as every guess does.
    """
    # One at a time for each person, so that two clicks are not two accesses.
    Person.objects.select_for_update().get(id=uuid.UUID(by.id))
    open_now = queries.open_accesses(by)
    rules.may_open(by, len(open_now)).require()
    if reason not in list(Reason):
        raise InputError(_("reason: choose why you have to see this patient."))
    if len(words.strip()) < FEWEST_WORDS:
        raise InputError(_("words: say in a few words what happened."))
    if any(one.patient == patient for one in open_now):
        raise BusyError(_("You have opened the record of this patient already."))
    if not is_known(patient):
        record_for_good("access.refuse_open", "patient", patient, by=by, patient=patient)
        raise NotFoundError(_("The hospital's records have no patient with this number; check the number."))
    now = timezone.now()
    access = EmergencyAccess.objects.create(
        patient=patient,
        person_id=uuid.UUID(by.id),
        reason=reason,
        words=words.strip(),
        opened=now,
        until=now + LASTS,
    )
    places = responsible(patient, by)
    Answering.objects.bulk_create(
        Answering(access=access, organisation_id=one.organisation, unit_id=one.unit) for one in places
    )
    record("access.open", "emergency_access", access.id, by=by, patient=patient, reason=reason, emergency=True)
    _tell(access, places, by)
    return access


def _tell(access: EmergencyAccess, places: list[Place], by: Actor) -> None:
    """Tell data protection and the heads, each of them once, and now."""
    address = reverse("emergency_access", args=[access.id])
    officers = [str(one) for one in holders(Role.DATA_PROTECTION).values_list("id", flat=True)]
    sentence = gettext_noop("{name} opened the record of a patient in an emergency. Review it within 72 hours.")
    notify_at_once(officers, sentence, address, by=by, name=by.name)
    together: dict[str, list[str]] = {}
    for person, answers_for in told(places, by.id).items():
        if person not in officers:
            together.setdefault(", ".join(one.name for one in answers_for), []).append(person)
    for units, heads in together.items():
        notify_at_once(heads, OPENED, address, by=by, name=by.name, units=units)


OPENED = gettext_noop(
    "{name} opened the record of a patient in an emergency. You answer for {units}: say whether it was needed."
)


@verb("access.speak")
def speak(access: queries.Access, *, by: Actor, needed: bool, words: str) -> None:
    """Say, as a head of the units that answer for it, whether an emergency access was needed; data protection is told
    where it was not, but for whoever opened it. InputError without words where it was not, BusyError where it was said
    for the unit already."""
    rules.may_move(by, Action.SPEAK, access.facts).require()
    if not needed and len(words.strip()) < FEWEST_WORDS:
        raise InputError(_("words: say in a few words why it was not needed."))
    # One at a time for each access, and none once it was judged.
    waiting = EmergencyAccess.objects.filter(id=access.id, status__in=(Status.ACTIVE, Status.ENDED))
    heads = [uuid.UUID(one) for one in by.heads]
    unsaid = Answering.objects.filter(Q(unit__in=heads) | Q(organisation__in=heads), access=access.id, needed=None)
    said = {"needed": needed, "words": words.strip(), "speaker_id": uuid.UUID(by.id), "said": timezone.now()}
    if waiting.select_for_update().first() is None or not unsaid.update(**said):
        raise BusyError(_("Somebody else was quicker; look at it again."))
    record("access.speak", "emergency_access", access.id, by=by, patient=access.patient, needed=needed)
    if not needed:
        notify_at_once(
            holders(Role.DATA_PROTECTION).exclude(id=access.person).values_list("id", flat=True),
            gettext_noop("{name} says for their unit that the emergency access of {opener} was not needed."),
            reverse("emergency_access", args=[access.id]),
            by=by,
            name=by.name,
            opener=access.who,
        )


@verb("access.end")
def end(access: queries.Access, *, by: Actor) -> None:
    """Close the record again before its time. BusyError where it has ended."""
    _move(access, Action.END, by)
    record("access.end", "emergency_access", access.id, by=by, patient=access.patient)


@verb("access.review")
def review(access: queries.Access, *, by: Actor, justified: bool, finding: str) -> None:
    """Judge an emergency access; whoever opened it is told. InputError without a finding, BusyError once judged."""
    action = Action.JUSTIFY if justified else Action.OBJECT
    rules.may_move(by, action, access.facts).require()
    if not finding.strip():
        raise InputError(_("finding: say what you found."))
    _move(access, action, by, reviewer_id=uuid.UUID(by.id), reviewed=timezone.now(), finding=finding.strip())
    record("access.review", "emergency_access", access.id, by=by, patient=access.patient, justified=justified)
    sentence = (
        gettext_noop("{name} reviewed your emergency access and found it justified.")
        if justified
        else gettext_noop("{name} reviewed your emergency access and found it not justified.")
    )
    notify([access.person], sentence, reverse("emergency_access", args=[access.id]), by=by, name=by.name)


@verb("access.relate")
def give_relation(
    patient: int,
    unit: Unit,
    *,
    by: Actor,
    since: datetime.date | None = None,
    until: datetime.date | None = None,
    source: str = "coordinator",
) -> CareRelation:
    """Say that a unit treats a patient. BusyError where that was said, InputError where the days are not in order."""
    if by is not SYSTEM:
        rules.may_relate(by, str(unit.id)).require()
    since = since or timezone.localdate()
    if until is not None and until < since:
        raise InputError(_("until: care ends on the day it began or later."))
    try:
        with transaction.atomic():
            relation = CareRelation.objects.create(
                patient=patient, unit=unit, since=since, until=until, source=source[:32]
            )
    except IntegrityError:
        raise BusyError(_("This team treats this patient from that day on already.")) from None
    record("access.relate", "care_relation", relation.id, by=by, patient=patient, unit=str(unit.id), source=source)
    return relation


@verb("access.ask_why")
def ask_why(patient: int, about: str, *, by: Actor) -> None:
    """Keep on the record that somebody asked who can see a patient's record; `about` is a person's id, or empty for
    everybody."""
    rules.may_ask_why(by).require()
    record("access.ask_why", "patient", patient, by=by, patient=patient, about=about)


@verb("access.end_relation")
def end_relation(patient: int, unit: Unit, *, by: Actor) -> None:
    """Say that a unit treats a patient no longer, from today on. BusyError where it does not."""
    if by is not SYSTEM:
        rules.may_relate(by, str(unit.id)).require()
    today = timezone.localdate()
    present = CareRelation.objects.filter(queries.current(), patient=patient, unit=unit)
    ended = present.filter(since=today).delete()[0] + present.update(until=today - datetime.timedelta(days=1))
    if not ended:
        raise BusyError(_("This team does not treat this patient."))
    record("access.end_relation", "patient", patient, by=by, patient=patient, unit=str(unit.id))


@verb("access.import_relations")
def import_relations(rows: list[Row], *, by: Actor) -> int:
    """Add the relations of `rows` (see `sheet.read`); how many were new. Those that are there stay as they are."""
    if by is not SYSTEM:
        rules.may_import(by).require()
    before = CareRelation.objects.count()
    CareRelation.objects.bulk_create(
        (CareRelation(patient=r.patient, unit_id=r.unit, since=r.since, until=r.until, source="import") for r in rows),
        batch_size=1000,
        ignore_conflicts=True,
    )
    added = CareRelation.objects.count() - before
    record("access.import_relations", "care_relation", "", by=by, rows=len(rows), added=added)
    return added


def _move(access: queries.Access, action: Action, by: Actor, **changes: object) -> None:
    """Change the status by the table, if nobody was quicker."""
    rules.may_move(by, action, access.facts).require()
    # One whose time is over is stored as open still.
    stored = [Status.ACTIVE, Status.ENDED] if access.status is Status.ENDED else [access.status]
    new = TABLE[access.status, action]
    if EmergencyAccess.objects.filter(id=access.id, status__in=stored).update(status=new, **changes) != 1:
        raise BusyError(_("Somebody else was quicker; look at it again."))
