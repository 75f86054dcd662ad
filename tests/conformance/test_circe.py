"""Every definition of the OHDSI phenotype library, and of the reference engine's own tests, against its results."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from dense_hospital import make_dense_snapshot
from wardbench.core.errors import InputError, UnsupportedError
from wardbench.core.store import Snapshot
from wardbench.ward.cohorts import Cohort, Definition, lower, read_definitions, read_entries
from wardbench.ward.cohorts.run import Workspace, cohort_of

LIBRARY = "phenotype_library.jsonl.gz"
OWN_TESTS = "circe_be.jsonl.gz"


def test_the_whole_phenotype_library_gives_exactly_the_expected_rows(shared: Path, tmp_path: Path) -> None:
    circe = shared / "data" / "circe"
    snapshot = make_dense_snapshot(shared, tmp_path, definitions=LIBRARY, persons=2000, seed=1)
    expected = _by_id(circe / "expected_phenotype_library.csv")
    narrowed = _by_id(circe / "summary_stats.csv", mode="0"), _by_id(circe / "summary_stats.csv", mode="1")
    definitions = list(read_definitions(circe / LIBRARY))
    assert len(definitions) == len(expected) == 1100

    unequal, with_rules = [], 0
    for cohort in _cohorts(definitions, snapshot):
        if not _equal(cohort, expected[cohort.cohort_definition_id]):
            unequal.append(cohort.cohort_definition_id)
        entry, *rules = cohort.attrition[:-1]
        if rules:
            with_rules += 1
            events, persons = (stats[cohort.cohort_definition_id] for stats in narrowed)
            assert (entry.events, rules[-1].events) == (int(events["base_count"]), int(events["final_count"]))
            assert (entry.persons, rules[-1].persons) == (int(persons["base_count"]), int(persons["final_count"]))
    assert unequal == []
    assert with_rules == 268


REFUSED = {
    900011: "ConceptSets[1].id: 2 is the id of an earlier concept set too.",
    900024: "cdmVersionRange >=6.1.0 does not hold CDM 5.4.",
    900025: "InclusionRules[0].expression.CriteriaList[0].Criteria.LocationRegion: not supported.",
    900026: "InclusionRules[4].expression.CriteriaList[0].Criteria.DeviceExposure.UniqueDeviceId:"
    " Object missing required field `Text`.",
    900056: "PrimaryCriteria.CriteriaList[0].DrugExposure.OccurrenceEndDate: not supported.",
    900065: "PrimaryCriteria.CriteriaList[0].VisitOccurrence.PlaceOfServiceLocation: not supported.",
}


def test_the_reference_engines_own_tests_are_equal_or_refused_by_path(shared: Path, tmp_path: Path) -> None:
    circe = shared / "data" / "circe"
    snapshot = make_dense_snapshot(shared, tmp_path, definitions=OWN_TESTS, persons=2000, seed=2)
    expected = _by_id(circe / "expected_circe_be.csv")
    ready, refused = [], {}
    for entry in read_entries(circe / OWN_TESTS):
        try:
            ready.append(entry.decode())
        except (InputError, UnsupportedError) as error:
            refused[entry.id] = str(error)
    assert refused == REFUSED
    cohorts = list(_cohorts(ready, snapshot))
    assert [c.cohort_definition_id for c in cohorts if not _equal(c, expected[c.cohort_definition_id])] == []
    assert len(cohorts) == 54


def _cohorts(definitions: list[Definition], snapshot: Snapshot) -> Iterator[Cohort]:
    plans = [lower(definition) for definition in definitions]
    with Workspace(snapshot, plans) as workspace:
        for definition, plan in zip(definitions, plans, strict=True):
            yield cohort_of(definition, plan, workspace.evaluate(plan), snapshot)


def _by_id(path: Path, *, mode: str | None = None) -> dict[int, dict[str, str]]:
    with path.open(newline="") as lines:
        rows = [row for row in csv.DictReader(lines) if mode is None or row["mode_id"] == mode]
    key = "cohort_id" if "cohort_id" in rows[0] else "cohort_definition_id"
    return {int(row[key]): row for row in rows}


def _equal(cohort: Cohort, expected: dict[str, str]) -> bool:
    figures = (str(cohort.records), str(cohort.persons), _digest(cohort.rows))
    return figures == (expected["rows"], expected["subjects"], expected["md5"])


def _digest(rows: pa.Table) -> str:
    columns = [rows[name].to_pylist() for name in ("subject_id", "cohort_start_date", "cohort_end_date")]
    lines = (f"{person},{start},{end}" for person, start, end in sorted(zip(*columns, strict=True)))
    return hashlib.md5("\n".join(lines).encode()).hexdigest()
