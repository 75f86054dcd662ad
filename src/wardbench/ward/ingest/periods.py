"""Observation periods made from events, for sources that do not state when they watched a person."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

PERIOD_TYPE = 32882
"""The concept "standard algorithm from EHR": how a period came to be."""

EVENT_DATES: Mapping[str, tuple[str, str | None]] = MappingProxyType(
    {
        "visit_occurrence": ("visit_start_date", "visit_end_date"),
        "visit_detail": ("visit_detail_start_date", "visit_detail_end_date"),
        "condition_occurrence": ("condition_start_date", "condition_end_date"),
        "drug_exposure": ("drug_exposure_start_date", "drug_exposure_end_date"),
        "procedure_occurrence": ("procedure_date", "procedure_end_date"),
        "device_exposure": ("device_exposure_start_date", "device_exposure_end_date"),
        "measurement": ("measurement_date", None),
        "observation": ("observation_date", None),
        "specimen": ("specimen_date", None),
        "note": ("note_date", None),
        "death": ("death_date", None),
    }
)
"""The columns that say when an event began and ended, by table."""

EVENT_TABLES: tuple[str, ...] = tuple(table for table in EVENT_DATES if table != "death")
"""What shows that somebody was watched. A death that a registry reports years later does not."""


def observation_periods(tables: Iterable[str] = EVENT_TABLES) -> str:
    """SQL for one `observation_period` row a person: from the first day of any event in `tables` to the last.

    `tables` are views or tables in the connection that runs it. An end before its start, or none, counts as the start.
    Persons without a dated event have no row; the key of a period is the person's.
    """
    days = " UNION ALL ".join(_first_and_last(table) for table in tables)
    return (
        "SELECT person_id AS observation_period_id, person_id,"
        " min(first_day) AS observation_period_start_date, max(last_day) AS observation_period_end_date,"
        f" {PERIOD_TYPE} AS period_type_concept_id FROM ({days}) WHERE first_day IS NOT NULL GROUP BY person_id"
    )


def _first_and_last(table: str) -> str:
    start, end = EVENT_DATES[table]
    last = f"max(greatest({start}, {end}))" if end else f"max({start})"
    return f"SELECT person_id, min({start}) AS first_day, {last} AS last_day FROM {table} GROUP BY person_id"
