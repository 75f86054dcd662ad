"""Every fault of every row, before anything is written: column by column, each text looked at once, then what rows have
to do with one another. It asks the inventory nothing; `Known` is what it needs of it.
"""

from __future__ import annotations

import datetime
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from wardbench.campus.biobank import places
from wardbench.campus.biobank.amounts import UNITS
from wardbench.campus.biobank.fitting import fits
from wardbench.campus.biobank.imports import handled, parsing
from wardbench.campus.biobank.imports.fields import FIELDS, HANDLED
from wardbench.campus.biobank.imports.parsing import WrongError
from wardbench.campus.biobank.imports.spots import Spot, Spots
from wardbench.campus.biobank.models import Specimen
from wardbench.campus.biobank.rules import tells_who
from wardbench.campus.people.names import is_unseen
from wardbench.core.errors import InputError

CLASS_UNITS = {"fluid": "ml", "tissue": "g", "cell": "cells", "molecular": "µg"}
"""OpenSpecimen has a unit for each class of specimens, and does not write it."""
COUNTED = {"slide": "slides", "block": "blocks"}
"""What it counts of a class of which it weighs the others, by the last word of the type."""
MOMENTS = ("collected", "spun", "frozen")
COLDEST = frozenset({"below-135", "LNvapour", "LNliquid"})
"""Temperatures that FHIR has one code for, so that one of them agrees with another."""
_PLAIN = ("label", "parent", "external", "donor", "concentration", "tube", "diagnosis")


class Fault(NamedTuple):
    """What is wrong with a row (by its place in the table), in which field, why, and what stands there."""

    row: int
    field: str
    cause: str
    said: str


@dataclass(frozen=True)
class Parent:
    """What there is in the inventory that something was made of."""

    id: uuid.UUID
    collection: uuid.UUID
    donor: str
    material: str
    collected: datetime.datetime | None
    retained: bool
    thaws: int = 0


@dataclass(frozen=True)
class Known:
    """What the inventory holds of what a file names. `ours` are labels that this very import has entered.

    `donors` have the sex and year of birth by code, `cold` the temperature of each place.
    """

    collection: uuid.UUID
    now: datetime.datetime
    zone: datetime.tzinfo
    labels: Set[str] = frozenset()
    ours: Set[str] = frozenset()
    parents: Mapping[str, Parent] = field(default_factory=dict)
    donors: Mapping[str, tuple[str, int | None]] = field(default_factory=dict)
    spots: Spots = field(default_factory=Spots)
    taken: Set[tuple[uuid.UUID, int]] = frozenset()
    cold: Mapping[uuid.UUID, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Filling:
    """What fills in for what the file does not say: a material, a unit; whether donors that are new are added.

    `dates` is "day" or "month" where somebody said what stands first in a date, `numbers` "decimals" or "thousands"
    where somebody said what the sign in 1.250 stands before or between. `out` are causes whose rows are left out;
    `notes_are_rows` says that what looks like no specimen is one.
    """

    material: str = ""
    unit: str = ""
    new_donors: bool = False
    dates: str = ""
    out: frozenset[str] = frozenset()
    notes_are_rows: bool = False
    numbers: str = ""


@dataclass(frozen=True)
class Checked:
    """What came of a check. `values` has for each field a value or None for every row; `good` the rows that can be
    entered, what others are made of first; `ours` those that were entered already."""

    values: Mapping[str, Sequence[Any]]
    good: Sequence[int]
    faults: Sequence[Fault]
    ours: Sequence[int]
    months_first: bool = False
    cold_lost: int = 0
    """Rows whose storage temperature is kept nowhere."""
    thousands: str = ""
    """The sign that was read as standing between thousands."""
    left_out: Mapping[str, int] = field(default_factory=dict)
    """How many rows are left out as somebody said, by cause."""
    unsure_dates: bool = False
    """Whether dates could be read with the day or with the month first, and nothing tells which."""

    @property
    def kept_back(self) -> set[int]:
        return {fault.row for fault in self.faults}


def check(
    columns: Mapping[str, Sequence[str]],
    count: int,
    known: Known,
    filling: Filling,
    notes: Mapping[int, str] | None = None,
) -> Checked:
    """Check `count` rows, given as a text for each row by field; `notes` are those that look like no specimen, with
    what stands there."""
    return _Check(columns, count, known, filling, {} if filling.notes_are_rows else notes or {}).result()


class _Check:
    def __init__(
        self,
        columns: Mapping[str, Sequence[str]],
        count: int,
        known: Known,
        filling: Filling,
        notes: Mapping[int, str],
    ) -> None:
        self.columns, self.count, self.known, self.filling = _without(columns, notes), count, known, filling
        self.notes = notes
        self.faults: list[Fault] = []
        self.bad = bytearray(count)
        self.values: dict[str, list[Any]] = {}
        columns = self.columns
        self.months, self.unsure = _months_first(columns, filling.dates)
        amounts = {text for name in ("amount", "first_amount") for text in columns.get(name, ())}
        self.thousands = "" if filling.numbers else parsing.thousands(amounts)
        self.between = ".," if filling.numbers == "thousands" else self.thousands
        self.unsure_amounts = not filling.numbers and parsing.are_unsure(amounts)
        self.cold_lost = 0

    def result(self) -> Checked:
        self._cells()
        self._labels()
        self._amounts()
        self._kinds()
        self._donors()
        self._positions()
        order = self._families()
        self._fits()
        self._handled(order)
        self._wait_for_parents(order)
        for name, at in (("sex", 0), ("birth_year", 1)):
            self.values[name] = [self.told[code][at] if code in self.told else None for code in self.values["donor"]]
        good = [row for row in order if not self.bad[row] and not self.entered[row]]
        ours = [row for row in range(self.count) if self.entered[row]]
        faults, left_out = self._leave_out()
        return Checked(
            self.values, good, faults, ours, any(self.months.values()), self.cold_lost, self.thousands, left_out,
            self.unsure,
        )  # fmt: skip

    def _leave_out(self) -> tuple[list[Fault], dict[str, int]]:
        """The faults in the order of rows, without those of rows that are left out; how many these are by cause."""
        faults = [one for one in self.faults if not self.entered[one.row] and one.row not in self.notes]
        faults += [Fault(row, "label", "note", said[:60]) for row, said in self.notes.items()]
        faults.sort(key=lambda fault: fault.row)
        if not self.filling.out:
            return faults, {}
        gone = {one.row: one.cause for one in faults if one.cause in self.filling.out}
        return [one for one in faults if one.row not in gone], dict(Counter(gone.values()))

    def fault(self, row: int, name: str, cause: str, said: str = "") -> None:
        self.bad[row] = 1
        self.faults.append(Fault(row, name, cause, said[:60]))

    def _cells(self) -> None:
        now, zone = self.known.now, self.known.zone
        parsers: dict[str, Callable[[str], Any]] = {
            **dict.fromkeys(_PLAIN, parsing.name),
            "site": parsing.site,
            "material": parsing.material,
            "kind": parsing.kind,
            "sex": parsing.sex,
            "birth_year": lambda text: parsing.year(text, now.year),
            "status": parsing.status,
            "unit": parsing.unit,
            "class": lambda text: CLASS_UNITS.get(text.casefold(), ""),
            **dict.fromkeys(
                ("amount", "first_amount"),
                lambda text: parsing.amount(text, self.between, unsure=self.unsure_amounts),
            ),
            "thaws": parsing.whole,
            "collected": lambda text: parsing.moment(text, zone, now, months=self.months["collected"]),
            **handled.parsers(zone, now, self.months),
            "temperature": parsing.temperature,
            "box": str,
            "position": str,
            "row": str,
            "column": str,
        }
        for name, parse in parsers.items():
            self.values[name] = self._column(name, parse)

    def _column(self, name: str, parse: Callable[[str], Any]) -> list[Any]:
        """What the cells of a column mean; each text is looked at once."""
        cells = self.columns.get(name)
        if cells is None:
            return [None] * self.count
        meant: dict[str, Any] = {"": None}
        wrong: dict[str, str] = {}
        for text in set(cells) - {""}:
            try:
                if len(text) > FIELDS[name].longest:
                    raise WrongError("long")
                if not text.isprintable() or any(map(is_unseen, text)):
                    raise WrongError("unseen")
                meant[text] = parse(text)
            except WrongError as fault:
                meant[text] = None
                wrong[text] = fault.cause
        if wrong:
            for row, text in enumerate(cells):
                if text in wrong:
                    self.fault(row, name, wrong[text], text)
        return [meant[text] for text in cells]

    def _labels(self) -> None:
        labels = self.values["label"]
        first: dict[str, int] = {}
        self.entered = bytearray(self.count)
        said = self.columns.get("label", [""] * self.count)
        for row, label in enumerate(labels):
            if label is None:
                if not said[row]:
                    self.fault(row, "label", "empty")
                continue
            earlier = first.setdefault(label, row)
            if earlier != row:
                self.fault(row, "label", "twice", label)
                if not self._same(row, earlier) and label not in self.known.ours:
                    self.fault(earlier, "label", "twice", label)
            elif label in self.known.ours:
                self.entered[row] = 1
            elif label in self.known.labels:
                self.fault(row, "label", "there", label)
        self.at = first

    def _same(self, row: int, other: int) -> bool:
        return all(cells[row] == cells[other] for cells in self.columns.values())

    def _amounts(self) -> None:
        values, units = self.values, []
        cache: dict[tuple[Any, str], Any] = {}
        for row in range(self.count):
            left, first = values["amount"][row], values["first_amount"][row]
            unit = values["unit"][row] or ""
            unit = unit or next((one[1] for one in (left, first) if one and one[1]), "")
            unit = unit or self._class_unit(row) or (self.filling.unit if left or first else "")
            sizes: list[int | None] = []
            for name, given in (("amount", left), ("first_amount", first)):
                if given is None:
                    sizes.append(None)
                    continue
                if not unit and given[0] == 0:
                    sizes.append(0)
                    continue
                if not unit:
                    if not values["unit"][row] and not self.columns.get("unit", [""] * self.count)[row]:
                        self.fault(row, name, "no_unit", self.columns[name][row])
                    sizes.append(None)
                    continue
                key = (given[0], given[1] or unit)
                if key not in cache:
                    try:
                        cache[key] = parsing.smallest(*key)
                    except WrongError as wrong:
                        cache[key] = wrong
                if isinstance(cache[key], WrongError):
                    self.fault(row, name, cache[key].cause, self.columns[name][row])
                    sizes.append(None)
                elif given[1] and UNITS[given[1]].dimension is not UNITS[unit].dimension:
                    self.fault(row, name, "unit", self.columns[name][row])
                    sizes.append(None)
                else:
                    sizes.append(cache[key])
            now, begun = sizes
            if now is not None and begun is not None and now > begun:
                self.fault(row, "amount", "more", self.columns["amount"][row])
            if now is None and begun is not None and left is None:
                now = begun
            if values["status"][row] == "gone":
                now = 0
            values["amount"][row], values["first_amount"][row] = now, begun
            units.append(unit)
        values["unit"] = units

    def _class_unit(self, row: int) -> str:
        """The unit of OpenSpecimen's class of a row; of blocks and slides it counts how many."""
        unit = self.values["class"][row] or ""
        if unit in ("g", "cells") and "material" in self.columns:
            last = self.columns["material"][row].rpartition(" ")[2].casefold()
            return COUNTED.get(last, unit)
        return str(unit)

    def _fits(self) -> None:
        """Whether amounts are of a unit in which their material is measured."""
        values, fields = self.values, ("amount", "first_amount", "unit")
        faulty = {fault.row for fault in self.faults if fault.field in fields}
        for row, (material, unit) in enumerate(zip(values["material"], values["unit"], strict=True)):
            if material is None or row in faulty or fits(material, unit):
                continue
            for name in fields:
                said = self.columns.get(name, ())
                if said and said[row]:
                    self.fault(row, name, "unit_material", said[row])
                    break

    def _kinds(self) -> None:
        values, said = self.values, self.columns.get("material")
        for row in range(self.count):
            if values["material"][row] is None and (said is None or not said[row]):
                values["material"][row] = self.filling.material or None
            kind, parent = values["kind"][row], values["parent"][row]
            if kind == Specimen.Kind.PRIMARY and parent is not None:
                self.fault(row, "kind", "kind_parent", parent)

    def _donors(self) -> None:
        values = self.values
        told: dict[str, tuple[str | None, int | None]] = {
            code: (sex or None, born) for code, (sex, born) in self.known.donors.items()
        }
        for row, code in enumerate(values["donor"]):
            if code is None:
                continue
            if code not in self.known.donors and not self.filling.new_donors:
                self.fault(row, "donor", "donor", code)
                continue
            if code not in told and tells_who(code):
                self.fault(row, "donor", "donor_told", code)
                continue
            given = (values["sex"][row], values["birth_year"][row])
            before = told.get(code, (None, None))
            if any(a is not None and b is not None and a != b for a, b in zip(given, before, strict=True)):
                self.fault(row, "donor", "donor_differs", code)
                continue
            told[code] = (before[0] or given[0], before[1] or given[1])
            taken = values["collected"][row]
            if taken is not None and told[code][1] is not None and taken.year < (told[code][1] or 0):
                self.fault(row, "collected", "ancient", self.columns["collected"][row])
        self.told = told

    def _positions(self) -> None:
        values = self.values
        boxes: list[Spot | None] = []
        spots: list[int | None] = []
        numbers: dict[tuple[int, str], int] = {}
        first: dict[tuple[int, int], int] = {}
        for row in range(self.count):
            box, place = self._spot(row, numbers)
            if values["temperature"][row] is not None and not self.entered[row]:
                self._temperature(row, box, values["temperature"][row])
            boxes.append(box)
            spots.append(place)
            if box is None or place is None or self.entered[row]:
                continue
            if box.id is not None and (box.id, place) in self.known.taken:
                self.fault(row, "position", "taken", f"{box.name}: {places.label(box.container, place)}")
                continue
            earlier = first.setdefault((id(box), place), row)
            if earlier != row:
                for one in (earlier, row):
                    self.fault(one, "position", "both", f"{box.name}: {places.label(box.container, place)}")
        values["box"], values["place"] = boxes, spots

    def _temperature(self, row: int, box: Spot | None, said: str) -> None:
        """The storage temperature of a row: it is that of its box, which gets it where it is new."""
        own = box.container.temperature if box is not None else ""
        if box is not None and box.id is None:
            own = own or said
            box.container.temperature = own
            cause = "temperature_both"
        else:
            own = self.known.cold.get(box.id, "") if box is not None and box.id is not None else ""
            cause = "temperature_other"
        if not own:
            self.cold_lost += 1
        elif own != said and not {own, said} <= COLDEST:
            self.fault(row, "temperature", cause, self.columns["temperature"][row])

    def _handled(self, order: Sequence[int]) -> None:
        """How each specimen was handled; an aliquot of which nothing is said, as what it was made of."""
        values = self.values
        noted: list[dict[str, Any]] = [{} for _row in range(self.count)]
        codes = [""] * self.count
        values["preanalytics"], values["sprec"] = noted, codes
        if not any(name in self.columns for name in HANDLED):
            return
        sprec = handled.Codes(self.known.zone)
        for row in order:
            if self.bad[row]:
                continue
            try:
                noted[row] = handled.facts({name: values[name][row] for name in HANDLED})
                above = self.at.get(values["parent"][row])
                is_aliquot = values["kind"][row] == Specimen.Kind.ALIQUOT
                if not noted[row] and is_aliquot and above is not None and not self.bad[above]:
                    noted[row] = noted[above]
                    values["tube"][row] = values["tube"][row] or values["tube"][above]
                if noted[row]:
                    tube, taken = values["tube"][row] or "", values["collected"][row]
                    codes[row] = sprec.of(noted[row], values["material"][row], tube, taken)
            except WrongError as fault:
                self.fault(row, "g", fault.cause)
            except handled.FaultyError as fault:
                said = self.columns.get(fault.field, [""] * self.count)[row]
                self.fault(row, fault.field, fault.cause, said)

    def _spot(self, row: int, numbers: dict[tuple[int, str], int]) -> tuple[Spot | None, int | None]:
        """The box and position of a row; whatever is wrong with them is a fault."""
        values = self.values
        text, position = values["box"][row], values["position"][row]
        if values["row"][row] is not None and values["column"][row] is not None:
            # How another system counts positions is not known, what it calls rows and columns is.
            position = parsing.cell_of(values["row"][row], values["column"][row])
        if text is None:
            if position is not None:
                self.fault(row, "box", "no_box", position)
            return None, None
        if values["amount"][row] == 0 or values["status"][row] == "gone":
            self.fault(row, "box", "gone_place", text)
            return None, None
        found = self.known.spots.find(text)
        if isinstance(found, str):
            self.fault(row, "box", found, text)
            return None, None
        box = found.container
        if box.closed is not None:
            self.fault(row, "box", "box_closed", text)
        elif box.materials and values["material"][row] and values["material"][row] not in box.materials:
            self.fault(row, "box", "box_material", text)
        if position is None:
            if box.positions is not None:
                self.fault(row, "position", "no_position", text)
            return found, None
        if box.positions is None:
            self.fault(row, "position", "position", f"{text}: {position}")
            return None, None
        key = (id(found), position)
        if key not in numbers:
            try:
                numbers[key] = places.place_of(box, position)
            except InputError:
                numbers[key] = -1
        if numbers[key] < 0:
            self.fault(row, "position", "position", f"{text}: {position}")
            return None, None
        return found, numbers[key]

    def _families(self) -> Sequence[int]:
        """What a row takes from what it was made of; the rows in an order in which that comes first."""
        values = self.values
        parents = values["parent"]
        depth: list[int] = [0 if parent is None else -1 for parent in parents]
        for row in range(self.count):
            self._descend(row, depth)
        order = sorted(range(self.count), key=depth.__getitem__)
        values["retained"] = [False] * self.count
        for row in order:
            if parents[row] is not None:
                self._inherit(row, parents[row])
            elif values["kind"][row] is None:
                values["kind"][row] = Specimen.Kind.PRIMARY.value
            if values["material"][row] is None and not self.bad[row]:
                self.fault(row, "material", "empty")
        return order

    def _wait_for_parents(self, order: Sequence[int]) -> None:
        """A fault of a parent keeps back its children, and a fault of theirs keeps back nobody else."""
        parents = self.values["parent"]
        for row in order:
            if parents[row] is not None and not self.bad[row] and not self.entered[row]:
                above = self.at.get(parents[row])
                if above is not None and self.bad[above] and not self.entered[above] and not self._kept(parents[row]):
                    self.fault(row, "parent", "parent_fault", parents[row])

    def _kept(self, label: str) -> bool:
        """Whether the inventory has it, whatever the file says."""
        return label in self.known.parents

    def _descend(self, row: int, depth: list[int]) -> None:
        """Work out how deep a row lies below what was taken from a donor."""
        way: dict[int, int] = {}
        at: int | None = row
        while at is not None and depth[at] < 0:
            if at in way:
                for one in list(way)[way[at] :]:
                    self.fault(one, "parent", "parent_loop", self.values["parent"][one])
                    depth[one] = 0
                break
            way[at] = len(way)
            at = self.at.get(self.values["parent"][at])
        base = depth[at] if at is not None and depth[at] >= 0 else 0
        for step, one in enumerate(reversed(list(way)), 1):
            if depth[one] < 0:
                depth[one] = base + step

    def _inherit(self, row: int, label: str) -> None:
        values = self.values
        above = self.at.get(label)
        if label in self.known.parents:
            kept = self.known.parents[label]
            if kept.collection != self.known.collection:
                self.fault(row, "parent", "parent_collection", label)
            donor, material, taken = kept.donor or None, kept.material, kept.collected
            retained, thaws = kept.retained, kept.thaws
        elif above is not None and above != row:
            donor, material, taken = (values[name][above] for name in ("donor", "material", "collected"))
            retained, thaws = values["retained"][above], values["thaws"][above]
        else:
            if above is None:
                self.fault(row, "parent", "parent", label)
            return
        if values["donor"][row] is None:
            values["donor"][row] = donor
        elif values["donor"][row] != donor and (donor is not None or above is None or not self.bad[above]):
            # What was made of a pool has no donor of its own either: their consent would stand for everybody's.
            self.fault(row, "parent", "parent_donor", label)
        if values["collected"][row] is None and not self.columns.get("collected", [""] * self.count)[row]:
            values["collected"][row] = taken
        values["retained"][row] = retained
        if values["thaws"][row] is None and not self.columns.get("thaws", [""] * self.count)[row]:
            values["thaws"][row] = thaws
        kind, own = values["kind"][row], values["material"][row]
        if own is None and kind != Specimen.Kind.DERIVATIVE:
            own = values["material"][row] = material
        if kind is None:
            same = own == material
            values["kind"][row] = (Specimen.Kind.ALIQUOT if same else Specimen.Kind.DERIVATIVE).value
        elif kind == Specimen.Kind.ALIQUOT and material is not None and own is not None and own != material:
            self.fault(row, "kind", "kind_material", label)


def _without(columns: Mapping[str, Sequence[str]], notes: Mapping[int, str]) -> Mapping[str, Sequence[str]]:
    """Columns in which nothing stands in some rows."""
    if not notes:
        return columns
    return {name: ["" if row in notes else cell for row, cell in enumerate(cells)] for name, cells in columns.items()}


def _months_first(columns: Mapping[str, Sequence[str]], said: str) -> tuple[dict[str, bool], bool]:
    """In which columns the month stands first, and whether nothing tells. A column that does not tell is read as the
    others are."""
    if said:
        return dict.fromkeys(MOMENTS, said == "month"), False
    orders = {name: parsing.dates_order(set(columns.get(name, ()))) for name in MOMENTS}
    told = {order for order in orders.values() if order in ("day", "month")}
    month = told == {"month"}
    unsure = not told and "" in orders.values()
    return {name: order == "month" or (month and order == "") for name, order in orders.items()}, unsure


@dataclass(frozen=True)
class Group:
    """Rows that are kept back for one reason: in which field, why, how many, and what stands there how often."""

    field: str
    cause: str
    rows: int
    texts: Sequence[tuple[str, int]]
    more: int


def groups(faults: Iterable[Fault], most: int = 12) -> list[Group]:
    """Faults by field and cause, what concerns most rows first."""
    rows: dict[tuple[str, str], set[int]] = {}
    texts: dict[tuple[str, str], Counter[str]] = {}
    for fault in faults:
        key = (fault.field, fault.cause)
        rows.setdefault(key, set()).add(fault.row)
        texts.setdefault(key, Counter())[fault.said] += 1
    found = [
        Group(
            name,
            cause,
            len(held),
            [one for one in texts[name, cause].most_common(most) if one[0]],
            max(0, len(texts[name, cause]) - most),
        )
        for (name, cause), held in rows.items()
    ]
    return sorted(found, key=lambda one: (-one.rows, one.field, one.cause))
