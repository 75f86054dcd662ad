"""What the engine answers to each kind of question: the report, the page that can be saved, and the first sentence.

Who objected to the use of their data is taken out of the results and cohorts before anything is worked out.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa

from wardbench.bench.outcomes.analysis import analyse
from wardbench.bench.outcomes.protocol import Protocol, question, read_inline
from wardbench.bench.outcomes.report import render, report_of
from wardbench.campus.outcomes.given import given_aggregates
from wardbench.campus.outcomes.rules import Kind
from wardbench.campus.outcomes.words import GROUPS, LOOKING
from wardbench.core.disclosure import rules_for
from wardbench.core.progress import Progress
from wardbench.core.store import Snapshot
from wardbench.ward.benchmark import page
from wardbench.ward.benchmark.aggregates import Aggregates
from wardbench.ward.benchmark.intervals import intervals
from wardbench.ward.benchmark.intervals_report import intervals_report
from wardbench.ward.benchmark.recorded import find_analyte, results_of
from wardbench.ward.benchmark.table1 import beside
from wardbench.ward.cohorts import Cohort, run_cohort
from wardbench.ward.cohorts.characterise import WINDOW_DAYS

Spec = Mapping[str, Any]


@dataclass(frozen=True)
class Answer:
    """`report` has a `verdict`, and what the campus's own page shows of it; `answerable` whether there is an answer."""

    report: dict[str, Any]
    page: str
    answerable: bool


def of_outcomes(spec: Spec, snapshot: Snapshot, without: Collection[int], mode: str, tell: Progress) -> Answer:
    """`spec` is a protocol."""
    asked = question(msgspec.convert(spec, Protocol), Path())
    found = analyse(asked, snapshot, without=without, progress=tell)
    command = f"./wardbench outcomes run {asked.digest[:12]}.json --store STORE --mode {mode} --report report.html"
    report = report_of(found, snapshot, mode=mode, command=command)
    return Answer(msgspec.to_builtins(report), render(report), report.figures.answerable)


def of_intervals(spec: Spec, snapshot: Snapshot, without: Collection[int], mode: str, tell: Progress) -> Answer:
    """`spec` names the `analyte` by code or concept id, its `unit` (empty: the only one), and the groups (`by`)."""
    tell(0, 2, LOOKING)
    analyte = find_analyte(snapshot, spec["analyte"], spec["unit"] or None)
    results = results_of(snapshot, analyte)
    if without:
        results = results.where(~np.isin(results.person, _array(without)))
    found = intervals(results, by=spec["by"], progress=lambda done, total, _what: tell(done, total, GROUPS))
    by = ("--by", ",".join(spec["by"])) if spec["by"] else ()
    words = ("intervals", "--store", "STORE", "--analyte", spec["analyte"], "--unit", analyte.unit, *by, "--mode", mode)
    made = page.made_of(page.command_of(words), "", snapshot=snapshot)
    return _told(intervals_report(found, rules_for(mode), made))


def of_table1(spec: Spec, snapshot: Snapshot, without: Collection[int], mode: str, tell: Progress) -> Answer:
    """`spec` holds the `hospital`'s cohort, and the `study`: a cohort, or its `aggregates` as a file of this `name`."""
    tell(0, 2, LOOKING)
    hospital = _members(spec["hospital"], snapshot, without)
    tell(1, 2, GROUPS)
    study: Cohort | Aggregates
    if spec["study"] is None:
        study, option = given_aggregates(spec["name"], spec["aggregates"]), ("--aggregates", spec["name"])
    else:
        study, option = _members(spec["study"], snapshot, without), ("--study", "study.json")
    words = ("table1", "--store", "STORE", "--hospital", "hospital.json", *option, "--mode", mode)
    return _told(beside(snapshot, study, hospital, rules_for(mode), page.command_of(words), days=WINDOW_DAYS))


def _members(cohort: dict[str, Any], snapshot: Snapshot, without: Collection[int]) -> Cohort:
    found = run_cohort(read_inline(cohort, str(cohort["name"])), snapshot)
    if not without:
        return found
    return replace(
        found, rows=found.rows.filter(pa.array(~np.isin(found.rows["subject_id"].to_numpy(), _array(without))))
    )


def _array(persons: Collection[int]) -> np.ndarray[Any, np.dtype[np.int64]]:
    return np.fromiter(persons, np.int64, len(persons))


def _told(report: page.Report) -> Answer:
    return Answer({"verdict": report.verdict}, page.render(report), True)


ANSWERS: Mapping[Kind, Callable[[Spec, Snapshot, Collection[int], str, Progress], Answer]] = {
    Kind.OUTCOMES: of_outcomes,
    Kind.INTERVALS: of_intervals,
    Kind.TABLE1: of_table1,
}
