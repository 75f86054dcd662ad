"""Eras and periods against a second implementation that goes day by day, on tiny domains full of ties."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, timedelta

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wardbench.core.omop.tables import TABLES
from wardbench.ward.ingest import eras, periods

DAY = date(2020, 2, 1)
LAST = 80
SPANS = st.tuples(
    st.integers(1, 2),
    st.sampled_from([0, 7, 8]),
    st.integers(0, LAST),
    st.none() | st.integers(-2, 40),
    st.none() | st.integers(0, 40),
)
Span = tuple[int, int, int, int | None, int | None]
INGREDIENTS = {7: [70], 8: [70, 80], 70: [70]}


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(":memory:") as con:
        for table in TABLES.values():
            columns = ", ".join(f'"{c.name}" {c.sql_type}' for c in table.columns)
            con.execute(f"CREATE TABLE {table.name} ({columns})")
        yield con


def fill(con: duckdb.DuckDBPyConnection, table: str, columns: str, rows: Iterable[tuple[object, ...]]) -> None:
    """Make `rows` all that `table` holds."""
    con.execute(f"DELETE FROM {table}")
    values = ", ".join("(" + ", ".join("NULL" if v is None else f"'{v}'" for v in row) + ")" for row in rows)
    if values:
        con.execute(f"INSERT INTO {table} ({columns}) VALUES {values}")


def later(start: int, days: int | None) -> date | None:
    return None if days is None else day(start + days)


def day(offset: int) -> date:
    return DAY + timedelta(days=offset)


def swept(covered: list[tuple[int, int]], window: int) -> list[tuple[int, int, int]]:
    """Eras of one person and concept as (first, last, records), by lighting half days and looking for dark ones."""
    lit = {half for first, last in covered for half in range(2 * first, 2 * (last + window) + 1)}
    found = []
    for start in sorted(half for half in lit if half - 1 not in lit):
        stop = next(half for half in range(start, start + 10_000) if half not in lit)
        inside = [(first, last) for first, last in covered if start <= 2 * first < stop]
        found.append((start // 2, max(last for _, last in inside), len(inside)))
    return found


def groups(spans: list[Span], concepts: dict[int, list[int]]) -> dict[tuple[int, int], list[tuple[int, int]]]:
    grouped = defaultdict(list)
    for person, concept, start, length, supply in spans:
        end = start + length if length is not None else start + (supply or 1)
        for target in concepts.get(concept, []):
            grouped[person, target].append((start, max(start, end)))
    return grouped


@settings(deadline=None)
@given(spans=st.lists(SPANS, max_size=9))
def test_condition_eras(con: duckdb.DuckDBPyConnection, spans: list[Span]) -> None:
    columns = "person_id, condition_concept_id, condition_start_date, condition_end_date"
    rows = [(person, concept, day(start), later(start, length)) for person, concept, start, length, _ in spans]
    fill(con, "condition_occurrence", columns, rows)
    expected = Counter(
        (person, concept, day(first), day(last), records)
        for (person, concept), covered in groups([(*s[:4], None) for s in spans], {7: [7], 8: [8]}).items()
        for first, last, records in swept(covered, 30)
    )
    made = con.execute(f"SELECT * FROM ({eras.condition_eras()}) ORDER BY condition_era_id").fetchall()
    assert [row[0] for row in made] == list(range(1, len(made) + 1))
    assert Counter(row[1:] for row in made) == expected


@settings(deadline=None)
@given(spans=st.lists(SPANS, max_size=9))
def test_drug_eras(con: duckdb.DuckDBPyConnection, spans: list[Span]) -> None:
    concepts = [(70, "Ingredient", "RxNorm"), (80, "Ingredient", "RxNorm Extension")]
    others = [(7, "Clinical Drug", "RxNorm"), (99, "ATC 5th", "ATC")]
    fill(con, "concept", "concept_id, concept_class_id, vocabulary_id", concepts + others)
    ancestors = [(a, drug, 0, 1) for drug, found in {**INGREDIENTS, 0: [70]}.items() for a in [*found, 99, 7]]
    fill(con, "concept_ancestor", ", ".join(TABLES["concept_ancestor"].column_names), ancestors)
    columns = "person_id, drug_concept_id, drug_exposure_start_date, drug_exposure_end_date, days_supply"
    rows = [(person, drug, day(start), later(start, n), supply) for person, drug, start, n, supply in spans]
    fill(con, "drug_exposure", columns, rows)
    expected: Counter[tuple[int, int, date, date, int, int]] = Counter()
    for (person, ingredient), covered in groups(spans, INGREDIENTS).items():
        exposed = swept(covered, 0)
        for first, last, records in swept(covered, 30):
            days = sum(end - start for start, end, _ in exposed if first <= start <= last)
            expected[person, ingredient, day(first), day(last), records, last - first - days] += 1
    made = con.execute(f"SELECT * FROM ({eras.drug_eras()}) ORDER BY drug_era_id").fetchall()
    assert Counter(row[1:] for row in made) == expected
    assert eras.knows_ingredients(con)
    con.execute("DELETE FROM concept_ancestor")
    assert not eras.knows_ingredients(con)


@settings(deadline=None)
@given(spans=st.lists(SPANS, max_size=9), days=st.lists(st.tuples(st.integers(1, 3), st.integers(0, LAST)), max_size=4))
def test_observation_periods(con: duckdb.DuckDBPyConnection, spans: list[Span], days: list[tuple[int, int]]) -> None:
    for table in periods.EVENT_TABLES:
        con.execute(f"DELETE FROM {table}")
    fill(con, "death", "person_id, death_date", [(1, "2031-01-01"), (4, "2031-01-01")])
    visits = [(person, day(start), later(start, length)) for person, _, start, length, _ in spans]
    fill(con, "visit_occurrence", "person_id, visit_start_date, visit_end_date", visits)
    measured = [(person, day(offset)) for person, offset in days]
    fill(con, "measurement", "person_id, measurement_date", [*measured, (5, None)])
    seen = defaultdict(set)
    for person, first, last in [*visits, *((person, when, None) for person, when in measured)]:
        seen[person] |= {first, max(first, last or first)}
    expected = [(p, p, min(found), max(found), 32882) for p, found in sorted(seen.items())]
    assert con.execute(f"{periods.observation_periods()} ORDER BY ALL").fetchall() == expected
    deaths = con.execute(f"{periods.observation_periods(['death'])} ORDER BY ALL").fetchall()
    assert [row[0] for row in deaths] == [1, 4]
