"""Random hospitals small enough that ties and boundaries happen all the time: three people, three codes, eight days."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import duckdb
import pyarrow as pa
from hypothesis import strategies as st

from wide_tables import WIDE_TABLES, create_table

PEOPLE = (1, 2, 3)
CODES = (11, 12, 13)
SOURCE_CODE = 19
FIRST_DAY = date(2020, 1, 1)
DAYS = 8

Row = dict[str, Any]
Hospital = dict[str, list[Row]]

people = st.sampled_from(PEOPLE)
codes = st.sampled_from((*CODES, 0))
days = st.integers(0, DAYS - 1).map(lambda n: FIRST_DAY + timedelta(n))
visits = st.none() | st.sampled_from((1, 2))


def maybe(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | strategy


def rows(*, size: int, **columns: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Row]]:
    return st.lists(st.fixed_dictionaries(columns), min_size=size // 2, max_size=size)


_LATER = st.integers(0, 4)
_NUMBERS = st.sampled_from((0.0, 1.0, 2.0, 3.0))


@st.composite
def hospitals(draw: st.DrawFn) -> Hospital:
    """Rows of every table that plans read. Row ids are unique across tables, as they are in practice."""
    tables: Hospital = {
        "person": [
            {
                "person_id": person,
                "gender_concept_id": draw(st.sampled_from((8507, 8532))),
                "year_of_birth": draw(maybe(st.sampled_from((1980, 1990)))),
            }
            for person in PEOPLE
        ],
        "observation_period": [
            {"person_id": p, "start": FIRST_DAY + timedelta(draw(st.integers(0, 2))), "later": draw(st.integers(3, 9))}
            for p in PEOPLE
        ]
        + draw(rows(size=2, person_id=people, start=days, later=_LATER)),
        "condition_occurrence": draw(
            rows(
                size=6,
                person_id=people,
                condition_concept_id=codes,
                condition_source_concept_id=st.sampled_from((0, SOURCE_CODE)),
                start=days,
                later=maybe(_LATER),
                visit_occurrence_id=visits,
                stop_reason=maybe(st.sampled_from(("cured", "care"))),
                provider_id=maybe(st.just(7)),
            )
        ),
        "drug_exposure": draw(
            rows(
                size=5,
                person_id=people,
                drug_concept_id=codes,
                drug_source_concept_id=st.sampled_from((0, *CODES)),
                start=days,
                later=maybe(_LATER),
                days_supply=maybe(st.integers(0, 3)),
                effective_drug_dose=maybe(_NUMBERS),
                dose_unit_concept_id=maybe(codes),
                visit_occurrence_id=visits,
            )
        ),
        "measurement": draw(
            rows(
                size=5,
                person_id=people,
                measurement_concept_id=codes,
                start=days,
                value_as_number=maybe(_NUMBERS),
                range_low=maybe(_NUMBERS),
                range_high=maybe(_NUMBERS),
                value_as_concept_id=maybe(st.sampled_from((0, 4155142))),
                visit_occurrence_id=visits,
            )
        ),
        "visit_occurrence": [
            {
                "visit_occurrence_id": visit,
                "person_id": draw(people),
                "visit_concept_id": draw(codes),
                "visit_start_date": draw(days),
                "visit_end_date": draw(maybe(days)),
                "care_site_id": draw(maybe(st.sampled_from((1, 2)))),
            }
            for visit in (1, 2)
        ],
        "location": [{"location_id": n, "region_concept_id": draw(maybe(codes))} for n in (1, 2)],
        "location_history": [
            {
                "location_history_id": 50 + n,
                "location_id": draw(st.sampled_from((1, 2))),
                "domain_id": draw(st.sampled_from(("PERSON", "CARE_SITE"))),
                "entity_id": draw(people),
                "start_date": draw(days),
                "end_date": draw(maybe(days)),
            }
            for n in range(draw(st.integers(0, 4)))
        ],
        "provider": [{"provider_id": 7, "specialty_concept_id": 11}],
        "death": [{"person_id": p, "death_date": draw(days)} for p in draw(st.sets(people, max_size=2))],
        "concept": [
            {"concept_id": code, "concept_name": str(code), "invalid_reason": "D" if code == draw(codes) else None}
            for code in (*CODES, SOURCE_CODE)
        ],
        "concept_ancestor": [
            {"ancestor_concept_id": 11, "descendant_concept_id": d} for d in draw(st.sets(st.sampled_from(CODES)))
        ],
        "concept_relationship": [
            {"concept_id_1": SOURCE_CODE, "concept_id_2": 12, "relationship_id": "Maps to", "invalid_reason": reason}
            for reason in draw(st.lists(st.sampled_from((None, "D")), max_size=1))
        ],
    }
    _date_and_number(tables)
    return tables


_SPANS = {
    "observation_period": ("observation_period_id", "observation_period_start_date", "observation_period_end_date"),
    "condition_occurrence": ("condition_occurrence_id", "condition_start_date", "condition_end_date"),
    "drug_exposure": ("drug_exposure_id", "drug_exposure_start_date", "drug_exposure_end_date"),
    "measurement": ("measurement_id", "measurement_date", None),
}


def _date_and_number(tables: Hospital) -> None:
    next_id = 100
    for name, (key, start_date, end_date) in _SPANS.items():
        for row in tables[name]:
            start, later = row.pop("start"), row.pop("later", None)
            row[key] = next_id
            row[start_date] = start
            if end_date:
                row[end_date] = None if later is None else start + timedelta(later)
            next_id += 1


def connect(hospital: Hospital) -> duckdb.DuckDBPyConnection:
    """A connection with every table of the CDM, filled with the hospital's rows."""
    con = duckdb.connect(config={"threads": 1})
    for name in WIDE_TABLES:
        con.execute(create_table(name))
        given = hospital.get(name)
        if given:
            con.register("given", pa.Table.from_pylist(given))
            con.execute(f"INSERT INTO {name} BY NAME SELECT * FROM given")
            con.unregister("given")
    return con
