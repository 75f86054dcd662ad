"""What a check of an import found, small enough to be kept: a page of a million rows is shown without them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from dataclasses import field as attribute
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from wardbench.campus.biobank import places
from wardbench.campus.biobank.imports.checking import Checked, Group, Known, groups

GOOD_SHOWN = 10
MAPS_SHOWN = 6


@dataclass(frozen=True)
class First:
    """A row that can be entered, as it will be; `amount` in the smallest unit, `collected` in ISO 8601, "" for none."""

    label: str
    kind: str
    material: str
    donor: str
    amount: int | None
    unit: str
    collected: str
    where: str
    sprec: str = ""


@dataclass(frozen=True)
class Map:
    """A box as it will be filled: what its columns are called, and row by row a label and whether it is kept back."""

    name: str
    is_new: bool
    columns: Sequence[str]
    rows: Sequence[tuple[str, Sequence[tuple[str, bool]]]]


@dataclass(frozen=True)
class Report:
    """How many rows are good, were entered, are kept back and why; the first good ones and boxes.

    `faults` has a row (its place in the table), field and cause for each fault, in the order of rows.
    """

    good: int
    ours: int
    kept_back: int
    months_first: bool
    cold_lost: int
    new_donors: int
    new_boxes: int
    groups: Sequence[Group]
    first: Sequence[First]
    maps: Sequence[Map]
    more_maps: int
    faults: pa.Table
    thousands: str = ""
    left_out: Mapping[str, int] = attribute(default_factory=dict)
    unsure_dates: bool = False

    def rows(self, field: str = "", cause: str = "") -> list[int]:
        """The rows that have faults, or that fault alone."""
        found = self.faults
        if cause:
            found = found.filter((pc.field("field") == field) & (pc.field("cause") == cause))
        return sorted(set(found["row"].to_pylist()))

    def of(self, rows: Sequence[int]) -> dict[int, list[tuple[str, str]]]:
        """The field and cause of each fault of some rows."""
        found: dict[int, list[tuple[str, str]]] = {row: [] for row in rows}
        wanted = self.faults.filter(pc.field("row").isin(list(rows)))
        for row, field, cause in _each(wanted):
            found[row].append((field, cause))
        return found


def report(checked: Checked, known: Known, *, with_maps: bool) -> Report:
    """What there is to say of a check."""
    values = checked.values
    maps, count = _maps(checked) if with_maps else ([], 0)
    donors = {values["donor"][row] for row in checked.good} - {None, *known.donors}
    faults = pa.table(
        {
            "row": pa.array([fault.row for fault in checked.faults], pa.int32()),
            "field": pa.array([fault.field for fault in checked.faults], pa.string()),
            "cause": pa.array([fault.cause for fault in checked.faults], pa.string()),
        }
    )
    return Report(
        good=len(checked.good),
        ours=len(checked.ours),
        kept_back=len(checked.kept_back),
        months_first=checked.months_first,
        cold_lost=checked.cold_lost,
        new_donors=len(donors),
        new_boxes=len({id(values["box"][row]) for row in checked.good if _is_new(values["box"][row])}),
        groups=groups(checked.faults),
        first=[_first(checked, row) for row in checked.good[:GOOD_SHOWN]],
        maps=maps,
        more_maps=count - len(maps),
        faults=faults,
        thousands=checked.thousands,
        left_out=checked.left_out,
        unsure_dates=checked.unsure_dates,
    )


def packed(made: Report) -> bytes:
    """A report as it is kept."""
    notes = {name: value for name, value in vars(made).items() if name not in ("groups", "first", "maps", "faults")}
    notes |= {name: [asdict(one) for one in getattr(made, name)] for name in ("groups", "first", "maps")}
    faults = made.faults.replace_schema_metadata({"wardbench": json.dumps(notes)})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, faults.schema, options=pa.ipc.IpcWriteOptions(compression="zstd")) as writer:
        writer.write_table(faults)
    return bytes(sink.getvalue())


def unpacked(data: bytes) -> Report:
    """The report that `packed` was given."""
    faults = pa.ipc.open_stream(data).read_all()
    notes = json.loads(faults.schema.metadata[b"wardbench"])
    for one in notes["groups"]:
        one["texts"] = [(text, count) for text, count in one["texts"]]
    made = {"groups": Group, "first": First, "maps": Map}
    notes |= {name: [kind(**one) for one in notes[name]] for name, kind in made.items()}
    return Report(**notes, faults=faults)


def _each(faults: pa.Table) -> Iterator[tuple[int, str, str]]:
    return zip(*(faults[name].to_pylist() for name in ("row", "field", "cause")), strict=True)


def reasons(made: Report) -> Iterator[tuple[int, Sequence[tuple[str, str]]]]:
    """Each row that is kept back, in order, with the field and cause of its faults, each once."""
    held: dict[tuple[str, str], None] = {}
    before = -1
    for row, field, cause in _each(made.faults):
        if row != before and before >= 0:
            yield before, list(held)
            held = {}
        before = row
        held[field, cause] = None
    if before >= 0:
        yield before, list(held)


def _is_new(spot: Any) -> bool:
    return spot is not None and spot.id is None


def _first(checked: Checked, row: int) -> First:
    value = {name: cells[row] for name, cells in checked.values.items()}
    spot, where = value["box"], ""
    if spot is not None:
        position = places.label(spot.container, value["place"])
        where = f"{spot.name}: {position}" if position else spot.name
    return First(
        value["label"],
        str(value["kind"]),
        value["material"],
        value["donor"] or "",
        value["amount"],
        value["unit"],
        value["collected"].isoformat() if value["collected"] else "",
        where,
        value["sprec"],
    )


def _maps(checked: Checked) -> tuple[list[Map], int]:
    """The first boxes that rows go into, as maps, and how many there are."""
    of: dict[Any, dict[int, tuple[str, bool]]] = {}
    kept = checked.kept_back
    for row, spot in enumerate(checked.values["box"]):
        place = checked.values["place"][row]
        if spot is not None and place is not None:
            of.setdefault(spot, {})[place] = (checked.values["label"][row] or "?", row in kept)
    found = []
    for spot, held in list(of.items())[:MAPS_SHOWN]:
        box = spot.container
        high, wide = box.rows or 0, box.columns or 0
        rows = [
            (places.letters(row), [held.get(row * wide + column, ("", False)) for column in range(wide)])
            for row in range(high)
        ]
        found.append(Map(spot.name, _is_new(spot), [str(column + 1) for column in range(wide)], rows))
    return found, len(of)
