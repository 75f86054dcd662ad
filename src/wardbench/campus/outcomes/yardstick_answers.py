"""What the hospital says as a benchmark, to each kind of question: the report.

Who objected to the use of their data is taken out of the results and cohorts before anything is worked out.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from wardbench.bench.outcomes.protocol import read_inline
from wardbench.campus.outcomes.given import sent
from wardbench.campus.outcomes.rules import Kind
from wardbench.campus.outcomes.specs import DISPERSIONS, way
from wardbench.campus.outcomes.words import GROUPS, LOOKING
from wardbench.core.disclosure import rules_for
from wardbench.core.progress import Progress
from wardbench.core.store import Snapshot
from wardbench.ward.benchmark import page
from wardbench.ward.benchmark.aggregates import Aggregates, read_aggregates
from wardbench.ward.benchmark.assay import on_hospital
from wardbench.ward.benchmark.exported import exported_results
from wardbench.ward.benchmark.followed import Follow
from wardbench.ward.benchmark.intervals import intervals
from wardbench.ward.benchmark.intervals_report import intervals_report
from wardbench.ward.benchmark.lines import Sent
from wardbench.ward.benchmark.page import Report
from wardbench.ward.benchmark.rates import against
from wardbench.ward.benchmark.recorded import Analyte, find_analyte, results_of
from wardbench.ward.benchmark.results import AGES, Results
from wardbench.ward.benchmark.table1 import beside
from wardbench.ward.benchmark.units import units_of_cohort
from wardbench.ward.benchmark.without import cohort_without
from wardbench.ward.cohorts import Cohort, run_cohort
from wardbench.ward.cohorts.characterise import WINDOW_DAYS

Spec = Mapping[str, Any]


def of_intervals(spec: Spec, snapshot: Snapshot, without: Collection[int], mode: str, tell: Progress) -> Report:
    """`spec` names the `analyte` by code or concept id, its `unit` (empty: the only one), the groups (`by`) with where
    `ages` part, and a cohort of `healthy` persons, or none."""
    tell(0, 2, LOOKING)
    # Questions from before bands and healthy persons could be chosen do not name them.
    ages, asked = spec.get("ages", AGES), spec.get("healthy")
    healthy = None if asked is None else members(asked, snapshot, without)
    analyte, results = _results(spec, snapshot, without, healthy)
    found = intervals(
        results, by=spec["by"], ages=ages, compared=healthy is not None,
        progress=lambda done, total, _what: tell(done, total, GROUPS),
    )  # fmt: skip
    words = ["intervals", *_records(snapshot, without), "--analyte", spec["analyte"], "--unit", analyte.unit]
    words += ["--by", ",".join(spec["by"])] if spec["by"] else []
    words += ["--ages", ",".join(str(age) for age in ages)] if "age" in spec["by"] else []
    words += ["--healthy", "healthy.json"] if healthy is not None else []
    command = page.command_of((*words, "--mode", mode))
    definitions = [] if healthy is None else [(f"Definition “{healthy.name}”", healthy.plan_hash)]
    made = page.made_of(command, "", snapshot=snapshot, definitions=definitions)
    return intervals_report(found, rules_for(mode), made)


def of_assay(spec: Spec, snapshot: Snapshot, without: Collection[int], mode: str, tell: Progress) -> Report:
    """`spec` names `analyte` and `unit`, holds the `values` as a table of this `name`, and where `ages` part."""
    tell(0, 2, LOOKING)
    analyte, results = _results(spec, snapshot, without)
    given, file = exported_results(sent(spec["name"], spec["values"]), unit=analyte.unit)
    tell(1, 2, GROUPS)
    ages = ",".join(str(age) for age in spec["ages"])
    words = ("assay", spec["name"], *_records(snapshot, without), "--analyte", spec["analyte"], "--unit", analyte.unit)
    command = page.command_of((*words, "--ages", ages, "--mode", mode))
    made = page.made_of(command, "", snapshot=snapshot, files=[file])
    return on_hospital(given, results.one_each("first"), spec["ages"], rules_for(mode), made)[1]


def of_table1(spec: Spec, snapshot: Snapshot, without: Collection[int], mode: str, tell: Progress) -> Report:
    """`spec` holds the `hospital`'s cohort, and the `study`: a cohort, or its `aggregates` as a file of this `name`."""
    tell(0, 2, LOOKING)
    hospital = members(spec["hospital"], snapshot, without)
    tell(1, 2, GROUPS)
    study: Cohort | Aggregates
    if spec["study"] is None:
        study, option = read_aggregates(sent(spec["name"], spec["aggregates"])), ("--aggregates", spec["name"])
    else:
        study, option = members(spec["study"], snapshot, without), ("--study", "study.json")
    words = ("table1", *_records(snapshot, without), "--hospital", "hospital.json", *option, "--mode", mode)
    return beside(snapshot, study, hospital, rules_for(mode), page.command_of(words), days=WINDOW_DAYS)


def of_rates(spec: Spec, snapshot: Snapshot, without: Collection[int], mode: str, tell: Progress) -> Report:
    """`spec` holds a `study` and a `standard`, each a cohort or a table of counts, and how cohorts are followed."""
    tell(0, 2, LOOKING)
    follow = Follow(snapshot, _outcome(spec, snapshot, without), spec["within"])
    study, standard = (_side(spec[side], snapshot, without) for side in ("study", "standard"))
    tell(1, 2, GROUPS)
    words = ["standardise", *(("--study", "study.json") if isinstance(study, Cohort) else ("--csv", study.name))]
    words += ("--hospital", "hospital.json") if isinstance(standard, Cohort) else ("--standard", standard.name)
    ages = ",".join(str(age) for age in spec["ages"])
    command = page.command_of((*words, *_records(snapshot, without), *_followed(spec), "--ages", ages, "--mode", mode))
    return against(study, standard, rules_for(mode), command, follow=follow, ages=spec["ages"])


def of_funnel(spec: Spec, snapshot: Snapshot, without: Collection[int], mode: str, tell: Progress) -> Report:
    """`spec` holds a `cohort`, `by` which units, for what to `adjust` them, how persons are followed, and how it is
    estimated what units vary beyond chance (`dispersion`)."""
    tell(0, 2, LOOKING)
    cohort = members(spec["cohort"], snapshot, without)
    follow = Follow(snapshot, _outcome(spec, snapshot, without), spec["within"])
    tell(1, 2, GROUPS)
    # Questions from before there was a choice do not name one.
    adjust, dispersion = spec["adjust"], way(spec.get("dispersion", DISPERSIONS[0]))
    words = ("funnel", *_records(snapshot, without), "--cohort", "cohort.json", "--by", spec["by"], *_followed(spec))
    command = page.command_of((*words, "--adjust", adjust, "--dispersion", dispersion, "--mode", mode))
    return units_of_cohort(cohort, follow, rules_for(mode), command, by=spec["by"], adjust=adjust, way=dispersion)


def _outcome(spec: Spec, snapshot: Snapshot, without: Collection[int]) -> Cohort | None:
    return None if spec["outcome"] is None else members(spec["outcome"], snapshot, without)


def _followed(spec: Spec) -> tuple[str, ...]:
    return ("--outcome", "death" if spec["outcome"] is None else "outcome.json", "--within", str(spec["within"]))


def _side(side: dict[str, Any], snapshot: Snapshot, without: Collection[int]) -> Cohort | Sent:
    return sent(side["name"], side["counts"]) if "counts" in side else members(side, snapshot, without)


def members(cohort: dict[str, Any], snapshot: Snapshot, without: Collection[int]) -> Cohort:
    """The cohort of an object with name and expression, without some persons."""
    return cohort_without(run_cohort(read_inline(cohort, str(cohort["name"])), snapshot), without)


def _results(
    spec: Spec, snapshot: Snapshot, without: Collection[int], healthy: Cohort | None = None
) -> tuple[Analyte, Results]:
    analyte = find_analyte(snapshot, spec["analyte"], spec["unit"] or None)
    return analyte, results_of(snapshot, analyte, healthy=healthy, without=without)


def _records(snapshot: Snapshot, without: Collection[int]) -> tuple[str, ...]:
    """The records as a command names them."""
    objected = ("--objected", "objected.txt") if without else ()
    return ("--store", "STORE", "--snapshot", snapshot.version, *objected)


ANSWERS: Mapping[Kind, Callable[[Spec, Snapshot, Collection[int], str, Progress], Report]] = {
    Kind.INTERVALS: of_intervals,
    Kind.ASSAY: of_assay,
    Kind.TABLE1: of_table1,
    Kind.RATES: of_rates,
    Kind.FUNNEL: of_funnel,
}
