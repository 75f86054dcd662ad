"""Plans on a Spark cluster of separate processes: the expected rows, also when a worker dies, and clear refusals."""

from __future__ import annotations

import csv
import hashlib
import json
import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from dense_hospital import make_dense_snapshot
from spark_cluster import SETTINGS, running
from tiny_cohort_hospital import expression, person, snapshot
from wardbench.core.errors import InputError, NotFoundError
from wardbench.core.store import Snapshot
from wardbench.ward.cohorts import Definition, lower, read_definitions, run_cohort
from wardbench.ward.cohorts.definition.reading import Entry
from wardbench.ward.cohorts.engines import Engine
from wardbench.ward.cohorts.engines.spark import Spark
from wardbench.ward.cohorts.run import cohort_of

LIBRARY = "phenotype_library.jsonl.gz"
NIGHTLY = os.environ.get("WARDBENCH_NIGHTLY") == "1"
FEATURES = (
    "CustomEra",
    "DateOffset",
    "CensoringCriteria",
    "CorrelatedCriteria",
    "AdditionalCriteria",
    "InclusionRules",
    "ValueAsNumber",
    "IsDistinct",
    "EndWindow",
    "RestrictVisit",
)


def of_every_shape(path: Path, count: int) -> list[Definition]:
    """At least `count` definitions: for each feature those with it, small ones first, until there are enough."""
    definitions = list(read_definitions(path))
    texts = {d.id: _said(d) for d in definitions}
    by_size = sorted(definitions, key=lambda d: (len(texts[d.id]), d.id))
    chosen: dict[int, Definition] = {}
    for place in range(len(definitions)):
        for feature in FEATURES:
            having = [d for d in by_size if feature in texts[d.id] and d.id not in chosen]
            if having and len(chosen) < max(count, len(FEATURES)):
                found = having[min(10 * place, len(having) - 1)]
                chosen[found.id] = found
        if len(chosen) >= count:
            return list(chosen.values())
    return list(chosen.values())


def _said(definition: Definition) -> str:
    import msgspec

    return json.dumps(_without_nothing(msgspec.to_builtins(definition.expression)))


def _without_nothing(value: object) -> object:
    if isinstance(value, dict):
        return {k: _without_nothing(v) for k, v in value.items() if v not in (None, False, [])}
    return [_without_nothing(v) for v in value] if isinstance(value, list | tuple) else value


def digests(definitions: Sequence[Definition], engine: Engine) -> dict[int, str]:
    plans = [lower(definition) for definition in definitions]
    found = {}
    with engine.open(plans) as evaluator:
        for definition, plan in zip(definitions, plans, strict=True):
            rows = cohort_of(definition, plan, evaluator.evaluate(plan), engine.version).rows
            columns = (rows[name].to_pylist() for name in ("subject_id", "cohort_start_date", "cohort_end_date"))
            lines = "\n".join(f"{a},{b},{c}" for a, b, c in sorted(zip(*columns, strict=True)))
            found[definition.id] = hashlib.md5(lines.encode()).hexdigest()
    return found


def test_a_cluster_gives_the_expected_rows(shared: Path, tmp_path: Path) -> None:
    circe = shared / "data" / "circe"
    definitions = of_every_shape(circe / LIBRARY, 50 if NIGHTLY else 10)
    with running() as cluster:
        hospital = make_dense_snapshot(shared, tmp_path, definitions=LIBRARY, persons=2000, seed=1)
        with (circe / "expected_phenotype_library.csv").open(newline="") as lines:
            expected = {int(row["cohort_id"]): row["md5"] for row in csv.DictReader(lines)}
        wanted = {definition.id: expected[definition.id] for definition in definitions}
        engine = Spark(hospital, cluster.master, settings=SETTINGS)
        assert digests(definitions, engine) == wanted
        # What two plans share, and one plan after another, on a cluster that has lost a worker.
        cluster.kill_worker()
        some = definitions[:1]
        assert digests(some, engine) == {definition.id: wanted[definition.id] for definition in some}


def test_an_address_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="spark://host:7077"):
        Spark(_hospital(tmp_path), "http://localhost")


def test_a_cluster_that_does_not_answer_is_said(tmp_path: Path) -> None:
    pytest.importorskip("pyspark", reason="PySpark is not installed")
    definition = Entry(1, "n", "n", expression()).decode()
    with pytest.raises(NotFoundError, match="cannot be reached"):
        run_cohort(definition, Spark(_hospital(tmp_path), "sc://127.0.0.1:1"))


def _hospital(folder: Path) -> Snapshot:
    return snapshot(folder / "store", person=[person(1)])
