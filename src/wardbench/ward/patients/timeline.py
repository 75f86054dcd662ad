"""What happened to a patient, in lanes over time, and which of it made them part of a cohort."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from wardbench.core.store import Snapshot
from wardbench.ward.cohorts.definition import Definition
from wardbench.ward.cohorts.lower import lower
from wardbench.ward.cohorts.plan import concept_sets
from wardbench.ward.cohorts.records import RECORD_TABLES
from wardbench.ward.cohorts.reference import Qualifying, qualifying
from wardbench.ward.patients.reading import Rows, person_rows

LANES: Mapping[str, str] = {
    "visit_occurrence": "visits",
    "condition_occurrence": "diagnoses",
    "drug_exposure": "drugs",
    "procedure_occurrence": "procedures",
    "measurement": "measurements",
    "observation": "observations",
    "device_exposure": "devices",
    "specimen": "samples",
    "death": "death",
}
"""The tables whose rows are shown, and the lane of each, from top to bottom."""


@dataclass(frozen=True)
class TimedEvent:
    """One row of the record. `day` counts from the timeline's day 0; `end_day` is None for what has one day only.

    `rules` are the numbers of the inclusion rules that it counts for, from 1; `entry` says that it starts the cohort.
    """

    lane: str
    table: str
    id: int
    start: date
    end: date | None
    day: int
    end_day: int | None
    name: str
    code: str
    value: str
    rules: tuple[int, ...] = ()
    entry: bool = False


@dataclass(frozen=True)
class Timeline:
    """A patient's events by day. `zero` is day 0: the entry into the cohort, else the first day of the record.

    `in_cohort` is None where no cohort was chosen; `rule_names` are those of its definition.
    """

    person_id: int
    sex: str
    year_of_birth: int | None
    zero: date | None
    events: tuple[TimedEvent, ...]
    observed: tuple[tuple[date, date], ...]
    in_cohort: bool | None
    rule_names: tuple[str, ...]
    snapshot_version: str

    @property
    def lanes(self) -> list[tuple[str, list[TimedEvent]]]:
        """The lanes that have events, in the order of `LANES`."""
        found = [(lane, [event for event in self.events if event.lane == lane]) for lane in LANES.values()]
        return [(lane, events) for lane, events in found if events]


_SEXES = {8507: "male", 8532: "female"}


def timeline(snapshot: Snapshot, person_id: int, definition: Definition | None = None) -> Timeline:
    """The record of one person, with what counts for `definition` marked.

    NotFoundError where there is no such person; InputError or UnsupportedError as `lower`.
    """
    plan = lower(definition) if definition else None
    wanted = {item.concept_id for one in concept_sets(plan) for item in one.items} if plan else set()
    rows = person_rows(snapshot, person_id, wanted)
    marks = qualifying(plan, rows) if plan else None
    names = {row["concept_id"]: row for row in rows["concept"]}
    dated = [
        (row[RECORD_TABLES[table].start_date], table, row)
        for table in LANES
        for row in rows.get(table, ())
        if row[RECORD_TABLES[table].start_date] is not None
    ]
    starts = [start for start, _, _ in dated]
    zero = marks.zero if marks and marks.zero else min(starts, default=None)
    events = [_event(table, row, zero or start, names, marks) for start, table, row in dated]
    (person,) = rows["person"]
    return Timeline(
        person_id=person_id,
        sex=_SEXES.get(person.get("gender_concept_id") or 0, ""),
        year_of_birth=person.get("year_of_birth"),
        zero=zero,
        events=tuple(sorted(events, key=lambda e: (e.start, list(LANES.values()).index(e.lane), e.id))),
        observed=_observed(rows.get("observation_period", [])),
        in_cohort=marks.in_cohort if marks else None,
        rule_names=definition.rule_names if definition else (),
        snapshot_version=snapshot.version,
    )


def _event(
    table: str, row: Mapping[str, Any], zero: date, names: Mapping[int, Mapping[str, Any]], marks: Qualifying | None
) -> TimedEvent:
    kind = RECORD_TABLES[table]
    start, end = row[kind.start_date], row.get(kind.end_date) if kind.end_date else None
    number = row[kind.event_id]
    name, code = _called(row, kind.concept, kind.source_concept, table, names)
    return TimedEvent(
        lane=LANES[table],
        table=table,
        id=number,
        start=start,
        end=end,
        day=(start - zero).days,
        end_day=(end - zero).days if end and end > start else None,
        name=name,
        code=code,
        value=_value(row, names),
        rules=marks.rules.get((table, number), ()) if marks else (),
        entry=bool(marks and (table, number) in marks.entry),
    )


def _called(
    row: Mapping[str, Any],
    concept: str | None,
    source: str | None,
    table: str,
    names: Mapping[int, Mapping[str, Any]],
) -> tuple[str, str]:
    """What a record is called, and its code: by its concept, its source concept, or what the source wrote."""
    for column in (concept, source):
        found = names.get(row.get(column) or 0) if column else None
        if found:
            return found.get("concept_name") or f"concept {found['concept_id']}", found.get("concept_code") or ""
    written = next((value for key, value in row.items() if value and key == f"{_stem(table)}_source_value"), None)
    return str(written or ""), ""


def _stem(table: str) -> str:
    return {"visit_occurrence": "visit", "death": "cause"}.get(table, table.split("_")[0])


def _value(row: Mapping[str, Any], names: Mapping[int, Mapping[str, Any]]) -> str:
    """A value with its unit, as it was recorded; empty where a record has none."""
    unit = names.get(row.get("unit_concept_id") or 0, {}).get("concept_code") or row.get("unit_source_value") or ""
    number = row.get("value_as_number")
    if number is not None:
        return f"{number:g} {unit}".strip()
    answer = names.get(row.get("value_as_concept_id") or 0)
    return str((answer or {}).get("concept_name") or row.get("value_as_string") or "")


def _observed(rows: Rows) -> tuple[tuple[date, date], ...]:
    found: Sequence[tuple[date, date]] = [
        (row["observation_period_start_date"], row["observation_period_end_date"]) for row in rows
    ]
    return tuple(sorted(found))
