"""What the hospital writes down for a block of persons: columns by table, put in each person's order at the end.

A *row* is a person's place in the block, a *visit* the place of a visit in the order it was added. Both are private to
a block; the identifiers that leave it depend on the person and on the order of that person's own records alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from wardbench.synthetic.chance import Ints
from wardbench.synthetic.institutions import FIRST_OF_WARD, WARDS

NEVER = 1_000_000
"""A day that does not come."""

AMBULATORY, EMERGENCY, INPATIENT = range(3)

RECORDS_PER_PERSON = 1 << 14
KINDS = 16

_TABLES: Mapping[str, Mapping[str, float | int]] = {
    "visit": {"kind": AMBULATORY, "code": -1, "length": 0, "minutes": 20, "practitioner": 0, "died": 0},
    "condition": {"code": -1, "end": NEVER, "chronic": 0},
    "drug": {"code": -1, "supply": 0, "quantity": np.nan, "administered": 0},
    "measurement": {"code": -1, "value": np.nan, "answer": -1},
    "pressure": {"value": np.nan, "diastolic": np.nan},
    "smoking": {"answer": -1},
    "procedure": {"code": -1},
    "immunization": {"code": -1},
    "allergy": {"code": -1},
    "specimen": {"code": -1, "quantity": np.nan, "from_colon": 0, "delay": 60},
}
TABLES = tuple(_TABLES)

Columns = dict[str, npt.NDArray[Any]]


class Records:
    """The events of a block, added in any order.

    Every table has `row`, `day` (days since 1970), `minute` (of the day), `visit`, and its own columns.
    """

    def __init__(self) -> None:
        self._parts: dict[str, list[Columns]] = {name: [] for name in _TABLES}
        self._visits = 0

    def visit(
        self,
        row: Ints,
        day: Ints,
        *,
        person: Ints,
        kind: int,
        code: int,
        ward: int,
        length: Ints | int = 0,
        died: Ints | int = 0,
        practitioner: Ints | None = None,
    ) -> Ints:
        """Add visits of `kind`, `length` days long, at a ward; the numbers by which events name them.

        `person` are the numbers of the persons, from which the hour and, unless given, the practitioner follow.
        """
        mixed = person * 7919 + day * 104729
        minute = 8 * 60 + mixed % 540 if kind == AMBULATORY else mixed % 1440
        if practitioner is None:
            practitioner = FIRST_OF_WARD[ward] + mixed // 31 % WARDS[ward].practitioners
        minutes = (20, 180, 24 * 60)[kind]
        self._append(
            "visit",
            len(row),
            {
                "row": row,
                "day": day,
                "minute": minute,
                "visit": np.arange(self._visits, self._visits + len(row)),
                "kind": kind,
                "code": code,
                "length": length,
                "minutes": minutes,
                "practitioner": practitioner,
                "died": died,
            },
        )
        self._visits += len(row)
        return np.arange(self._visits - len(row), self._visits)

    def add(self, table: str, row: Ints, day: Ints, visit: Ints | int, **columns: npt.ArrayLike) -> None:
        """Add events of visits; a column that is not given has its default."""
        self._append(table, len(row), {"row": row, "day": day, "visit": visit, **columns})

    def finish(self, first_person: int) -> dict[str, Columns]:
        """The tables, in the order of persons, days, and what was added first, with `id` and the visits' own ids.

        An id is unique over all tables. Events take the hour of their visit, some minutes later for each.
        """
        visits = self._ordered("visit", first_person)
        ids = np.empty(self._visits, dtype=np.int64)
        minutes = np.empty(self._visits, dtype=np.int64)
        practitioners = np.empty(self._visits, dtype=np.int64)
        ids[visits["visit"]] = visits["id"]
        minutes[visits["visit"]] = visits["minute"]
        practitioners[visits["visit"]] = visits["practitioner"]
        visits["visit"] = visits["id"]
        tables = {"visit": visits}
        for name in TABLES[1:]:
            columns = self._ordered(name, first_person)
            columns["minute"] = np.minimum(minutes[columns["visit"]] + 5, 1439)
            columns["practitioner"] = practitioners[columns["visit"]]
            columns["visit"] = ids[columns["visit"]]
            tables[name] = columns
        return tables

    def _append(self, table: str, length: int, given: Mapping[str, npt.ArrayLike]) -> None:
        if not length:
            return
        columns = {}
        for name, default in {"row": 0, "day": 0, "minute": 0, "visit": -1, **_TABLES[table]}.items():
            kind = np.float64 if isinstance(default, float) else np.int64
            columns[name] = np.broadcast_to(np.asarray(given.get(name, default), dtype=kind), (length,))
        if unknown := set(given) - set(columns):
            raise ValueError(f"{table} has no column {sorted(unknown)}")
        self._parts[table].append(columns)

    def _ordered(self, table: str, first_person: int) -> Columns:
        parts = self._parts[table]
        names = {"row": 0, "day": 0, "minute": 0, "visit": -1, **_TABLES[table]}
        if not parts:
            empty = {n: np.empty(0, np.float64 if isinstance(d, float) else np.int64) for n, d in names.items()}
            return {**empty, "id": np.empty(0, np.int64), "person": np.empty(0, np.int64)}
        columns = {name: np.concatenate([part[name] for part in parts]) for name in names}
        order = np.argsort(columns["row"] * (1 << 20) + columns["day"], kind="stable")
        columns = {name: values[order] for name, values in columns.items()}
        row = columns["row"]
        starts = np.flatnonzero(np.diff(row, prepend=-1))
        ordinal = np.arange(len(row)) - np.repeat(starts, np.diff(starts, append=len(row)))
        columns["person"] = row + first_person + 1
        columns["id"] = (columns["person"] * RECORDS_PER_PERSON + ordinal) * KINDS + TABLES.index(table)
        return columns
