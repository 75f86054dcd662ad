"""Plans on PostgreSQL: the same rows as everywhere else, read only, and refusals in a sentence."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings

from engines.conftest import NIGHTLY
from engines.library import Library, plans_of, told
from generative.hospital import Hospital, hospitals
from generative.plans import cohort_plans
from generative.test_engines_agree import EXAMPLES
from postgres_server import PASSWORD, Server, connected, filled, make_schema, put
from spec.example import all_cases
from spec.tables import expected, hospital
from tiny_cohort_hospital import concepts, condition, expression, observed, on, person
from wardbench.core.errors import InputError, NotFoundError, StorageError, UnsupportedError, WardbenchError
from wardbench.ward.cohorts import reference, run_cohort
from wardbench.ward.cohorts.definition import Entry
from wardbench.ward.cohorts.engines.arrays import Arrays
from wardbench.ward.cohorts.engines.postgres import Postgres
from wardbench.ward.cohorts.plan import CohortPlan
from wardbench.ward.cohorts.records import EXTENSIONS


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


@pytest.fixture(scope="module")
def dense(server: Server, library: Library) -> Postgres:
    """The hospital of the phenotype library, in a schema of its own."""
    make_schema(server, "dense", wide=False)
    with connected(server) as cursor:
        for name in library.snapshot.tables:
            put(cursor, "dense", name, pq.read_table(library.snapshot.path(name)))
        cursor.execute("ANALYZE")
    return Postgres(server.url(), schema="dense")


def test_definitions_of_the_phenotype_library_give_the_expected_rows(dense: Postgres, library: Library) -> None:
    plans = plans_of(library.definitions if NIGHTLY else library.of_every_shape(2))
    assert len(plans) >= (50 if NIGHTLY else 20)
    with dense.open(list(plans.values())) as database, Arrays(library.snapshot).open(list(plans.values())) as arrays:
        found = told(database, plans)
        assert found == told(arrays, plans)
    assert {number: said for number, (said, _) in found.items()} == {n: library.expected[n] for n in plans}


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
        ("{guest}", "cdm", NotFoundError, "may not read the table"),
        ("mysql://localhost", "cdm", InputError, "postgresql://user@host"),
        ("postgresql://u:secret", "cdm", InputError, "postgresql://user@host"),
        ("postgresql://u:secret@more@localhost/d", "cdm", InputError, "postgresql://user@host"),
        ("postgresql://u:secret/more@127.0.0.1:1/d", "cdm", NotFoundError, "127.0.0.1:1/d: .* cannot be reached"),
        ("postgresql://u:secret#more@127.0.0.1:1/d", "cdm", NotFoundError, "127.0.0.1:1/d: .* cannot be reached"),
    ],
)
def test_what_is_wrong_is_said_without_a_password(
    server: Server, url: str, schema: str, kind: type[WardbenchError], said: str
) -> None:
    with connected(server) as cursor:
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = 'stranger'")
        if cursor.fetchone() is None:
            cursor.execute("CREATE ROLE stranger LOGIN PASSWORD 'secret stranger'")
            cursor.execute("CREATE ROLE guest LOGIN PASSWORD 'secret guest'")
            cursor.execute("GRANT USAGE ON SCHEMA cdm TO guest")
    urls = {
        "{right}": server.url(),
        "{wrong password}": server.url(password="secret wrong"),
        "{other port}": Server(server.host, 1).url(),
        "{other database}": server.url(database="nowhere"),
        "{stranger}": server.url("stranger", "secret stranger"),
        "{guest}": server.url("guest", "secret guest"),
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
    with pytest.raises(UnsupportedError, match=r"where: .*LocationRegion: CDM 5.4 has no location_history"):
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


def test_a_vocabulary_in_a_schema_of_its_own_is_the_one_that_counts(server: Server) -> None:
    """A CDM's schema often has the vocabulary's tables too, empty."""
    make_schema(server, "vocabulary", wide=False)
    definition = Entry(1, "n", "n", expression()).decode()
    clinical = {
        "person": [person(1)],
        "observation_period": [observed(1, 1)],
        "condition_occurrence": [condition(1, 1, 10)],
    }
    engine = Postgres(server.url(), schema="cdm", vocabulary_schema="vocabulary")
    with filled(server, "cdm", clinical), filled(server, "vocabulary", {"concept": list(concepts(1))}):
        assert run_cohort(definition, engine).rows["subject_id"].to_pylist() == [1]
        assert run_cohort(definition, Postgres(server.url(), schema="cdm")).records == 0
