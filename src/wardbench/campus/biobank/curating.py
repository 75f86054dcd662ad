"""The verbs on biobanks and their collections."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db.models import F
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from wardbench.campus.audit.services import record, verb
from wardbench.campus.biobank import rules
from wardbench.campus.biobank.models import Biobank, Collection, Responsible
from wardbench.campus.notices.sending import notify
from wardbench.campus.people import queries as people
from wardbench.campus.people.models import Organisation
from wardbench.campus.people.queries import actor_of
from wardbench.campus.people.roles import gettext_noop
from wardbench.campus.people.rules import SYSTEM, Actor, ForbiddenError, no
from wardbench.core.errors import BusyError, InputError

CHANGED = frozenset(
    {
        "name",
        "acronym",
        "description",
        "purpose",
        "basis",
        "permission",
        "url",
        "designs",
        "collection_settings",
        "dataset_types",
        "use_conditions",
        "inclusion",
        "publications",
        "diseases",
        "ended",
    }
)
"""What can be changed of a collection; its code stays."""


def keeps(by: Actor) -> None:
    """ForbiddenError unless `by` looks after the inventory; the application itself may."""
    if by is not SYSTEM:
        rules.may_keep_inventory(by).require()


@verb("biobank.add_biobank")
def add_biobank(code: str, name: str, organisation: Organisation, *, by: Actor, **attributes: Any) -> Biobank:
    """Add a biobank of an organisation; InputError where the code is taken or something is missing."""
    keeps(by)
    biobank = Biobank(code=code.strip(), name=name.strip(), organisation=organisation, **attributes)
    checked(biobank)
    biobank.save()
    record("biobank.add_biobank", "biobank", biobank.id, by=by, code=biobank.code)
    return biobank


@verb("biobank.change_biobank")
def change_biobank(biobank: Biobank, values: Mapping[str, Any], *, by: Actor) -> Biobank:
    """Change what is said of a biobank, all but its code; InputError where something is missing or unknown."""
    keeps(by)
    held = Biobank.objects.select_for_update().get(id=biobank.id)
    for name, value in values.items():
        if name in ("id", "code") or name not in {field.name for field in Biobank._meta.get_fields()}:
            raise InputError(_("{name}: a biobank has no such field.").format(name=name))
        setattr(held, name, value)
    checked(held)
    if not held.contact_email and held.collections.exclude(published=None).exists():
        raise InputError(_(NO_CONTACT))
    held.save()
    record("biobank.change_biobank", "biobank", held.id, by=by, fields=sorted(values))
    return held


@verb("biobank.add_collection")
def add_collection(biobank: Biobank, code: str, name: str, *, by: Actor, **attributes: Any) -> Collection:
    """Add a collection, not yet published; InputError where the code is taken or something is missing."""
    keeps(by)
    collection = Collection(biobank=biobank, code=code.strip(), name=name.strip(), **attributes)
    checked(collection)
    collection.save()
    record("biobank.add_collection", "collection", collection.id, by=by, code=collection.code)
    return collection


@verb("biobank.change_collection")
def change_collection(collection: Collection, values: Mapping[str, Any], *, by: Actor) -> Collection:
    """Change what is said of a collection and its rules.

    BusyError where somebody changed it since it was read; InputError where something is missing or unknown. What is
    published stays so only while it could be published again.
    """
    keeps(by)
    unknown = set(values) - CHANGED
    if unknown:
        raise InputError(_("{name}: a collection has no such field.").format(name=sorted(unknown)[0]))
    for name, value in values.items():
        setattr(collection, name, value)
    checked(collection)
    if collection.published is not None and (faults := lacking(collection)):
        raise InputError(_(faults[0]))
    _moved_on(collection, **values)
    record("biobank.change_collection", "collection", collection.id, by=by, fields=sorted(values))
    return collection


def _moved_on(collection: Collection, **values: Any) -> None:
    held = Collection.objects.filter(id=collection.id, revision=collection.revision)
    if held.update(revision=F("revision") + 1, **values) != 1:
        said = _("Somebody changed collection {code} at the same moment; load the page again.")
        raise BusyError(said.format(code=collection.code))
    collection.revision += 1
    for name, value in values.items():
        setattr(collection, name, value)


@verb("biobank.name_responsible")
def name_responsible(collection: Collection, person: uuid.UUID, *, by: Actor) -> Responsible:
    """Let somebody answer for a collection, after those who do already; they are asked whether messages reach them."""
    keeps(by)
    found = people.person(person)
    if not actor_of(found).roles or not found.is_active:
        raise InputError(_("person: {name} has no role on the campus.").format(name=found.name))
    order = collection.responsible.count()
    one, made = Responsible.objects.get_or_create(collection=collection, person=found, defaults={"order": order})
    if not made:
        raise BusyError(_("They answer for this collection already."))
    record("biobank.name_responsible", "collection", collection.id, by=by, person=str(found.id))
    sentence = gettext_noop("{who} named you responsible for the collection {name}. Say that this reached you.")
    notify([found.id], sentence, reverse("collection", args=[collection.id]), by=by, who=by.name, name=collection.name)
    return one


@verb("biobank.drop_responsible")
def drop_responsible(collection: Collection, person: uuid.UUID, *, by: Actor) -> None:
    """Somebody answers for a collection no longer. InputError where it is published and would lack them."""
    keeps(by)
    if Responsible.objects.filter(collection=collection, person=person).delete()[0] != 1:
        raise BusyError(_("They do not answer for this collection any more."))
    if collection.published is not None and (faults := lacking(collection)):
        raise InputError(_(faults[0]))
    record("biobank.drop_responsible", "collection", collection.id, by=by, person=str(person))


@verb("biobank.confirm_reached")
def confirm_reached(collection: Collection, *, by: Actor) -> None:
    """Somebody who answers for a collection says that messages reach them."""
    who = by.id if by.id and by is not SYSTEM else uuid.UUID(int=0)
    said = Responsible.objects.filter(collection=collection, person_id=who).update(reached=timezone.now())
    if said != 1:
        raise ForbiddenError(no(gettext_noop("Only who answers for the collection can say this.")))
    record("biobank.confirm_reached", "collection", collection.id, by=by)


NO_CONTACT = gettext_noop("biobank: say to which address one writes; it stands in the catalogue.")
REACHED_WITHIN = datetime.timedelta(days=365)


def lacking(collection: Collection) -> list[str]:
    """What a collection lacks before it can stand in the catalogue, in sentences of the catalogues; nothing: it can.

    Two people answer for it, both reached within a year: requests to a collection nobody answers for are lost.
    """
    answer = [one for one in collection.responsible.select_related("person") if actor_of(one.person).roles]
    recent = [one for one in answer if one.reached and one.reached > timezone.now() - REACHED_WITHIN]
    faults = [
        (not collection.description.strip(), gettext_noop("description: say what is in the collection.")),
        (not collection.purpose.strip(), gettext_noop("purpose: say what the collection is for.")),
        (not collection.permission.get("use"), gettext_noop("permission: say what may be done with it.")),
        (not collection.biobank.contact_email, NO_CONTACT),
        (len(answer) < 2, gettext_noop("responsible: name somebody who answers for it, and a deputy.")),
        (len(recent) < 2, gettext_noop("responsible: two of them have to say that messages reach them.")),
    ]
    return [sentence for missing, sentence in faults if missing]


@verb("biobank.publish")
def publish(collection: Collection, shown: bool = True, *, by: Actor) -> None:
    """Put a collection into the public catalogue, or take it out. InputError with the first thing that is lacking."""
    keeps(by)
    if shown and (faults := lacking(collection)):
        raise InputError(_(faults[0]))
    _moved_on(collection, published=timezone.now() if shown else None)
    record("biobank.publish", "collection", collection.id, by=by, shown=shown)


def checked(row: Any) -> None:
    """InputError with the first fault of a row that is about to be saved, by its field."""
    try:
        row.full_clean()
    except ValidationError as error:
        faults: Mapping[str, list[str]] = error.message_dict
        field, said = next(iter(faults.items()))
        if field == NON_FIELD_ERRORS:
            raise InputError(said[0]) from None
        raise InputError(_("%(field)s: %(fault)s") % {"field": field, "fault": said[0]}) from None
