"""What the rows of a relation are: one function for each kind of node."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, TypeVar

from wardbench.ward.cohorts.plan import (
    Clip,
    CohortPlan,
    Collapse,
    Day,
    EarliestEnd,
    Edge,
    EndAtEvent,
    EndAtOffset,
    EndOfEra,
    EndOfObservation,
    Events,
    InObservation,
    LeavingOut,
    Near,
    Number,
    Pick,
    Relation,
    Satisfying,
    Union,
    Where,
    Window,
)
from wardbench.ward.cohorts.records import FAR_END, RECORD_TABLES, RecordTable
from wardbench.ward.cohorts.reference.concepts import Row, Tables, members
from wardbench.ward.cohorts.reference.conditions import Subject

T = TypeVar("T")


@dataclass(frozen=True)
class Event:
    """One row of a relation, with the columns of `plan.COLUMNS`."""

    person_id: int
    event_id: int
    start_date: date
    end_date: date | None
    sort_date: date
    concept_id: int | None = None
    visit_occurrence_id: int | None = None
    op_start: date | None = None
    op_end: date | None = None

    @property
    def key(self) -> tuple[int, int]:
        return self.person_id, self.event_id

    def day(self, which: Day) -> date | None:
        return self.start_date if which == "start" else self.end_date


def cohort_rows(plan: CohortPlan, tables: Tables) -> list[tuple[int, date, date]]:
    """The cohort's rows (person, start, end), sorted."""
    found = [(row.person_id, row.start_date, row.end_date) for row in rows_of(plan.cohort, tables)]
    return sorted((person, start, end) for person, start, end in found if end is not None)


def narrowing(plan: CohortPlan, tables: Tables) -> list[tuple[int, int]]:
    """Events and persons among the entry events, then after each inclusion rule and all before it."""
    kept = {row.key for row in rows_of(plan.entry, tables)}
    counts = [(len(kept), len({person for person, _ in kept}))]
    for rule in plan.rules:
        kept &= {row.key for row in rows_of(rule, tables)}
        counts.append((len(kept), len({person for person, _ in kept})))
    return counts


def rows_of(node: Relation, tables: Tables) -> list[Event]:
    """The rows of `node`, in no particular order."""
    match node:
        case Events():
            return _events(node, tables)
        case Union(sources):
            return [row for source in sources for row in rows_of(source, tables)]
        case InObservation():
            return _in_observation(node, tables)
        case Number():
            return _number(node, tables)
        case LeavingOut(source, persons):
            return [row for row in rows_of(source, tables) if row.person_id not in persons.ids]
        case Pick():
            return _pick(node, tables)
        case Where(source, conditions):
            return [row for row in rows_of(source, tables) if all(_asked(row, tables).satisfies(c) for c in conditions)]
        case Near():
            return _near(node, tables)
        case Satisfying():
            return _satisfying(node, tables)
        case EndOfObservation(source):
            return [replace(row, end_date=row.op_end) for row in rows_of(source, tables)]
        case EndAtOffset(source, day, days):
            return [replace(row, end_date=_offset_end(row, day, days)) for row in rows_of(source, tables)]
        case EndOfEra():
            return _end_of_era(node, tables)
        case EndAtEvent():
            return _end_at_event(node, tables)
        case EarliestEnd():
            return _earliest_end(node, tables)
        case Collapse():
            return _collapse(node, tables)
        case Clip():
            return _clip(node, tables)
    raise AssertionError(f"Unhandled node: {node}")


def _events(node: Events, tables: Tables) -> list[Event]:
    table = RECORD_TABLES[node.table]
    rows = _people_somewhere(tables) if node.table == "location_history" else list(tables.get(node.table, ()))
    for concepts, column in ((node.concepts, table.concept), (node.source_concepts, table.source_concept)):
        if concepts is not None and column is not None:
            wanted = members(concepts, tables)
            rows = [row for row in rows if row.get(column) in wanted]
    if node.first:
        rows = [min(same, key=lambda r: (r[table.start_date], r[table.event_id])) for same in _by_person(rows)]
    found = []
    for row in rows:
        start, end = row[table.start_date], _end_of_record(row, table)
        if node.dates is not None:
            froms = {"start": start, "end": end}
            moved_from = froms[node.dates.start_from]
            if moved_from is None:
                continue
            start = moved_from + timedelta(node.dates.start_days)
            end = _plus(froms[node.dates.end_from], node.dates.end_days)
            if end is None or end < start:
                continue
        person = row["person_id"]
        subject = Subject(person, start, end, row, node.table, tables)
        if all(subject.satisfies(condition) for condition in node.where):
            found.append(
                Event(
                    person_id=person,
                    event_id=row[table.event_id],
                    start_date=node.fixed_start or start,
                    end_date=node.fixed_end or end,
                    sort_date=start,
                    concept_id=row.get(table.concept) if table.concept else None,
                    visit_occurrence_id=row.get(table.visit) if table.visit else None,
                )
            )
    return found


def _people_somewhere(tables: Tables) -> list[Row]:
    """The rows of `location_history` that are about people, each with its person and the region of its place."""
    found: list[Row] = []
    for stay in tables.get("location_history", ()):
        for place in tables.get("location", ()):
            if stay["domain_id"] == "PERSON" and place["location_id"] == stay["location_id"]:
                region = place.get("region_concept_id")
                found.append({**stay, "person_id": stay["entity_id"], "region_concept_id": region})
    return found


def _end_of_record(row: Row, table: RecordTable) -> date | None:
    start: date = row[table.start_date]
    for end in table.ends:
        if end == "end" and table.end_date and row.get(table.end_date) is not None:
            found: date = row[table.end_date]
            return found
        if end == "days_supply" and row.get("days_supply") is not None:
            return start + timedelta(row["days_supply"])
        if end == "next_day":
            return start + timedelta(1)
        if end == "far_end":
            return FAR_END
    return None


def _in_observation(node: InObservation, tables: Tables) -> list[Event]:
    found = []
    for row in rows_of(node.source, tables):
        for period in tables.get("observation_period", ()):
            begins, ends = period["observation_period_start_date"], period["observation_period_end_date"]
            long_before = begins + timedelta(node.days_before) <= row.start_date
            long_after = row.start_date + timedelta(node.days_after) <= ends
            if period["person_id"] == row.person_id and long_before and long_after:
                found.append(replace(row, op_start=begins, op_end=ends))
    return found


def _number(node: Number, tables: Tables) -> list[Event]:
    def place(row: Event) -> tuple[Any, ...]:
        day = row.sort_date.toordinal()
        return (-day if node.latest_first else day, row.event_id, *_rest(row))

    return [
        replace(row, event_id=number)
        for rows in _events_by_person(rows_of(node.source, tables))
        for number, row in enumerate(sorted(rows, key=place), start=1)
    ]


def _pick(node: Pick, tables: Tables) -> list[Event]:
    def place(row: Event) -> tuple[Any, ...]:
        if node.which == "numbered":
            return (row.event_id, *_rest(row))
        day = row.start_date.toordinal()
        return (day if node.which == "earliest" else -day, row.event_id, *_rest(row))

    return [min(rows, key=place) for rows in _events_by_person(rows_of(node.source, tables))]


def _near(node: Near, tables: Tables) -> list[Event]:
    index, events = rows_of(node.index, tables), rows_of(node.events, tables)
    counted: dict[tuple[int, int], list[Event]] = {row.key: [] for row in index}
    for row in index:
        counted[row.key].extend(event for event in events if counts_for(event, row, node))

    def often_enough(found: list[Event]) -> bool:
        column = node.occurs.distinct
        times = len(found) if column is None else len({getattr(event, column) for event in found} - {None})
        return times >= node.occurs.at_least and (node.occurs.at_most is None or times <= node.occurs.at_most)

    return [row for row in index if often_enough(counted[row.key])]


def counts_for(event: Event, index: Event, node: Near) -> bool:
    """Whether `event` is one of those that `node` counts for the row `index`."""
    if event.person_id != index.person_id:
        return False
    if node.in_period and not _between(event.start_date, index.op_start, index.op_end):
        return False
    visit = event.visit_occurrence_id
    if node.same_visit and (visit is None or visit != index.visit_occurrence_id):
        return False
    return all(_lies_in(event, index, window) for window in node.windows)


def _lies_in(event: Event, index: Event, window: Window) -> bool:
    day = event.day(window.event)
    for bound, earliest in ((window.earliest, True), (window.latest, False)):
        if bound is None:
            continue
        limit = _bound(bound, index, window.index)
        if day is None or limit is None or (day < limit if earliest else day > limit):
            return False
    return True


def _bound(bound: int | Edge, index: Event, day: Day) -> date | None:
    match bound:
        case Edge.PERIOD_START:
            return index.op_start
        case Edge.PERIOD_END:
            return index.op_end
    assert isinstance(bound, int)
    return _plus(index.day(day), bound)


def _satisfying(node: Satisfying, tables: Tables) -> list[Event]:
    tests = [{row.key for row in rows_of(test, tables)} for test in node.tests]
    found = []
    for row in rows_of(node.source, tables):
        passed = sum(row.key in test for test in tests)
        if passed >= node.at_least and (node.at_most is None or passed <= node.at_most):
            found.append(row)
    return found


def _offset_end(row: Event, day: Day, days: int) -> date | None:
    end = _plus(row.day(day), days)
    return end if end is None or row.op_end is None else min(end, row.op_end)


def _end_of_era(node: EndOfEra, tables: Tables) -> list[Event]:
    drugs = members(node.drugs, tables)
    table = RECORD_TABLES["drug_exposure"]
    exposures: dict[int, list[tuple[date, date]]] = defaultdict(list)
    for row in tables.get("drug_exposure", ()):
        if row.get("drug_concept_id") in drugs or row.get("drug_source_concept_id") in drugs:
            start = row["drug_exposure_start_date"]
            end = _end_of_record(row, table) if node.days_supply is None else start + timedelta(node.days_supply)
            assert end is not None
            exposures[row["person_id"]].append((start, end + timedelta(node.offset)))
    found = []
    for event in rows_of(node.source, tables):
        for begins, ends in _periods(exposures[event.person_id], node.gap):
            if begins <= event.start_date <= ends:
                found.append(replace(event, end_date=ends))
    return found


def _end_at_event(node: EndAtEvent, tables: Tables) -> list[Event]:
    events = rows_of(node.events, tables)
    found = []
    for row in rows_of(node.source, tables):
        starts = [e.start_date for e in events if e.person_id == row.person_id]
        later = [start for start in starts if _between(start, row.start_date, row.op_end)]
        if later:
            found.append(replace(row, end_date=min(later)))
    return found


def _earliest_end(node: EarliestEnd, tables: Tables) -> list[Event]:
    ends = [row for end in node.ends for row in rows_of(end, tables)]
    found = []
    for row in rows_of(node.source, tables):
        own = [e.end_date for e in ends if e.key == row.key and e.end_date is not None]
        later = [end for end in own if end >= row.start_date]
        if later:
            found.append(replace(row, end_date=min(later)))
    return found


def _collapse(node: Collapse, tables: Tables) -> list[Event]:
    found = []
    for rows in _events_by_person(rows_of(node.source, tables)):
        spans = [(row.start_date, row.end_date) for row in rows if row.end_date is not None]
        for number, (start, end) in enumerate(_periods(spans, node.gap), start=1):
            found.append(Event(rows[0].person_id, number, start, end, start))
    return found


def _clip(node: Clip, tables: Tables) -> list[Event]:
    found = []
    for row in rows_of(node.source, tables):
        start = max(row.start_date, node.earliest) if node.earliest else row.start_date
        end = min(row.end_date, node.latest) if node.latest and row.end_date else row.end_date
        if end is not None and start <= end:
            found.append(replace(row, start_date=start, end_date=end, sort_date=start))
    return found


def _periods(spans: Iterable[tuple[date, date]], gap: int) -> list[tuple[date, date]]:
    """Spans joined where one starts at most `gap` days after the latest end before it."""
    joined: list[tuple[date, date]] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1] + timedelta(gap):
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return joined


def _asked(row: Event, tables: Tables) -> Subject:
    return Subject(row.person_id, row.start_date, row.end_date, {}, "", tables)


def _rest(row: Event) -> tuple[Any, ...]:
    """What breaks ties, in the plan's order, missing last."""
    values = (row.start_date, row.end_date, row.visit_occurrence_id, row.concept_id, row.op_start, row.op_end)
    return tuple((value is None, value or 0) for value in values)


def _between(day: date, earliest: date | None, latest: date | None) -> bool:
    return earliest is not None and latest is not None and earliest <= day <= latest


def _plus(day: date | None, days: int) -> date | None:
    return None if day is None else day + timedelta(days)


def _by_person(rows: Sequence[Row]) -> list[list[Row]]:
    return _grouped(rows, lambda row: int(row["person_id"]))


def _events_by_person(rows: Sequence[Event]) -> list[list[Event]]:
    return _grouped(rows, lambda row: row.person_id)


def _grouped(rows: Sequence[T], person: Callable[[T], int]) -> list[list[T]]:
    groups: dict[int, list[T]] = defaultdict(list)
    for row in rows:
        groups[person(row)].append(row)
    return list(groups.values())
