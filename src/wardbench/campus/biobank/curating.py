"""The verbs on biobanks and their collections."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from wardbench.campus.audit.services import record, verb
from wardbench.campus.biobank import rules
from wardbench.campus.biobank.models import Biobank, Collection
from wardbench.campus.people.models import Organisation
from wardbench.campus.people.rules import SYSTEM, Actor
from wardbench.core.errors import InputError


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


@verb("biobank.add_collection")
def add_collection(biobank: Biobank, code: str, name: str, *, by: Actor, **attributes: Any) -> Collection:
    """Add a collection, not yet published; InputError where the code is taken or something is missing."""
    keeps(by)
    collection = Collection(biobank=biobank, code=code.strip(), name=name.strip(), **attributes)
    checked(collection)
    collection.save()
    record("biobank.add_collection", "collection", collection.id, by=by, code=collection.code)
    return collection


def checked(row: Any) -> None:
    """InputError with the first fault of a row that is about to be saved, by its field."""
    try:
        row.full_clean()
    except ValidationError as error:
        faults: Mapping[str, list[str]] = error.message_dict
        field, said = next(iter(faults.items()))
        raise InputError(_("%(field)s: %(fault)s") % {"field": field, "fault": said[0]}) from None
