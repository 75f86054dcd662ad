"""Who objected to the use of their data: a cohort without them, and the sentence by which a page says so."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from wardbench.ward.benchmark.page import Report
from wardbench.ward.cohorts import Cohort

SAID = "Persons who objected to the use of their data were left out."


def left(persons: npt.NDArray[np.int64], without: Collection[int]) -> npt.NDArray[np.bool_]:
    """Which of these persons are not among those `without`."""
    return ~np.isin(persons, np.fromiter(without, np.int64, len(without)))


def cohort_without(cohort: Cohort, without: Collection[int]) -> Cohort:
    """A cohort without the memberships of some persons."""
    if not without:
        return cohort
    kept = left(cohort.rows["subject_id"].to_numpy(), without)
    return replace(cohort, rows=cohort.rows.filter(pa.array(kept)))


def said_of(report: Report, without: Collection[int]) -> Report:
    """The report, saying in its methods that persons were left out; never how many."""
    return replace(report, methods=f"{report.methods} {SAID}") if without else report
