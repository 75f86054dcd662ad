"""Definition -> plan -> SQL -> people, and a plain reference engine that proves it."""

from wardbench.ward.cohorts.batch import BatchLine, run_batch, write_rows
from wardbench.ward.cohorts.definition import Definition, read_definition, read_definitions, read_entries
from wardbench.ward.cohorts.lower import lower
from wardbench.ward.cohorts.run import AttritionStep, Cohort, run_cohort

__all__ = [
    "AttritionStep",
    "BatchLine",
    "Cohort",
    "Definition",
    "lower",
    "read_definition",
    "read_definitions",
    "read_entries",
    "run_batch",
    "run_cohort",
    "write_rows",
]
