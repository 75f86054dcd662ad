"""What a query means, as a loop over rows: the second implementation that the index is held to."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from wardbench.core.consent import Tier, mask
from wardbench.ward.samples import UNKNOWN, Choice, Counts, Giving, Patients, Query, Range, Reason
from wardbench.ward.samples.chapters import chapter_of

Row = dict[str, Any]


def values_of(row: Row, facet: str) -> set[str]:
    """The values of a facet of words that a specimen has."""
    if facet == "consent":
        return {tier.value for number, tier in enumerate(Tier) if row["consent"] >> number & 1}
    if facet in ("chapter", "diagnosis"):
        codes = row["diagnoses"] or []
        return {chapter_of(code) if facet == "chapter" else code[:3] for code in codes} or {UNKNOWN}
    return {row[facet] or UNKNOWN}


def day_of(row: Row) -> int | None:
    return None if row["collected"] is None else (row["collected"] - datetime(1970, 1, 1)).days


def lies_in(row: Row, facet: str, part: Range) -> bool:
    value = day_of(row) if facet == "collected" else row[facet]
    if part.unknown or value is None:
        return part.unknown and value is None
    if facet == "amount" and row["dimension"] != part.dimension:
        return False
    return (part.low is None or value >= part.low) and (part.high is None or value <= part.high)


def has(row: Row, facet: str, choice: Choice) -> bool:
    if isinstance(choice, frozenset):
        return bool(choice & values_of(row, facet))
    return any(lies_in(row, facet, part) for part in choice)


def is_of(row: Row, patients: Patients) -> bool:
    for number, person in enumerate(patients.persons.tolist()):
        if row["donor"] is None or row["person_id"] != person:
            continue
        if not patients.windowed:
            return True
        day = day_of(row)
        if day is None or patients.anchors is None:
            continue
        after = day - int(patients.anchors[number])
        if (patients.first is None or after >= patients.first) and (patients.last is None or after <= patients.last):
            return True
    return False


def reasons(row: Row, giving: Giving) -> set[Reason]:
    found = set()
    if row["status"] == "used_up" or row["amount"] == 0:
        found.add(Reason.DEPLETED)
    if row["status"] not in ("stored", "out", "used_up"):
        found.add(Reason.ELSEWHERE)
    if row["reserved"] and not giving.reserved:
        found.add(Reason.RESERVED)
    if row["retained"]:
        found.add(Reason.RETAINED)
    if giving.most_thaws is not None and row["thaws"] > giving.most_thaws:
        found.add(Reason.THAWED)
    if row["consent"] & mask(giving.need) != mask(giving.need):
        found.add(Reason.FORBIDDEN)
    return found


def selected(rows: list[Row], query: Query, *, without: str = "") -> list[Row]:
    return [
        row for row in asked(rows, query, without=without) if query.giving is None or not reasons(row, query.giving)
    ]


def asked(rows: list[Row], query: Query, *, without: str = "") -> list[Row]:
    """What is selected before it matters what can be given."""
    return [
        row
        for row in rows
        if all(has(row, facet, choice) for facet, choice in query.chosen if facet != without)
        and (query.patients is None or is_of(row, query.patients))
    ]


def counts(rows: list[Row]) -> Counts:
    donors = {row["donor"] for row in rows} - {None}
    return Counts(len(rows), len({sample(row) for row in rows}), len(donors))


def sample(row: Row) -> tuple[Any, ...]:
    if row["donor"] is None:
        return (row["specimen"],)
    return row["donor"], row["collection"], row["material"], row["collected"]
