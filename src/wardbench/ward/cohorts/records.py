"""What an event of each clinical table is: its row id, days, concept and visit.

A day that is missing stays missing unless the table says what stands in for it; `ends` lists, in order of preference,
what the end of a record is.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Literal

from wardbench.core.omop.tables import TABLES

End = Literal["end", "days_supply", "next_day", "far_end"]
FAR_END = date(2099, 12, 31)
"""The end of what goes on: no CDM has a day for it, and Circe takes this one."""

BEYOND_CDM: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "drug_exposure": {"effective_drug_dose": "float", "dose_unit_concept_id": "integer"},
        "location": {"region_concept_id": "integer"},
        "location_history": {
            "location_history_id": "integer",
            "location_id": "integer",
            "domain_id": "varchar(50)",
            "entity_id": "integer",
            "start_date": "date",
            "end_date": "date",
        },
    }
)
"""What definitions can ask of tables that CDM 5.4 has not, by table and column with the column's type.

The doses were in CDM 5.0, the others in 6.0; databases of today have the latter as an extension of theirs.
"""
_LOCATIONS = ("location", "location_history")
EXTENSIONS: Mapping[str, frozenset[tuple[str, str]]] = MappingProxyType(
    {
        **{f"drug_exposure.{column}": frozenset({("drug_exposure", column)}) for column in BEYOND_CDM["drug_exposure"]},
        "location_history": frozenset((table, column) for table in _LOCATIONS for column in BEYOND_CDM[table]),
    }
)
"""What of it goes together, under the name that a refusal calls it by: the tables and columns that it needs."""


def extensions_in(columns: Collection[tuple[str, str]]) -> frozenset[str]:
    """The names of the extensions that a database with these tables and columns has."""
    return frozenset(name for name, needed in EXTENSIONS.items() if needed <= set(columns))


@dataclass(frozen=True)
class RecordTable:
    """How rows of one CDM table are read as events.

    `ends`: the first of these that is known is the end of the record: `end` the column `end_date`, `days_supply` the
    start plus that column's days, `next_day` the day after the start, `far_end` the day `FAR_END`.
    """

    name: str
    event_id: str
    start_date: str
    end_date: str | None
    ends: tuple[End, ...]
    concept: str | None
    source_concept: str | None
    visit: str | None

    @property
    def column_names(self) -> frozenset[str]:
        """Those that conditions can ask about."""
        own = TABLES[self.name].column_names if self.name in TABLES else ("region_concept_id",)
        return frozenset((*own, *BEYOND_CDM.get(self.name, ())))


_AS_RECORDED: tuple[End, ...] = ("end",)
_ONE_DAY: tuple[End, ...] = ("next_day",)
_VISIT = "visit_occurrence_id"


def _tables(*tables: RecordTable) -> Mapping[str, RecordTable]:
    return MappingProxyType({table.name: table for table in tables})


RECORD_TABLES = _tables(
    RecordTable(
        "condition_occurrence",
        "condition_occurrence_id",
        "condition_start_date",
        "condition_end_date",
        ("end", "next_day"),
        "condition_concept_id",
        "condition_source_concept_id",
        _VISIT,
    ),
    RecordTable(
        "drug_exposure",
        "drug_exposure_id",
        "drug_exposure_start_date",
        "drug_exposure_end_date",
        ("end", "days_supply", "next_day"),
        "drug_concept_id",
        "drug_source_concept_id",
        _VISIT,
    ),
    RecordTable(
        "device_exposure",
        "device_exposure_id",
        "device_exposure_start_date",
        "device_exposure_end_date",
        ("end", "next_day"),
        "device_concept_id",
        "device_source_concept_id",
        _VISIT,
    ),
    RecordTable(
        "procedure_occurrence",
        "procedure_occurrence_id",
        "procedure_date",
        None,
        _ONE_DAY,
        "procedure_concept_id",
        "procedure_source_concept_id",
        _VISIT,
    ),
    RecordTable(
        "measurement",
        "measurement_id",
        "measurement_date",
        None,
        _ONE_DAY,
        "measurement_concept_id",
        "measurement_source_concept_id",
        _VISIT,
    ),
    RecordTable(
        "observation",
        "observation_id",
        "observation_date",
        None,
        _ONE_DAY,
        "observation_concept_id",
        "observation_source_concept_id",
        _VISIT,
    ),
    RecordTable("specimen", "specimen_id", "specimen_date", None, _ONE_DAY, "specimen_concept_id", None, None),
    RecordTable(
        "visit_occurrence",
        "visit_occurrence_id",
        "visit_start_date",
        "visit_end_date",
        _AS_RECORDED,
        "visit_concept_id",
        "visit_source_concept_id",
        _VISIT,
    ),
    RecordTable(
        "visit_detail",
        "visit_detail_id",
        "visit_detail_start_date",
        "visit_detail_end_date",
        _AS_RECORDED,
        "visit_detail_concept_id",
        "visit_detail_source_concept_id",
        _VISIT,
    ),
    RecordTable(
        "condition_era",
        "condition_era_id",
        "condition_era_start_date",
        "condition_era_end_date",
        _AS_RECORDED,
        "condition_concept_id",
        None,
        None,
    ),
    RecordTable(
        "drug_era",
        "drug_era_id",
        "drug_era_start_date",
        "drug_era_end_date",
        _AS_RECORDED,
        "drug_concept_id",
        None,
        None,
    ),
    RecordTable(
        "dose_era",
        "dose_era_id",
        "dose_era_start_date",
        "dose_era_end_date",
        _AS_RECORDED,
        "drug_concept_id",
        None,
        None,
    ),
    RecordTable(
        "death", "person_id", "death_date", None, _ONE_DAY, "cause_concept_id", "cause_source_concept_id", None
    ),
    RecordTable(
        "observation_period",
        "observation_period_id",
        "observation_period_start_date",
        "observation_period_end_date",
        _AS_RECORDED,
        "period_type_concept_id",
        None,
        None,
    ),
    RecordTable(
        "payer_plan_period",
        "payer_plan_period_id",
        "payer_plan_period_start_date",
        "payer_plan_period_end_date",
        _AS_RECORDED,
        "payer_concept_id",
        None,
        None,
    ),
    # Where a person was: its rows for people (`domain_id` is PERSON, `entity_id` the person), with their location's
    # `region_concept_id`. No table of CDM 5.4.
    RecordTable(
        "location_history",
        "location_history_id",
        "start_date",
        "end_date",
        ("end", "far_end"),
        "region_concept_id",
        None,
        None,
    ),
)


def type_of(table: str, column: str) -> str | None:
    """The model's type of a column of a table of events, None where it has no such column."""
    if column in BEYOND_CDM.get(table, ()):
        return BEYOND_CDM[table][column]
    return TABLES[table][column].type if table in TABLES and column in TABLES[table].column_names else None
