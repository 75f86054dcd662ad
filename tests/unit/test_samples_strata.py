"""Persons by condition are those of a plain count, for everybody and for any cohort."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from wardbench.core.errors import InputError
from wardbench.core.store import Snapshot, Store
from wardbench.ward.samples import Strata

PERSONS = 300


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> tuple[Snapshot, list[tuple[int, int]]]:
    """Conditions some of which nearly everybody has and others hardly anybody, twice, and one person unobserved."""
    folder: Path = tmp_path_factory.mktemp("strata")
    chance = np.random.default_rng(3)
    rows = [(int(person), int(400 * chance.random() ** 3)) for person in chance.integers(1, PERSONS + 2, 2500)]
    with Store.open_or_create(folder / "store").draft() as draft:
        con = draft.connect()
        draft.write(con, "observation_period", f"SELECT range + 1 AS observation_period_id, range + 1 AS person_id,"
                    f" DATE '2000-01-01' AS observation_period_start_date, DATE '2020-01-01' AS"
                    f" observation_period_end_date, 0 AS period_type_concept_id FROM range({PERSONS})")  # fmt: skip
        values = ", ".join(f"({n}, {person}, {concept})" for n, (person, concept) in enumerate(rows))
        draft.write(con, "condition_occurrence", "SELECT a AS condition_occurrence_id, b AS person_id,"
                    " c AS condition_concept_id, DATE '2010-01-01' + (a % 7)::INTEGER AS condition_start_date,"
                    f" 0 AS condition_type_concept_id FROM (VALUES {values}) AS given(a, b, c)")  # fmt: skip
        con.close()
        return draft.commit({}), rows


def plain(rows: list[tuple[int, int]], persons: set[int]) -> dict[int, int]:
    pairs = {(person, concept) for person, concept in rows if person in persons and person <= PERSONS}
    return {c: sum(concept == c for _, concept in pairs) for c in sorted({concept for _, concept in pairs})}


def test_of_everybody_and_of_cohorts(store: tuple[Snapshot, list[tuple[int, int]]]) -> None:
    snapshot, rows = store
    for _ in range(2):
        # The second time from the columns that were kept.
        strata = Strata(snapshot)
        assert strata.everybody().to_dict() == plain(rows, set(range(PERSONS + 2)))
        for cohort in (set(), {5}, set(range(1, PERSONS + 1, 3)), {999, PERSONS + 1, 2}):
            ids = np.array(sorted(cohort), np.int64)
            assert strata.within(ids).to_dict() == plain(rows, cohort)
        assert strata.within(np.array([7, 7])).to_dict() == plain(rows, {7})


def test_both_spellings_are_used(store: tuple[Snapshot, list[tuple[int, int]]]) -> None:
    counts = Strata(store[0]).everybody().persons
    assert (counts * 64 > PERSONS).any() and (counts * 64 <= PERSONS).any()


def test_a_table_that_is_none_of_events_is_refused(store: tuple[Snapshot, list[tuple[int, int]]]) -> None:
    with pytest.raises(InputError, match="no table of events"):
        Strata(store[0], "concept")
    assert Strata(store[0], "drug_exposure").everybody().to_dict() == {}
