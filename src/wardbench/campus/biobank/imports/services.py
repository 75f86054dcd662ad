"""The verbs on imports: take a file in, say what its columns mean, mend it, enter its good rows, put it aside.

Rows are entered in parts, each whole or not at all and each with its own events and audit row; what an import has
entered is known by its id, which is the batch of all its events. A process that ends in between leaves the parts that
are done, and `work` goes on with the others.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from wardbench.campus.audit.services import record, verb
from wardbench.campus.biobank import bulk, custody, storing
from wardbench.campus.biobank.curating import keeps
from wardbench.campus.biobank.custody import Change
from wardbench.campus.biobank.imports import files, matching, reading
from wardbench.campus.biobank.imports.causes import LEAVABLE
from wardbench.campus.biobank.imports.checking import Checked, Known
from wardbench.campus.biobank.imports.facts import free_places
from wardbench.campus.biobank.imports.fields import FIELDS, NEEDED
from wardbench.campus.biobank.imports.spots import MOST_SIDE, Spot
from wardbench.campus.biobank.models import (
    Collection,
    Container,
    Donor,
    Import,
    ImportFile,
    ImportTable,
    Remembered,
    Specimen,
)
from wardbench.campus.biobank.rules import Act
from wardbench.campus.people.rules import Actor
from wardbench.campus.people.sheet import folded
from wardbench.core.errors import BusyError, InputError
from wardbench.core.miabis import MATERIALS

MOST_MENDS = 20_000
NEW_BOXES = {"rows": 9, "columns": 9, "labels": "A1", "parent": ""}
"""How boxes are added that a file does not measure."""
SAID = ("out", "notes_are_rows")
"""Options that `sort_out` keeps, beside those that come with what the columns mean."""
DATES = ("", "day", "month")
NUMBERS = ("", "decimals", "thousands")
OPEN = frozenset({Import.Status.DRAFT, Import.Status.REST})
"""An import in one of these can be changed and entered."""


class ElsewhereError(BusyError):
    """Another process enters these rows."""


@verb("biobank.take_in_file")
def take_in(collection: Collection, name: str, data: bytes, *, by: Actor, sheet: str = "") -> Import:
    """Take a file in, to be looked at; nothing of it is entered. InputError where nothing can be made of it."""
    keeps(by)
    table = reading.read(data, sheet)
    one = _taken_in(collection, name, data, sheet, Import.Status.DRAFT, by)
    _keep(one, table)
    one.save()
    ImportTable.objects.create(owner=one, content=files.packed(table))
    record("biobank.take_in_file", "import", one.id, by=by, sha256=one.digest, rows=one.rows)
    return one


@verb("biobank.lay_by_file")
def lay_by(collection: Collection, name: str, data: bytes, *, by: Actor, sheet: str = "") -> Import:
    """Take a file in, to be read later. InputError for one that is too large."""
    keeps(by)
    if len(data) > files.MOST_BYTES:
        raise InputError(_("The file is larger than %(most)d MB; split it.") % {"most": files.MOST_BYTES // 1_000_000})
    one = _taken_in(collection, name, data, sheet, Import.Status.READING, by)
    one.moved = timezone.now()
    one.save()
    ImportFile.objects.create(owner=one, content=data)
    record("biobank.lay_by_file", "import", one.id, by=by, sha256=one.digest, bytes=len(data))
    return one


@verb("biobank.take_in_file")
def read_in(one: Import, table: files.Table, *, by: Actor) -> None:
    """Keep what was read of a file that was laid by. ElsewhereError where it was put aside or read meanwhile."""
    keeps(by)
    _keep(one, table)
    _read_once(
        one, status=Import.Status.DRAFT, kind=one.kind, headers=one.headers, rows=one.rows, matching=one.matching,
        options=one.options,
    )  # fmt: skip
    ImportTable.objects.create(owner=one, content=files.packed(table))
    record("biobank.take_in_file", "import", one.id, by=by, sha256=one.digest, rows=one.rows)


@verb("biobank.drop_import")
def give_up(one: Import, why: str, *, by: Actor) -> None:
    """Put a file aside of which nothing can be made, and say why."""
    _read_once(one, status=Import.Status.DROPPED, why=why[:500], ended=timezone.now())
    record("biobank.drop_import", "import", one.id, by=by, entered=0)


def _read_once(one: Import, **values: Any) -> None:
    held = Import.objects.filter(id=one.id, status=Import.Status.READING)
    if held.update(revision=F("revision") + 1, moved=timezone.now(), **values) != 1:
        raise ElsewhereError(_("Another process reads this file."))
    ImportFile.objects.filter(owner=one).delete()


def _taken_in(collection: Collection, name: str, data: bytes, sheet: str, status: str, by: Actor) -> Import:
    return Import(
        collection=collection,
        name=_shown(name),
        digest=hashlib.sha256(data).hexdigest(),
        sheet=sheet.strip()[:100],
        status=status,
        by_id=uuid.UUID(by.id),
    )


def _keep(one: Import, table: files.Table) -> None:
    """Write into an import what its file is, and what its columns mean by themselves."""
    remembered = dict(Remembered.objects.filter(collection_id=one.collection_id).values_list("header", "field"))
    one.kind, one.headers, one.rows = table.kind, list(table.headers), len(table.rows)
    one.matching = matching.proposed(table, remembered)
    one.options = {"boxes": dict(NEW_BOXES)} if table.sizes else {}
    if unit := matching.unit_named(table, one.matching):
        one.options["unit"] = unit


def _shown(name: str) -> str:
    last = name.replace("\\", "/").rpartition("/")[2]
    return "".join(letter for letter in last if letter.isprintable()).strip()[-150:] or "?"


def _moved_on(one: Import, **values: Any) -> None:
    """Change an import as somebody saw it. BusyError where it was changed since, or is not open any more."""
    held = Import.objects.filter(id=one.id, revision=one.revision, status__in=OPEN)
    if held.update(revision=F("revision") + 1, **values) != 1:
        raise BusyError(
            _("Somebody changed this import at the same moment, or it is being entered; load the page again.")
        )
    one.revision += 1
    for name, value in values.items():
        setattr(one, name, value)


@verb("biobank.match_import")
def match(one: Import, meanings: Sequence[str], options: Mapping[str, Any], *, by: Actor) -> None:
    """Say what each column means ("" for nothing) and what fills in for what the file does not say; it is remembered.

    InputError where a field is none, is given twice, or an option cannot be.
    """
    keeps(by)
    given = [field for field in meanings if field]
    twice = sorted({field for field in given if given.count(field) > 1} - matching.TOGETHER)
    if len(meanings) != len(one.headers) or set(given) - set(FIELDS):
        raise InputError(_("columns: choose for each column what it means, or nothing."))
    if twice:
        raise InputError(_("columns: two columns mean “{title}”.").format(title=_(FIELDS[twice[0]].title)))
    said = {name: one.options[name] for name in SAID if name in one.options}
    _moved_on(one, matching=list(meanings), options={**_options(options), **said})
    for header, field in zip(one.headers, meanings, strict=True):
        if header:
            Remembered.objects.update_or_create(
                collection_id=one.collection_id, header=folded(header)[:100], defaults={"field": field, "said": header}
            )
    record("biobank.match_import", "import", one.id, by=by, columns=len(given))


def _options(given: Mapping[str, Any]) -> dict[str, Any]:
    """Options as they are kept; InputError for one that cannot be."""
    material, unit, boxes = given.get("material") or "", given.get("unit") or "", given.get("boxes")
    if material and material not in MATERIALS:
        raise InputError(_("material: choose one from the list."))
    kept: dict[str, Any] = {"material": material, "unit": unit, "new_donors": bool(given.get("new_donors"))}
    if (given.get("dates") or "") not in DATES:
        raise InputError(_("dates: choose what stands first in a date."))
    kept["dates"] = given.get("dates") or ""
    if (given.get("numbers") or "") not in NUMBERS:
        raise InputError(_("numbers: choose what the sign in an amount stands for."))
    kept["numbers"] = given.get("numbers") or ""
    if boxes:
        sides = (boxes["rows"], boxes["columns"])
        if not all(isinstance(side, int) and 1 <= side <= MOST_SIDE for side in sides):
            raise InputError(_("boxes: say how many rows and columns a new box has."))
        if boxes.get("parent") and not Container.objects.filter(id=boxes["parent"], closed=None).exists():
            raise InputError(_("boxes: the place that new boxes go into is not there, or closed."))
        kept["boxes"] = {
            "rows": sides[0],
            "columns": sides[1],
            "labels": boxes.get("labels") or "A1",
            "parent": str(boxes["parent"]) if boxes.get("parent") else "",
        }
    return kept


@verb("biobank.sort_out_import")
def sort_out(one: Import, cause: str, what: str, *, by: Actor) -> None:
    """Say of rows that look like no specimen (`cause`) that they are left out ("out"), are kept back again ("back"), or
    are rows as any other ("rows").

    InputError for another cause, or what cannot be said of it.
    """
    keeps(by)
    if cause not in LEAVABLE or what not in ("out", "back", "rows") or (what == "rows" and cause != "note"):
        raise InputError(_("rows: choose what is to become of them."))
    out = set(one.options.get("out", ())) - {cause} | ({cause} if what == "out" else set())
    options = {**one.options, "out": sorted(out)}
    if cause == "note":
        options["notes_are_rows"] = what == "rows"
    _moved_on(one, options=options)
    record("biobank.sort_out_import", "import", one.id, by=by, cause=cause, becomes=what)


@verb("biobank.mend_import")
def mend(one: Import, cells: Mapping[tuple[int, int], str], *, by: Actor) -> int:
    """Correct cells, by line and column; how many. InputError for a cell that is not there."""
    keeps(by)
    lines = set(files.opened(bytes(one.table.content)).lines) if cells else set()
    mends = []
    for (line, place), text in cells.items():
        if line not in lines or not 0 <= place < len(one.headers):
            raise InputError(_("cell: the file has no such cell."))
        mends.append(["cell", line, place, _text(text)])
    _mend(one, mends)
    record("biobank.mend_import", "import", one.id, by=by, cells=len(mends))
    return len(mends)


@verb("biobank.replace_in_import")
def replace(one: Import, place: int, texts: Mapping[str, str], *, by: Actor) -> None:
    """Write other texts wherever a column has some, by the text before. InputError for a column that is not there."""
    keeps(by)
    if not 0 <= place < len(one.headers):
        raise InputError(_("cell: the file has no such cell."))
    _mend(one, [["all", place, _text(before), _text(text)] for before, text in texts.items()])
    record("biobank.replace_in_import", "import", one.id, by=by, column=place, texts=len(texts))


def _text(text: str) -> str:
    text = text.strip()
    if len(text) > files.LONGEST_CELL or "\x00" in text:
        raise InputError(_("cell: the text is too long, or cannot be kept."))
    return text


def _mend(one: Import, mends: Sequence[Sequence[Any]]) -> None:
    if len(one.mends) + len(mends) > MOST_MENDS:
        raise InputError(_("So much is better mended in the file itself; take the rest back and import it anew."))
    _moved_on(one, mends=[*one.mends, *mends])


def lacking(one: Import) -> list[str]:
    """The fields that every row needs, and that no column and no option gives."""
    return [name for name in NEEDED if name not in one.matching and not one.options.get(name)]


@verb("biobank.start_import")
def start(one: Import, good: int, *, by: Actor) -> None:
    """Let the good rows of an import be entered; `good` is how many somebody saw. `work` enters them.

    InputError where there are none, or nothing says what a label or a material is.
    """
    keeps(by)
    if lacking(one) or good < 1:
        raise InputError(_("There is no good row to enter."))
    now = timezone.now()
    _moved_on(
        one, status=Import.Status.RUNNING, going=one.done + good, began=now, moved=now, why="", by_id=uuid.UUID(by.id)
    )
    record(
        "biobank.start_import",
        "import",
        one.id,
        by=by,
        sha256=one.digest,
        rows=good,
        mended=len(one.mends),
        collection=str(one.collection_id),
    )


@verb("biobank.import_part")
def enter_part(
    one: Import, rows: Sequence[int], checked: Checked, known: Known, made: dict[str, uuid.UUID], *, by: Actor
) -> None:
    """Enter some good rows of an import that is running, with the donors and boxes that they need, all or none.

    `made` has the ids of what was made so far by label, and is added to. ElsewhereError where another process does it;
    InputError or BusyError where the inventory has changed since it was looked at.
    """
    keeps(by)
    held = Import.objects.filter(id=one.id, status=Import.Status.RUNNING, done=one.done)
    if held.update(done=F("done") + len(rows), moved=timezone.now()) != 1:
        raise ElsewhereError(_("Another process enters these rows."))
    values = checked.values
    donors, new_donors = _donors(rows, values)
    boxes, new_boxes = _boxes(one, rows, values, by)
    specimens, gone, maker = [], [], bulk.Maker(Specimen)
    ids: dict[str, uuid.UUID] = {}
    for row in rows:
        amount, label = values["amount"][row], values["label"][row]
        parent, box = values["parent"][row], values["box"][row]
        is_gone = amount == 0
        specimen = maker.make(
            {
                "label": label,
                "external": values["external"][row] or "",
                "collection_id": one.collection_id,
                "donor_id": donors.get(values["donor"][row]),
                "parent_id": _parent(parent, known, made, ids) if parent is not None else None,
                "kind": values["kind"][row],
                "material": values["material"][row],
                "tube": values["tube"][row] or "",
                "site": values["site"][row] or "",
                "diagnosis": values["diagnosis"][row] or "",
                "amount": values["first_amount"][row] if is_gone else amount,
                "first_amount": values["first_amount"][row],
                "unit": values["unit"][row],
                "concentration": values["concentration"][row] or "",
                "thaws": values["thaws"][row] or 0,
                "collected": values["collected"][row],
                "preanalytics": values["preanalytics"][row],
                "sprec": values["sprec"][row],
                "retained": values["retained"][row],
                "place": values["place"][row],
            }
        )
        if box is not None:
            specimen.box = boxes[box]
        ids[label] = specimen.id
        specimens.append(specimen)
        if is_gone:
            gone.append(specimen)
    detail = {"import": str(one.id)}
    custody.enter(specimens, Act.REGISTER, by=by, batch=one.id, detail=detail)
    if gone:
        custody.carry_out(
            [Change(each, Act.USE, values={"amount": 0}, detail=detail) for each in gone], by=by, batch=one.id
        )
    record("biobank.import_part", "import", one.id, by=by, specimens=len(rows), donors=new_donors, boxes=new_boxes)
    one.done += len(rows)
    made.update(ids)


def _parent(label: str, known: Known, made: Mapping[str, uuid.UUID], ids: Mapping[str, uuid.UUID]) -> uuid.UUID:
    return known.parents[label].id if label in known.parents else ids.get(label) or made[label]


def _donors(rows: Sequence[int], values: Mapping[str, Sequence[Any]]) -> tuple[dict[str, uuid.UUID], int]:
    """The donors of some rows by code, and how many of them were added."""
    wanted = {values["donor"][row]: row for row in rows if values["donor"][row] is not None}
    codes = sorted(wanted)
    found: dict[str, uuid.UUID] = {}
    for at in range(0, len(codes), 500):
        found.update(Donor.objects.filter(code__in=codes[at : at + 500]).values_list("code", "id"))
    maker = bulk.Maker(Donor)
    new = [
        maker.make({"code": code, "sex": values["sex"][row] or "", "birth_year": values["birth_year"][row]})
        for code, row in sorted(wanted.items())
        if code not in found
    ]
    bulk.create(new)
    return {**found, **{donor.code: donor.id for donor in new}}, len(new)


def _boxes(
    one: Import, rows: Sequence[int], values: Mapping[str, Sequence[Any]], by: Actor
) -> tuple[dict[Spot, Container], int]:
    """The boxes of some rows, and how many of them were added inside the place that the options name."""
    spots = list(dict.fromkeys(values["box"][row] for row in rows if values["box"][row] is not None))
    new = [spot for spot in spots if spot.container._state.adding]
    if new:
        into = one.options["boxes"]["parent"]
        parent = Container.objects.get(id=into) if into else None
        free = free_places(parent) if parent is not None and parent.positions is not None else None
        for number, spot in enumerate(new):
            box = spot.container
            if free is not None and number >= len(free):
                raise BusyError(_("There is no free position for one more box where new boxes go."))
            at = {"place": free[number]} if free is not None else {}
            size = {"rows": box.rows, "columns": box.columns, "labels": box.labels, "temperature": box.temperature}
            made = storing.add_container(box.name, "box", box.barcode, parent, by=by, **size, **at)
            box.id, box.path, box.parent, box.place = made.id, made.path, made.parent, made.place
            box._state.adding = False
    return {spot: spot.container for spot in spots}, len(new)


@verb("biobank.end_import")
def end(one: Import, rest: int, *, by: Actor, why: str = "") -> None:
    """Say that an import has entered what it could; `rest` rows are kept back, and `why` is why it stopped early."""
    status = Import.Status.REST if rest else Import.Status.DONE
    held = Import.objects.filter(id=one.id, status=Import.Status.RUNNING)
    if held.update(status=status, ended=timezone.now(), why=why[:500], revision=F("revision") + 1) != 1:
        raise ElsewhereError(_("Another process enters these rows."))
    if not rest:
        ImportTable.objects.filter(owner=one).delete()
    record("biobank.end_import", "import", one.id, by=by, entered=one.done, rest=rest)


@verb("biobank.stop_import")
def stop(one: Import, *, by: Actor) -> None:
    """Enter no more rows of an import that is running; the parts that are in stay, the others can be entered later."""
    keeps(by)
    held = Import.objects.filter(id=one.id, status=Import.Status.RUNNING)
    if held.update(status=Import.Status.REST, ended=timezone.now(), revision=F("revision") + 1) != 1:
        raise BusyError(_("This import is not being entered any more."))
    one.refresh_from_db(fields=["status", "done", "revision", "ended"])
    record("biobank.stop_import", "import", one.id, by=by, entered=one.done)


@verb("biobank.drop_import")
def drop(one: Import, *, by: Actor) -> None:
    """Put an import aside, and forget what its file held; what was entered stays."""
    keeps(by)
    ended = timezone.now()
    if one.status == Import.Status.READING:
        _read_once(one, status=Import.Status.DROPPED, ended=ended)
    else:
        status = Import.Status.DONE if one.done else Import.Status.DROPPED
        _moved_on(one, status=status, mends=[], ended=ended)
        ImportTable.objects.filter(owner=one).delete()
    record("biobank.drop_import", "import", one.id, by=by, entered=one.done)
