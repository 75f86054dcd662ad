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
from wardbench.ward.cohorts.engines.duckdb_sql import DuckDB
from wardbench.ward.cohorts.records import EXTENSIONS
from wardbench.ward.cohorts.run import cohort_of

INCLUSION_TABLES = ("inclusion_stats", "inclusion_result", "summary_stats")
LIBRARY = "phenotype_library.jsonl.gz"
OWN_TESTS = "circe_be.jsonl.gz"


def test_the_whole_phenotype_library_gives_exactly_the_expected_rows(shared: Path, tmp_path: Path) -> None:
    circe = shared / "data" / "circe"
    snapshot = make_dense_snapshot(shared, tmp_path, definitions=LIBRARY, persons=2000, seed=1)
    expected = _by_id(circe / "expected_phenotype_library.csv")
    statistics = [_inclusion_table(circe / f"{name}.csv") for name in INCLUSION_TABLES]
    definitions = list(read_definitions(circe / LIBRARY))
    assert len(definitions) == len(expected) == 1100

    unequal, with_rules = [], 0
    for cohort in _cohorts(definitions, snapshot):
        if not _equal(cohort, expected[cohort.cohort_definition_id]):
            unequal.append(cohort.cohort_definition_id)
        if cohort.rule_names:
            with_rules += 1
            assert _inclusion_tables(cohort) == [table[cohort.cohort_definition_id] for table in statistics]
    assert unequal == []
    assert with_rules == 268


REFUSED = {
    900025: "InclusionRules[0].expression.CriteriaList[0].Criteria.LocationRegion: CDM 5.4 has no location_history.",
    900026: "InclusionRules[6].expression.CriteriaList[0].Criteria.DrugExposure.EffectiveDrugDose:"
    " CDM 5.4 has no drug_exposure.effective_drug_dose.",
    900056: "PrimaryCriteria.CriteriaList[0].DrugExposure.EffectiveDrugDose:"
    " CDM 5.4 has no drug_exposure.effective_drug_dose.",
    900065: "PrimaryCriteria.CriteriaList[0].VisitOccurrence.PlaceOfServiceLocation: CDM 5.4 has no location_history.",
}


def test_every_definition_of_the_reference_engines_own_tests_has_a_plan(shared: Path) -> None:
    entries = list(read_entries(shared / "data" / "circe" / OWN_TESTS))
    assert len({lower(entry.decode(), extensions=EXTENSIONS) for entry in entries}) > 50


def test_the_reference_engines_own_tests_are_equal_or_refused_by_path(shared: Path, tmp_path: Path) -> None:
    circe = shared / "data" / "circe"
    snapshot = make_dense_snapshot(shared, tmp_path, definitions=OWN_TESTS, persons=2000, seed=2)
    expected = _by_id(circe / "expected_circe_be.csv")
    ready, refused = [], {}
    for entry in read_entries(circe / OWN_TESTS):
        try:
            definition = entry.decode()
            lower(definition)
            ready.append(definition)
        except (InputError, UnsupportedError) as error:
            refused[entry.id] = str(error)
    assert refused == REFUSED
    cohorts = list(_cohorts(ready, snapshot))
    assert [c.cohort_definition_id for c in cohorts if not _equal(c, expected[c.cohort_definition_id])] == []
    assert len(cohorts) == 56


def _cohorts(definitions: list[Definition], snapshot: Snapshot) -> Iterator[Cohort]:
    plans = [lower(definition) for definition in definitions]
    with DuckDB(snapshot).open(plans) as evaluator:
        for definition, plan in zip(definitions, plans, strict=True):
            yield cohort_of(definition, plan, evaluator.evaluate(plan), snapshot.version)


def _inclusion_tables(cohort: Cohort) -> list[list[tuple[int, ...]]]:
    """What OHDSI's tables of inclusion statistics say of a cohort: by event (mode 0) and by person (mode 1)."""
    found = cohort.inclusion
    modes = (found.events, found.persons)
    rules = [(n, r.satisfying, r.gain, r.total) for masks in modes for n, r in enumerate(found.rules(masks))]
    return [
        [(mode, *row) for mode, row in zip(sorted([0, 1] * found.number_of_rules), rules, strict=True)],
        [(mode, mask, n) for mode, masks in enumerate(modes) for mask, n in sorted(masks.items()) if n],
        [(mode, sum(masks.values()), found.satisfying_all(masks)) for mode, masks in enumerate(modes)],
    ]


def _inclusion_table(path: Path) -> dict[int, list[tuple[int, ...]]]:
    """The rows of each cohort without its id, sorted."""
    tables: dict[int, list[tuple[int, ...]]] = {}
    with path.open(newline="") as lines:
        for row in list(csv.reader(lines))[1:]:
            tables.setdefault(int(row[0]), []).append(tuple(map(int, row[1:])))
    return {id: sorted(rows) for id, rows in tables.items()}


def _by_id(path: Path) -> dict[int, dict[str, str]]:
    with path.open(newline="") as lines:
        return {int(row["cohort_id"]): row for row in csv.DictReader(lines)}


def _equal(cohort: Cohort, expected: dict[str, str]) -> bool:
    figures = (str(cohort.records), str(cohort.persons), _digest(cohort.rows))
    return figures == (expected["rows"], expected["subjects"], expected["md5"])


def _digest(rows: pa.Table) -> str:
    columns = [rows[name].to_pylist() for name in ("subject_id", "cohort_start_date", "cohort_end_date")]
    lines = (f"{person},{start},{end}" for person, start, end in sorted(zip(*columns, strict=True)))
    return hashlib.md5("\n".join(lines).encode()).hexdigest()
