"""Reading imports, and the template of a collection."""

from __future__ import annotations

import uuid

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from wardbench.campus.biobank import rules
from wardbench.campus.biobank.collection_queries import collection as collection_of
from wardbench.campus.biobank.imports.fields import FIELDS, NEEDED, TEMPLATE
from wardbench.campus.biobank.imports.files import COMMENT
from wardbench.campus.biobank.models import Collection, Container, Import, Remembered
from wardbench.campus.biobank.storage_queries import by_barcode
from wardbench.campus.people.rules import Actor
from wardbench.core.errors import NotFoundError

__all__ = ["by_barcode", "collection_of"]


def imports(*, by: Actor) -> QuerySet[Import]:
    """Every import, the newest first."""
    rules.may_see_inventory(by).require()
    return Import.objects.select_related("collection", "by")


def import_of(import_id: uuid.UUID, *, by: Actor) -> Import:
    """An import; NotFoundError where there is none, ForbiddenError for whom the inventory is not."""
    rules.may_see_inventory(by).require()
    with_table = Import.objects.select_related("collection", "by", "table").defer("table__content", "table__report")
    found = with_table.filter(id=import_id).first()
    if found is None:
        raise NotFoundError(_("There is no such import."))
    return found


def waiting() -> QuerySet[Import]:
    """Imports that somebody has to look at or that are being entered."""
    open_ones = (Import.Status.READING, Import.Status.DRAFT, Import.Status.REST, Import.Status.RUNNING)
    return Import.objects.select_related("collection", "by").filter(status__in=open_ones)


def follows_another(one: Import) -> bool:
    """Whether an import that is being entered waits for the end of another."""
    running = Import.objects.filter(status=Import.Status.RUNNING)
    return one.status == Import.Status.RUNNING and not one.done and running.filter(began__lt=one.began).exists()


def collections(*, by: Actor) -> QuerySet[Collection]:
    rules.may_keep_inventory(by).require()
    return Collection.objects.filter(ended=None)


def place_named(place_id: str) -> str:
    """The barcode of a place, "" where there is none."""
    return Container.objects.filter(id=place_id).values_list("barcode", flat=True).first() or "" if place_id else ""


def template(collection: Collection) -> list[list[str]]:
    """The rows of a file to start from: headers as earlier files of the collection had them, and a row that explains
    them and is not read."""
    known = Remembered.objects.filter(collection=collection).exclude(field="").values_list("said", "field")
    columns = list(known)
    have = {field for _said, field in columns}
    columns += [(_(FIELDS[name].title), name) for name in TEMPLATE if name not in have]
    columns.sort(key=lambda one: one[1] not in NEEDED)
    explained = [_(FIELDS[field].said) for _said, field in columns]
    explained[0] = f"{COMMENT} {explained[0]}"
    return [[said for said, _field in columns], explained]
