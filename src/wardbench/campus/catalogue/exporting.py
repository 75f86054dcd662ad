"""The verbs that take the inventory out in a standard, and that read such a file back to see what it says."""

from __future__ import annotations

import io
import uuid
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from wardbench.campus.audit.services import record, verb
from wardbench.campus.biobank import consents, descent
from wardbench.campus.biobank.models import Collection, Specimen
from wardbench.campus.catalogue import described, rules
from wardbench.campus.people.rules import Actor
from wardbench.core.consent import allows
from wardbench.core.errors import InputError
from wardbench.ward.samples.exchange.files import unzipped
from wardbench.ward.samples.exchange.inventory import Inventory
from wardbench.ward.samples.exchange.losses import Loss, losses, ordered
from wardbench.ward.samples.exchange.standards import STANDARDS, export, read_back, standard_of

MOST_SPECIMENS = 50_000
"""Of more, a file is made collection by collection."""
MOST_BYTES = 200_000_000
"""What an export may hold when it is read back."""


@dataclass(frozen=True)
class Exported:
    """A ZIP file, how many specimens are in it and were left out for want of consent, and what could not be held."""

    content: bytes
    name: str
    specimens: int
    left_out: int
    lost: tuple[Loss, ...]


@verb("catalogue.export")
def export_inventory(standard: str, collections: Sequence[uuid.UUID], *, by: Actor) -> Exported:
    """The specimens of collections (of all, where none is named) in a standard, with the list of what that lacks.

    Of donors who did not allow that their data are used, nothing is in it, nor a pool that one of them is in; nor is
    what has no donor who could allow it.
    InputError where there is nothing to export, or more than one file may hold.
    """
    rules.may_export(by).require()
    chosen = standard_of(standard)
    found = list(_collections(collections))
    specimens, left_out = _allowed(found)
    inventory = described.inventory_of(found, specimens)
    made = export(inventory, chosen)
    record(
        "catalogue.export", "inventory", chosen.code, by=by, specimens=len(specimens), left_out=left_out,
        donors=len(inventory.donors), collections=[one.code for one in found],
    )  # fmt: skip
    return Exported(_zip(made.files), f"inventory-{chosen.code}.zip", len(specimens), left_out, made.lost)


def _collections(chosen: Sequence[uuid.UUID]) -> list[Collection]:
    found = Collection.objects.select_related("biobank__organisation").order_by("code")
    listed = list(found.filter(id__in=chosen) if chosen else found)
    if not listed or len(listed) < len(set(chosen)):
        raise InputError(_("There is no such collection."))
    return listed


def _allowed(collections: Sequence[Collection]) -> tuple[list[Specimen], int]:
    """The specimens whose donors allow it, and how many others there are."""
    all_of_them = Specimen.objects.filter(collection__in=collections)
    count = all_of_them.count()
    if count > MOST_SPECIMENS:
        said = _("These are %(count)d specimens; a file holds %(most)d. Choose fewer collections.")
        raise InputError(said % {"count": count, "most": MOST_SPECIMENS})
    specimens = list(all_of_them.select_related("collection", "donor", "parent", "box").order_by("label"))
    of = descent.sources_of([one.id for one in specimens if one.donor_id is None])
    of |= {one.id: frozenset({one.donor_id}) for one in specimens if one.donor_id is not None}
    given = consents.given(sorted(frozenset().union(*of.values())), collections)
    kept = [
        one
        for one in specimens
        if of[one.id] and all(allows(given[donor, one.collection_id], rules.NEED) for donor in of[one.id])
    ]
    return kept, count - len(kept)


def _zip(files: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted(files.items()):
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


@dataclass(frozen=True)
class ReadBack:
    """What an export says, and what of it is otherwise in the inventory now; `whole` says that its list was there."""

    standard: str
    inventory: Inventory
    whole: bool
    differs: tuple[Loss, ...]


@verb("catalogue.read_back")
def read_export(content: bytes, standard: str, *, by: Actor) -> ReadBack:
    """Read an export of ours and hold it against the inventory of now: nothing is changed.

    InputError where it is no export of this standard.
    """
    rules.may_export(by).require()
    chosen = standard_of(standard)
    files = unzipped(io.BytesIO(content), _("The file"), MOST_BYTES)
    read = ordered(read_back(files, chosen))
    codes = [one.code for one in read.collections]
    labels = [one.label for one in read.samples]
    held = Specimen.objects.filter(label__in=labels[:MOST_SPECIMENS])
    now = described.inventory_of(
        list(Collection.objects.filter(code__in=codes).select_related("biobank__organisation")),
        list(held.select_related("collection", "donor", "parent", "box")),
    )
    record("catalogue.read_back", "inventory", chosen.code, by=by, specimens=len(read.samples))
    return ReadBack(chosen.title, read, "not-held.json" in files, tuple(losses(read, now)))


def standards() -> list[tuple[str, str]]:
    """The code and name of each standard."""
    return [(one.code, one.title) for one in STANDARDS.values()]


def without_description(*, by: Actor) -> list[tuple[str, list[str]]]:
    """Each standard that asks for descriptions, and the names of the biobanks and collections that have none."""
    rules.may_export(by).require()
    found = Collection.objects.select_related("biobank").order_by("code")
    collections = [one for one in found if not one.description.strip()]
    banks = {one.biobank_id: one.biobank for one in found if not one.biobank.description.strip()}
    named = {
        "biobank": [f"{one.code}: {one.name}" for one in banks.values()],
        "collection": [f"{one.code}: {one.name}" for one in collections],
    }
    told = [
        (one.title, [name for kind, field in one.asks if field == "description" for name in named[kind]])
        for one in STANDARDS.values()
    ]
    return [(title, names) for title, names in told if names]


def not_held(standard: str) -> list[tuple[str, str, str]]:
    """What a standard cannot hold: the kind of thing, the field, and why."""
    return [(kind, field, why) for (kind, field), why in standard_of(standard).why.items()]
