"""Looking at a file: reading it and checking its rows. A small one is looked at while somebody waits, whenever its page
is; a large one by the process in the background, whose report is kept until the import or the inventory is changed.

What is to be done stands in the database, so that a process that was killed is followed by one that begins anew:
an import that is `READING` has to be read, and a large one that is open without a report of its revision to be checked.
"""

from __future__ import annotations

import io
import uuid
import zipfile

from django.db.models import F, Q, QuerySet
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django_tasks import task

from wardbench.campus.audit.services import origin
from wardbench.campus.biobank.imports import reading, services
from wardbench.campus.biobank.imports.facts import looked_at
from wardbench.campus.biobank.imports.report import Report, packed, report, unpacked
from wardbench.campus.biobank.models import Collection, Import, ImportTable
from wardbench.campus.people.queries import actor_of
from wardbench.campus.people.refusals import refusal
from wardbench.campus.people.rules import SYSTEM, Actor
from wardbench.core import workbook
from wardbench.core.errors import BusyError, WardbenchError

READ_AT_ONCE = 300_000
"""Bytes of a file that is read while somebody waits: a fifth of a second."""
UNPACKED_AT_ONCE = 2_000_000
"""Bytes that a workbook says to unpack to, likewise."""


def take_in(collection: Collection, name: str, data: bytes, *, by: Actor, sheet: str = "") -> Import:
    """Take a file in, and read it: at once where it is small, else in the background.

    InputError where nothing can be made of it; of a large file the import says so later.
    """
    if _is_small(data):
        return services.take_in(collection, name, data, by=by, sheet=sheet)
    one = services.lay_by(collection, name, data, by=by, sheet=sheet)
    look_at.enqueue(str(one.id))
    return one


def _is_small(data: bytes) -> bool:
    if len(data) > READ_AT_ONCE:
        return False
    if not workbook.is_workbook(data):
        return True
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return sum(part.file_size for part in archive.infolist()) <= UNPACKED_AT_ONCE
    except (zipfile.BadZipFile, ValueError, OSError):
        return True


def is_due(one: Import) -> bool:
    """Whether an import is still to be read or checked before its page can show anything."""
    return unread().filter(id=one.id).exists() or unchecked().filter(id=one.id).exists()


def unread() -> QuerySet[Import]:
    """Imports whose file is to be read."""
    return Import.objects.filter(status=Import.Status.READING)


def unchecked() -> QuerySet[Import]:
    """Imports whose rows are to be checked in the background."""
    large = Import.objects.filter(status__in=services.OPEN, rows__gt=Import.LARGE)
    return large.filter(Q(table__reported=None) | ~Q(table__reported=F("revision")))


def report_of(one: Import) -> Report:
    """What is to be said of an import that is open. BusyError where a large one was not checked yet."""
    if not one.is_large:
        _table, _columns, checked, known = looked_at(one)
        return report(checked, known, with_maps=one.kind == "map")
    if one.table.reported != one.revision:
        raise BusyError(_("The rows of this file are being checked."))
    return unpacked(bytes(one.table.report or b""))


def ask(one: Import) -> None:
    """Let an import be checked in the background where it is to be."""
    if unchecked().filter(id=one.id).update(moved=timezone.now()):
        look_at.enqueue(str(one.id))


def ask_anew(one: Import) -> None:
    """Forget what a large import was found to be, and let it be checked again: the inventory may have changed."""
    ImportTable.objects.filter(owner=one).update(reported=None)
    ask(one)


@task()
def look_at(import_id: str) -> None:
    """Read a file and check its rows in the background, as far as that is still to be done."""
    with origin("import"):
        look(uuid.UUID(import_id))


def look(import_id: uuid.UUID) -> None:
    """Read and check an import, as far as that is still to be done."""
    one = unread().select_related("by", "collection").filter(id=import_id).first()
    if one is not None:
        _read(one)
    check(import_id)


def _read(one: Import) -> None:
    with translation.override(one.by.language):
        try:
            table = reading.read(bytes(one.file.content), one.sheet)
            services.read_in(one, table, by=actor_of(one.by))
        except services.ElsewhereError:
            pass
        except WardbenchError as error:
            services.give_up(one, refusal(error), by=SYSTEM)


def check(import_id: uuid.UUID) -> None:
    """Check a large import, and keep the report; again where somebody changed it meanwhile."""
    while (one := unchecked().select_related("table", "by").filter(id=import_id).first()) is not None:
        with translation.override(one.by.language):
            _table, _columns, checked, known = looked_at(one)
            made = packed(report(checked, known, with_maps=one.kind == "map"))
        ImportTable.objects.filter(owner=one.id).update(report=made, reported=one.revision, checked=timezone.now())


def others(than: uuid.UUID) -> None:
    """Look at whatever else is to be looked at: between the parts of a long import nobody waits for its end."""
    for waiting in (unread(), unchecked()):
        for import_id in waiting.exclude(id=than).values_list("id", flat=True):
            look(import_id)
