"""What the inventory holds of what a file names, in few questions whatever the file's size."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from django.utils import timezone

from wardbench.campus.biobank.imports.checking import Checked, Filling, Known, Parent, check
from wardbench.campus.biobank.imports.files import Table, unpacked
from wardbench.campus.biobank.imports.matching import by_field, mended
from wardbench.campus.biobank.imports.spots import NewBoxes, Spots
from wardbench.campus.biobank.models import Container, CustodyEvent, Donor, Import, Specimen
from wardbench.campus.biobank.places import temperatures

CHUNK = 900
"""Values that one question names; SQLite of any age takes a thousand."""


def looked_at(one: Import, table: Table | None = None) -> tuple[Table, list[list[str]], Checked, Known]:
    """The table of an import, its columns as they were mended, what is wrong with its rows, and what that goes by."""
    table = table or unpacked(bytes(one.table.content))
    columns = mended(table, one.mends)
    fields = by_field(columns, one.matching)
    known = known_to(one, table, fields)
    given = one.options
    filling = Filling(
        given.get("material", ""),
        given.get("unit", ""),
        bool(given.get("new_donors")),
        given.get("dates", ""),
        frozenset(given.get("out", ())),
        bool(given.get("notes_are_rows")),
        "decimals" if table.kind == "fhir" else given.get("numbers", ""),
    )
    return table, columns, check(fields, len(table.rows), known, filling, _notes(one, table)), known


def _notes(one: Import, table: Table) -> dict[int, str]:
    """What looks like no specimen, by row; not where a cell of it was mended."""
    mended_lines = {mend[1] for mend in one.mends if mend[0] == "cell"}
    return {
        place: next(filter(None, table.rows[place]), "")
        for place in table.notes
        if table.lines[place] not in mended_lines
    }


def known_to(one: Import, table: Table, fields: Mapping[str, Sequence[str]]) -> Known:
    """What the inventory holds of what `fields` name."""
    labels = set(fields.get("label", ())) - {""}
    parents = set(fields.get("parent", ())) - {""}
    codes = set(fields.get("donor", ())) - {""}
    kept = {
        row["label"]: Parent(
            row["id"],
            row["collection_id"],
            row["donor__code"] or "",
            row["material"],
            row["collected"],
            row["retained"],
            row["thaws"],
        )
        for row in _each(
            Specimen.objects.values(
                "id", "label", "collection_id", "donor__code", "material", "collected", "retained", "thaws"
            ).order_by(),
            "label",
            parents,
        )
    }
    named = set(fields.get("box", ())) - {""}
    spots = Spots(Container.objects.all(), new_boxes(one, _sizes(one, table, fields))) if named else Spots()
    boxes = {found.id for text in sorted(named) if not isinstance(found := spots.find(text), str) and found.id}
    return Known(
        collection=one.collection_id,
        now=timezone.now(),
        zone=timezone.get_current_timezone(),
        labels={row["label"] for row in _each(Specimen.objects.values("label").order_by(), "label", labels)},
        ours=frozenset(entered(one)),
        parents=kept,
        donors={
            row["code"]: (row["sex"], row["birth_year"])
            for row in _each(Donor.objects.values("code", "sex", "birth_year").order_by(), "code", codes)
        },
        spots=spots,
        taken={
            (row["box_id"], row["place"])
            for row in _each(Specimen.objects.values("box_id", "place").exclude(place=None).order_by(), "box", boxes)
        },
        cold=temperatures() if "temperature" in fields else {},
    )


def entered(one: Import) -> Iterator[str]:
    """The labels that an import has entered so far."""
    if not one.done:
        return iter(())
    events = CustodyEvent.objects.filter(batch=one.id, number=1).order_by()
    return events.values_list("specimen__label", flat=True).iterator(chunk_size=10_000)


def _sizes(one: Import, table: Table, fields: Mapping[str, Sequence[str]]) -> dict[str, tuple[int, int, str]]:
    """How large a file says that each box is, by what the box is called after what was mended."""
    if not table.sizes or "box" not in one.matching:
        return {}
    place = one.matching.index("box")
    pairs = {(row[place], now) for row, now in zip(table.rows, fields["box"], strict=True)}
    return {now: table.sizes[before] for before, now in sorted(pairs) if before in table.sizes}


def new_boxes(one: Import, sizes: Mapping[str, tuple[int, int, str]]) -> NewBoxes | None:
    """How boxes that are not there yet are to be added, where somebody said that they are."""
    given = one.options.get("boxes")
    if not given:
        return None
    parent = Container.objects.filter(id=given["parent"]).first() if given.get("parent") else None
    free = None
    if parent is not None and parent.positions is not None:
        free = len(free_places(parent))
    return NewBoxes(given["rows"], given["columns"], given["labels"], parent, sizes, free)


def free_places(parent: Container) -> list[int]:
    """The free positions of a container for containers."""
    taken = set(Container.objects.filter(parent=parent).values_list("place", flat=True))
    return [place for place in range(parent.positions or 0) if place not in taken]


def _each(rows: Any, name: str, values: Iterable[str] | Iterable[uuid.UUID | None]) -> Iterator[dict[str, Any]]:
    listed = list(values)
    for at in range(0, len(listed), CHUNK):
        yield from rows.filter(**{f"{name}__in": listed[at : at + CHUNK]})
