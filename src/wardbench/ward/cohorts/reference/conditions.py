"""What may be asked of one event, as `cohorts.conditions` says what it means."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from wardbench.core.omop.concept_sets import ConceptSet
from wardbench.ward.cohorts.conditions import (
    ABNORMAL_VALUES,
    PERSON_CONCEPTS,
    RATIOS,
    ConceptIs,
    Condition,
    DateIs,
    IsAbnormal,
    NumberIs,
    Operator,
    TextIs,
)
from wardbench.ward.cohorts.records import FAR_END
from wardbench.ward.cohorts.reference.concepts import Row, Tables, members

_NO_ROW: Row = {}


class Subject:
    """One event to ask: its days, whose it is, and the record it comes from where it is still at hand."""

    def __init__(self, person: int, start: date, end: date | None, record: Row, table: str, tables: Tables) -> None:
        self._person = _one(tables, "person", person_id=person)
        self._person_id = person
        self._start = start
        self._end = end
        self._record = record
        self._table = table
        self._tables = tables

    def satisfies(self, condition: Condition) -> bool:
        """Whether `condition` is so; of something missing nothing is."""
        match condition:
            case NumberIs(field, operator, value, extent) | DateIs(field, operator, value, extent):
                found = self.value(field)
                return found is not None and _compare(found, operator, value, extent)
            case ConceptIs("place_of_service_region_concept_id", concepts, negated):
                wanted = members(concepts, self._tables) if isinstance(concepts, ConceptSet) else concepts
                return any((region in wanted) is not negated for region in self._regions())
            case ConceptIs(field, concepts, negated):
                found = self.value(field)
                wanted = members(concepts, self._tables) if isinstance(concepts, ConceptSet) else concepts
                return found is not None and (found in wanted) is not negated
            case TextIs(field, match, text, negated):
                found = self.value(field)
                return found is not None and _MATCHES[match](found, text) is not negated
            case IsAbnormal():
                number, low, high = (self.value(f) for f in ("value_as_number", "range_low", "range_high"))
                below = number is not None and low is not None and number < low
                above = number is not None and high is not None and number > high
                return below or above or self.value("value_as_concept_id") in ABNORMAL_VALUES
        raise AssertionError(f"Unhandled condition: {condition}")

    def value(self, field: str) -> Any:
        """What a field holds, None where it is missing."""
        match field:
            case "start_date":
                return self._start
            case "end_date":
                return self._end
            case "days":
                return None if self._end is None else (self._end - self._start).days
            case "age_at_start":
                return self._age(self._start)
            case "age_at_end":
                return self._age(self._end)
            case "visit_concept_id" if self._table != "visit_occurrence":
                visit = self._record.get("visit_occurrence_id")
                return _one(self._tables, "visit_occurrence", visit_occurrence_id=visit, person_id=self._person_id).get(
                    "visit_concept_id"
                )
            case "specialty_concept_id":
                provider = self._record.get("provider_id")
                return _one(self._tables, "provider", provider_id=provider).get("specialty_concept_id")
            case "place_of_service_concept_id":
                site = self._record.get("care_site_id")
                return _one(self._tables, "care_site", care_site_id=site).get("place_of_service_concept_id")
        if field in PERSON_CONCEPTS:
            return self._person.get(field)
        if field in RATIOS:
            number, limit = self._record.get("value_as_number"), self._record.get(RATIOS[field])
            return None if number is None or not limit else number / limit
        return self._record.get(field)

    def _regions(self) -> list[int]:
        """The regions in which the record's care site was all through the event."""
        site, end = self._record.get("care_site_id"), self._end
        found = []
        for stay in self._tables.get("location_history", ()):
            its_own = site is not None and stay["entity_id"] == site and stay["domain_id"] == "CARE_SITE"
            if its_own and end is not None and stay["start_date"] <= self._start and end <= end_of_stay(stay):
                region = _one(self._tables, "location", location_id=stay["location_id"]).get("region_concept_id")
                if region is not None:
                    found.append(region)
        return found

    def _age(self, day: date | None) -> int | None:
        born = self._person.get("year_of_birth")
        return None if day is None or born is None else day.year - int(born)


_MATCHES: dict[str, Callable[[str, str], bool]] = {
    "contains": lambda value, text: text in value,
    "starts_with": str.startswith,
    "ends_with": str.endswith,
    "equals": str.__eq__,
    "like": lambda value, pattern: _like(value, pattern),
}


def _like(value: str, pattern: str) -> bool:
    if not pattern:
        return not value
    if pattern[0] == "%":
        return any(_like(value[n:], pattern[1:]) for n in range(len(value) + 1))
    return bool(value) and pattern[0] in ("_", value[0]) and _like(value[1:], pattern[1:])


def end_of_stay(stay: Row) -> date:
    """The last day of a row of `location_history`."""
    return stay.get("end_date") or FAR_END


def _compare(found: Any, operator: Operator, value: Any, extent: Any) -> bool:
    match operator:
        case "lt":
            return bool(found < value)
        case "lte":
            return bool(found <= value)
        case "eq":
            return bool(found == value)
        case "ne":
            return bool(found != value)
        case "gt":
            return bool(found > value)
        case "gte":
            return bool(found >= value)
        case "between":
            return bool(value <= found <= extent)
        case "not_between":
            return bool(found < value or found > extent)


def _one(tables: Tables, name: str, **wanted: Any) -> Row:
    """The row of a table that has these values, or an empty one."""
    if None in wanted.values():
        return _NO_ROW
    for row in tables.get(name, ()):
        if all(row.get(column) == value for column, value in wanted.items()):
            return row
    return _NO_ROW
