"""The stories' cohort definitions name the concepts of the store they are for, and are read without complaint."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import msgspec
import pytest

from wardbench.core.errors import NotFoundError
from wardbench.core.store import Snapshot
from wardbench.synthetic import codes, definitions, write_store
from wardbench.ward.cohorts.definition import read_definition
from wardbench.ward.cohorts.lower import lower
from wardbench.ward.cohorts.run import run_cohort


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    return write_store(tmp_path_factory.mktemp("synthetic") / "store", 1500, 1)[0]


@pytest.fixture(scope="module")
def con(snapshot: Snapshot) -> Iterator[duckdb.DuckDBPyConnection]:
    with snapshot.connect() as con:
        yield con


def concepts(document: dict) -> list[tuple[int, str]]:
    return [
        (item["concept"]["CONCEPT_ID"], item["concept"]["CONCEPT_CODE"])
        for concept_set in document["ConceptSets"]
        for item in concept_set["expression"]["items"]
    ]


def test_every_definition_can_be_read_and_has_rules_to_narrow_down(
    tmp_path: Path, con: duckdb.DuckDBPyConnection
) -> None:
    written = definitions.write(con, tmp_path / "definitions")
    assert list(written) == list(definitions.DEFINITIONS)
    for path in written.values():
        lower(read_definition(path))
        assert 4 <= len(msgspec.json.decode(path.read_bytes())["InclusionRules"]) <= 8


@pytest.mark.parametrize("name", definitions.DEFINITIONS)
def test_the_rules_narrow_down_the_persons_and_leave_some(
    tmp_path: Path, snapshot: Snapshot, con: duckdb.DuckDBPyConnection, name: str
) -> None:
    cohort = run_cohort(read_definition(definitions.write(con, tmp_path)[name]), snapshot)
    persons = [step.persons for step in cohort.attrition]
    assert persons == sorted(persons, reverse=True)
    assert persons[0] > persons[-1] > 0
    assert len(set(persons)) >= 4


@pytest.mark.parametrize("name", definitions.DEFINITIONS)
def test_concept_sets_hold_the_stores_own_concepts(con: duckdb.DuckDBPyConnection, name: str) -> None:
    found = concepts(definitions.definition(con, name))
    assert found
    for concept, code in found:
        assert con.execute("SELECT concept_code FROM concept WHERE concept_id = ?", [concept]).fetchone() == (code,)


def test_concept_ids_follow_the_store_whatever_it_calls_its_vocabularies() -> None:
    with duckdb.connect() as other:
        other.execute(
            "CREATE TABLE concept AS SELECT 2000000777 + i AS concept_id, 'x' AS concept_name, 'Drug' AS domain_id,"
            " vocabulary AS vocabulary_id, 'x' AS concept_class_id, code AS concept_code"
            f" FROM (VALUES (0, '{codes.RXNORM}', '327361'), (1, 'RxNorm', '6851'), (2, 'SNOMED', '69896004'),"
            " (3, 'LOINC', '1988-5'), (4, 'LOINC', '69896004')) t(i, vocabulary, code)"
        )
        found = concepts(definitions.definition(other, "arthritis-on-anti-tnf"))
        # Etanercept is not in this store: the set of inhibitors holds the other one.
        assert {code: concept for concept, code in found} == {
            "327361": 2000000777,
            "6851": 2000000778,
            "69896004": 2000000779,
            "1988-5": 2000000780,
        }
        with pytest.raises(NotFoundError, match="RxNorm 6809"):
            definitions.definition(other, "new-metformin")


def test_a_definition_that_is_not_there_is_named(con: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(NotFoundError, match="gout: no such definition; there are new-metformin"):
        definitions.definition(con, "gout")
