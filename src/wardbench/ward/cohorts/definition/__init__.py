"""Cohort definitions as OHDSI ATLAS writes them (Circe JSON), read strictly.

A key that is unknown or not supported is refused by its path; nothing is ever ignored.
"""

from wardbench.ward.cohorts.definition.expression import Expression
from wardbench.ward.cohorts.definition.reading import (
    Definition,
    Entry,
    read_definition,
    read_definitions,
    read_entries,
)

__all__ = ["Definition", "Entry", "Expression", "read_definition", "read_definitions", "read_entries"]
