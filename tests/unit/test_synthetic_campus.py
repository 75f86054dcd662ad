"""A campus is the same every time, no person depends on the others, and nobody acts before or after life."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from wardbench.core.errors import InputError
from wardbench.core.store import Snapshot
from wardbench.synthetic import campus, codes, write_store
from wardbench.synthetic.people import END, START
from wardbench.synthetic.records import KINDS, NEVER, RECORDS_PER_PERSON, TABLES


@pytest.fixture(scope="module")
def block() -> campus.Block:
    return campus.make(1, 0, 3000)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Snapshot, dict]:
    return write_store(tmp_path_factory.mktemp("synthetic") / "store", 400, 1)


def test_a_store_is_the_same_every_time_and_whatever_the_blocks(tmp_path: Path, made: tuple[Snapshot, dict]) -> None:
    again, _ = write_store(tmp_path / "again", 400, 1)
    other_blocks, truths = write_store(tmp_path / "blocks", 400, 1, block=37)
    other_seed, _ = write_store(tmp_path / "seed", 400, 2)
    assert made[0].version == again.version == other_blocks.version != other_seed.version
    assert truths == made[1]


def test_the_first_persons_do_not_depend_on_how_many_there_are(block: campus.Block) -> None:
    few = campus.make(1, 0, 50)
    for name in TABLES:
        for column, values in few.tables[name].items():
            kept = block.tables[name]["person"] <= 50
            assert np.array_equal(values, block.tables[name][column][kept], equal_nan=True), (name, column)


def test_persons_of_a_later_block_are_those_of_the_whole(block: campus.Block) -> None:
    some = campus.make(1, 700, 720)
    for name in TABLES:
        person = block.tables[name]["person"]
        kept = (person > 700) & (person <= 720)
        assert np.array_equal(some.tables[name]["id"], block.tables[name]["id"][kept]), name
        assert np.array_equal(some.tables[name]["day"], block.tables[name]["day"][kept]), name


def test_nothing_is_written_before_the_first_visit_or_after_the_last_day(block: campus.Block) -> None:
    lives = block.lives
    assert (lives.birth <= lives.entry).all() and (lives.entry < lives.last).all()
    assert ((lives.death == NEVER) | (lives.death <= np.minimum(lives.leaves, END))).all()
    for name, columns in block.tables.items():
        row = columns["person"] - 1
        assert (columns["day"] >= lives.entry[row]).all(), name
        assert (columns["day"] <= lives.last[row]).all(), name
        assert (columns["day"] >= START).all() and (columns["day"] <= END).all(), name
    visit = block.tables["visit"]
    assert (visit["day"] + visit["length"] <= lives.last[visit["person"] - 1]).all()


def test_every_event_belongs_to_a_visit_of_the_same_person_and_day(block: campus.Block) -> None:
    visit = block.tables["visit"]
    person, day = (
        dict(zip(visit["id"], visit["person"], strict=True)),
        dict(zip(visit["id"], visit["day"], strict=True)),
    )
    for name in TABLES[1:]:
        columns = block.tables[name]
        assert len(columns["id"]) > 0, name
        assert [person[v] for v in columns["visit"]] == columns["person"].tolist(), name
        assert [day[v] for v in columns["visit"]] == columns["day"].tolist(), name


def test_ids_are_unique_over_all_tables(block: campus.Block) -> None:
    ids = np.concatenate([columns["id"] for columns in block.tables.values()])
    assert len(np.unique(ids)) == len(ids)
    most = max(np.bincount(columns["person"]).max() for columns in block.tables.values())
    assert most < RECORDS_PER_PERSON / 8
    assert len(TABLES) < KINDS


def test_lives_are_plausible(block: campus.Block) -> None:
    lives, tables = block.lives, block.tables
    old = lives.age(lives.row, lives.entry) >= 70
    dies = lives.death < NEVER
    assert dies[old].mean() > 4 * dies[~old].mean()
    kinds = np.bincount(tables["visit"]["kind"]) / len(lives.person)
    assert 8 < kinds[0] < 30 and 0.1 < kinds[1] < 3 and 0.2 < kinds[2] < 3
    value, diastolic = tables["pressure"]["value"], tables["pressure"]["diastolic"]
    assert (diastolic < value).all() and (diastolic > 0).all()
    # Rheumatoid arthritis is a disease of women, fatal disease of smokers' lungs one of smokers.
    ill = lives.onset["arthritis"] < END
    assert lives.female[ill].mean() > 0.6
    assert lives.noted["copd"][lives.smoking == 2].min() < NEVER
    share = [(lives.noted["copd"][lives.smoking == s] < NEVER).mean() for s in (0, 2)]
    assert share[1] > 2 * share[0]


def test_truths_count_what_the_store_holds(made: tuple[Snapshot, dict]) -> None:
    snapshot, truths = made
    happened = truths["happened"]
    code = {name: codes.CODES[place].code for name, place in (("flu", codes.INFLUENZA), ("drug", codes.OSELTAMIVIR))}
    with snapshot.connect() as con:

        def one(query: str) -> int:
            row = con.execute(query).fetchone()
            assert row is not None
            return row[0]

        assert one("SELECT count(*) FROM death") == happened["deaths"]
        assert one("SELECT count(*) FROM person WHERE gender_concept_id = 8532") == happened["women"]
        assert one("SELECT count(DISTINCT person_id) FROM specimen") == happened["donors_with_specimens"]
        assert (
            one(f"SELECT count(*) FROM condition_occurrence WHERE condition_source_value = '{code['flu']}'")
            == happened["influenza"]["episodes"]
        )
        assert (
            one(f"SELECT count(*) FROM drug_exposure WHERE drug_source_value = '{code['drug']}'")
            == happened["influenza"]["antiviral"]
        )
        for disease in happened["diseases"].values():
            found = one(
                "SELECT count(DISTINCT person_id) FROM condition_occurrence"
                f" WHERE condition_source_value = '{disease['code']}'"
            )
            assert found == disease["persons"]
        rows = happened["records"]
        assert one("SELECT count(*) FROM drug_exposure") == rows["drug"] + rows["immunization"]
        assert one("SELECT count(*) FROM measurement") == rows["measurement"] + 2 * rows["pressure"]
        assert one("SELECT count(*) FROM observation") == rows["smoking"] + rows["allergy"]
        assert one("SELECT count(*) FROM visit_occurrence") == rows["visit"]


def test_a_store_is_whole(made: tuple[Snapshot, dict]) -> None:
    with made[0].connect() as con:
        for name, table in made[0].tables.items():
            key = {"death": "person_id"}.get(name, f"{name}_id")
            if name != "cdm_source":
                assert con.execute(f"SELECT count(DISTINCT {key}) FROM {name}").fetchone() == (table.rows,), name
        for name, column in (
            ("condition_occurrence", "condition"),
            ("drug_exposure", "drug"),
            ("measurement", "measurement"),
        ):
            unknown = con.execute(
                f"SELECT count(*) FROM {name} ANTI JOIN concept ON concept_id = {column}_source_concept_id"
            ).fetchone()
            assert unknown == (0,), name
        outside = con.execute(
            """SELECT count(*) FROM measurement JOIN observation_period USING (person_id)
            WHERE measurement_date NOT BETWEEN observation_period_start_date AND observation_period_end_date"""
        ).fetchone()
        assert outside == (0,)
        ranged = con.execute(
            "SELECT count(*) FILTER (range_low < range_high) FROM measurement WHERE measurement_source_value = '718-7'"
        ).fetchone()
        assert ranged is not None and ranged[0] > 100


@pytest.mark.parametrize("persons", [0, -1, 10**9])
def test_a_campus_of_nobody_is_refused_before_anything_is_written(tmp_path: Path, persons: int) -> None:
    with pytest.raises(InputError, match="persons"):
        write_store(tmp_path / "store", persons, 1)
    assert list(tmp_path.iterdir()) == []
