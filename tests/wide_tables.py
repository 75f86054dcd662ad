"""The tables of CDM 5.4, and beside them what definitions can ask of databases that have more."""

from __future__ import annotations

from collections.abc import Mapping

from wardbench.core.omop.tables import TABLES, Column
from wardbench.ward.cohorts.records import BEYOND_CDM

WIDE_TABLES: Mapping[str, Mapping[str, Column]] = {
    name: {
        **({column.name: column for column in TABLES[name].columns} if name in TABLES else {}),
        **{column: Column(column, type, False, False, None) for column, type in BEYOND_CDM.get(name, {}).items()},
    }
    for name in (*TABLES, *(name for name in BEYOND_CDM if name not in TABLES))
}
"""By table and column."""


def create_table(name: str) -> str:
    """The statement that makes the table."""
    columns = ", ".join(f'"{column.name}" {column.sql_type}' for column in WIDE_TABLES[name].values())
    return f"CREATE TABLE {name} ({columns})"
