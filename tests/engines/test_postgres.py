"""Plans on PostgreSQL: the same rows as everywhere else, read only, and refusals in a sentence."""

from __future__ import annotations

import csv
import hashlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings

from dense_hospital import make_dense_snapshot
from generative.hospital import Hospital, hospitals
from generative.plans import cohort_plans
from generative.test_engines_agree import EXAMPLES
from postgres_server import PASSWORD, Server, connected, filled, make_schema, put, running
from spec.example import all_cases
from spec.tables import expected, hospital
from tiny_cohort_hospital import concepts, expression, observed, on, person
from wardbench.core.errors import InputError, NotFoundError, StorageError, UnsupportedError, WardbenchError
from wardbench.core.omop.tables import TABLES
from wardbench.ward.cohorts import lower, read_definitions, reference, run_cohort
from wardbench.ward.cohorts.definition import Entry
from wardbench.ward.cohorts.engines.postgres import Postgres
from wardbench.ward.cohorts.plan import CohortPlan
from wardbench.ward.cohorts.records import EXTENSIONS
from wardbench.ward.cohorts.run import cohort_of


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running() as one:
        make_schema(one, "cdm")
        yield one


def rows_of(engine: Postgres, plan: CohortPlan) -> tuple[list[tuple[Any, ...]], Any]:
    with engine.open([plan]) as evaluator:
        found = evaluator.evaluate(plan)
    return list(zip(*(found.rows[name].to_pylist() for name in found.rows.column_names), strict=True)), found.inclusion


def test_every_spec_example_gives_the_same_cohort(server: Server, tmp_path: Path) -> None:
    engine = Postgres(server.url(), schema="cdm")
    tried = 0
    for case in all_cases():
        tables = hospital(case.hospital)
        with filled(server, "cdm", tables):
            for example in case.examples:
                plan = example.plan(tmp_path)
                columns, rows = expected(example.rows)
                found, inclusion = rows_of(engine, plan)
                said = f"{case.name}: {example.says}"
                assert [row for row in found if row[2]] == reference.cohort_rows(plan, tables), said
                if set(columns) == {"person_id", "start_date", "end_date"}:
                    assert Counter(found) == Counter(
                        tuple(row[columns.index(n)] for n in ("person_id", "start_date", "end_date")) for row in rows
                    ), said
                if example.narrowing is not None:
                    assert tuple((n.events, n.persons) for n in inclusion.narrowing) == example.narrowing, said
                tried += 1
    assert tried > 100


def test_random_plans_on_random_hospitals_give_the_same_cohorts(server: Server) -> None:
    engine = Postgres(server.url(), schema="cdm")

    @settings(EXAMPLES, max_examples=60)
    @given(hospitals(), cohort_plans())
    def same(tables: Hospital, plan: CohortPlan) -> None:
        with filled(server, "cdm", tables):
            found, inclusion = rows_of(engine, plan)
        assert found == reference.cohort_rows(plan, tables)
        assert [(n.events, n.persons) for n in inclusion.narrowing] == reference.narrowing(plan, tables)

    same()


def test_definitions_of_the_phenotype_library_give_the_expected_rows(
    server: Server, shared: Path, tmp_path: Path
) -> None:
    circe = shared / "data" / "circe"
    library = "phenotype_library.jsonl.gz"
    snapshot = make_dense_snapshot(shared, tmp_path, definitions=library, persons=2000, seed=1)
    make_schema(server, "dense")
    with connected(server) as cursor:
        for name in snapshot.tables:
            if name in TABLES:
                put(cursor, "dense", name, pq.read_table(snapshot.path(name)))
        cursor.execute("ANALYZE")
    with (circe / "expected_phenotype_library.csv").open(newline="") as lines:
        wanted = {int(row["cohort_id"]): row for row in csv.DictReader(lines)}
    definitions = list(read_definitions(circe / library))[::45]
    engine = Postgres(server.url(), schema="dense")
    plans = [lower(definition) for definition in definitions]
    unequal = []
    with engine.open(plans) as evaluator:
        for definition, plan in zip(definitions, plans, strict=True):
            cohort = cohort_of(definition, plan, evaluator.evaluate(plan), engine.version)
            names = ("subject_id", "cohort_start_date", "cohort_end_date")
            rows = zip(*(cohort.rows[name].to_pylist() for name in names), strict=True)
            lines_ = "\n".join(f"{person},{start},{end}" for person, start, end in sorted(rows))
            if hashlib.md5(lines_.encode()).hexdigest() != wanted[definition.id]["md5"]:
                unequal.append(definition.id)
    assert unequal == []
    assert len(definitions) >= 20


def test_the_server_itself_refuses_a_change(server: Server) -> None:
    engine = Postgres(server.url(), schema="cdm")
    for change in ("INSERT INTO person (person_id) VALUES (1)", "CREATE TEMP TABLE t (a int)"):
        with pytest.raises(StorageError, match="25006"), engine._transaction() as cursor:
            cursor.execute(change)


def entry() -> CohortPlan:
    from wardbench.ward.cohorts.plan import Collapse, Events, InObservation, Number

    found = Number(InObservation(Events("condition_occurrence")))
    return CohortPlan(found, (), Collapse(found))


@pytest.mark.parametrize(
    ("url", "schema", "kind", "said"),
    [
        ("{right}", "nowhere", NotFoundError, "there is no table"),
        ("{wrong password}", "cdm", NotFoundError, "cannot be reached, or it refuses this user"),
        ("{other port}", "cdm", NotFoundError, "cannot be reached"),
        ("{other database}", "cdm", NotFoundError, "cannot be reached, or it refuses"),
        ("{stranger}", "cdm", NotFoundError, "may not read it"),
        ("mysql://localhost", "cdm", InputError, "begins with postgresql://"),
    ],
)
def test_what_is_wrong_is_said_without_a_password(
    server: Server, url: str, schema: str, kind: type[WardbenchError], said: str
) -> None:
    with connected(server) as cursor:
        cursor.execute("DROP ROLE IF EXISTS stranger")
        cursor.execute("CREATE ROLE stranger LOGIN PASSWORD 'secret stranger'")
    urls = {
        "{right}": server.url(),
        "{wrong password}": server.url(password="secret wrong"),
        "{other port}": Server(server.host, 1).url(),
        "{other database}": server.url(database="nowhere"),
        "{stranger}": server.url("stranger", "secret stranger"),
    }
    with pytest.raises(kind, match=said) as refused:
        rows_of(Postgres(urls.get(url, url), schema=schema), entry())
    assert PASSWORD not in str(refused.value) and "secret" not in str(refused.value)


def test_a_version_names_the_database_and_the_moment_but_no_password(server: Server) -> None:
    version = Postgres(server.url(), schema="cdm").version
    assert version.startswith(f"postgresql 127.0.0.1:{server.port}/postgres cdm at 20")


def test_what_a_database_has_beyond_the_cdm_is_found_and_used(server: Server) -> None:
    make_schema(server, "plain", wide=False)
    wide, plain = (Postgres(server.url(), schema=schema) for schema in ("cdm", "plain"))
    assert wide.extensions == set(EXTENSIONS)
    assert plain.extensions == frozenset()
    asked = {"LocationRegion": {"CodesetId": 1}}
    definition = Entry(1, "where", "where", expression(asked)).decode()
    with pytest.raises(
        UnsupportedError, match=r"where: .*LocationRegion: CDM 5.4 has no location_history"
    ):
        run_cohort(definition, plain)
    tables = {
        "person": [person(1)],
        "observation_period": [observed(1, 1)],
        "concept": [dict(row) for row in concepts(1)],
        "location": [{"location_id": 1, "region_concept_id": 1}],
        "location_history": [
            {
                "location_history_id": 1,
                "location_id": 1,
                "domain_id": "PERSON",
                "entity_id": 1,
                "start_date": on(2),
                "end_date": None,
            }
        ],
    }
    with filled(server, "cdm", tables):
        assert run_cohort(definition, wide).rows["cohort_start_date"].to_pylist() == [on(2)]
