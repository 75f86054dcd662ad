"""Loading tiny OMOP sets: every form of source, every fault, and a ledger that adds up."""

from __future__ import annotations

import gzip
import random
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from omop_sets import PERSONS, condition, make_set, read_rows, write_csv

from wardbench.core.errors import InputError, NotFoundError
from wardbench.core.omop.tables import TABLES
from wardbench.core.store import Store
from wardbench.ward.ingest.ledger import LedgerEntry, LoadReport
from wardbench.ward.ingest.omop import load_omop

KEPT = "condition_occurrence_id, person_id, condition_concept_id, condition_start_date::VARCHAR"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.open_or_create(tmp_path / "store")


def entry(report: LoadReport, kind: str) -> LedgerEntry:
    return next(e for e in report.by_kind() if e.kind == kind)


def test_columns_are_taken_by_name_in_any_case_and_order(tmp_path: Path, store: Store) -> None:
    folder = make_set(tmp_path / "in")
    rows = [{"Extra": "x", "CONDITION_START_DATE": "2020-01-31", "Person_ID": 2, "condition_concept_id": 7,
             "Condition_Type_Concept_Id": 32817, "condition_occurrence_id": 1}]  # fmt: skip
    write_csv(folder / "Condition_Occurrence.CSV", rows)
    report = load_omop(folder, store)
    assert read_rows(store.snapshot(), "condition_occurrence", KEPT) == [(1, 2, 7, "2020-01-31")]
    assert any("Condition_Occurrence.CSV: left out" in note and note.endswith("Extra.") for note in report.notes)
    assert any("Condition_Occurrence.CSV: empty" in note and "stop_reason" in note for note in report.notes)


def test_nothing_is_null_and_na_is_data(tmp_path: Path, store: Store) -> None:
    concept = dict.fromkeys(TABLES["concept"].column_names, "") | {
        "concept_id": 1, "concept_name": "NA", "domain_id": "Unit", "vocabulary_id": "UCUM", "concept_class_id": "Unit",
        "concept_code": "NULL", "valid_start_date": "19700101", "valid_end_date": "20991231"}  # fmt: skip
    load_omop(make_set(tmp_path / "in", concept=[concept]), store)
    columns = "concept_name, concept_code, standard_concept, valid_end_date::VARCHAR"
    assert read_rows(store.snapshot(), "concept", columns) == [("NA", "NULL", None, "2099-12-31")]


def test_quotes_line_breaks_and_byte_order_marks_are_read(tmp_path: Path, store: Store) -> None:
    folder = make_set(tmp_path / "in")
    text = (
        "\ufeffcondition_occurrence_id,person_id,condition_concept_id,condition_start_date,condition_type_concept_id,"
        'stop_reason\r\n1,1,7,2020-01-31,0,"a ""b"",\nc"\r\n\r\n2,2,8,20200201,0,5" scar\r\n'
    )
    (folder / "condition_occurrence.csv").write_bytes(text.encode())
    load_omop(folder, store)
    rows = read_rows(store.snapshot(), "condition_occurrence", "condition_occurrence_id, stop_reason")
    assert rows == [(1, 'a "b",\nc'), (2, '5" scar')]


@pytest.mark.parametrize("delimiter", ["\t", ";", "|"])
def test_other_delimiters_are_found_by_the_header(tmp_path: Path, store: Store, delimiter: str) -> None:
    folder = make_set(tmp_path / "in")
    write_csv(folder / "condition_occurrence.tsv", [condition(1, 1, 7, "2020-01-31")], delimiter=delimiter)
    load_omop(folder, store)
    assert read_rows(store.snapshot(), "condition_occurrence", KEPT) == [(1, 1, 7, "2020-01-31")]


def test_a_value_that_does_not_fit_refuses_the_load_by_its_place(tmp_path: Path, store: Store) -> None:
    first = load_omop(make_set(tmp_path / "before"), store).version
    rows = [
        condition(1, 1, 7, "2020-01-31", stop_reason="two\nlines"),
        condition(2, 1, 7, "Secret Name", stop_reason=""),
        condition("x", "y", 7, "2020-01-31", stop_reason=""),
        condition("", 1, 7, "2020-01-31", stop_reason=""),
    ]
    folder = make_set(tmp_path / "in", condition_occurrence=rows)
    with pytest.raises(InputError) as refusal:
        load_omop(folder, store)
    assert str(refusal.value) == (
        "condition_occurrence.csv, line 4, condition_start_date and 3 more places: not a date."
        " Nothing was loaded; --allow-quarantine sets such rows aside and loads the rest."
    )
    assert store.snapshot().version == first
    report = load_omop(folder, store, allow_quarantine=True)
    assert entry(report, "condition_occurrence") == LedgerEntry(
        source="", kind="condition_occurrence", records=4, written=1, quarantined=3
    )
    assert read_rows(store.snapshot(), "quarantine", '"line", "column", reason', layer="extra") == [
        (4, "condition_start_date", "not a date"),
        (5, "condition_occurrence_id", "not an integer"),
        (5, "person_id", "not an integer"),
        (6, "condition_occurrence_id", "missing"),
    ]


def test_records_that_cannot_be_split_are_set_aside_by_line(tmp_path: Path, store: Store) -> None:
    folder = make_set(tmp_path / "in")
    header = ",".join(condition(0, 0, 0, 0)).encode()
    lines = [header, b"1,1,7,2020-01-31,0", b"2,1,7,2020-01-31", b"3,1,\xff,2020-01-31,0", b"4,1,7,2020-01-31,0,x",
             b'5,"1"2,7,2020-01-31,0', b"6,1,7,2020-01-31,0", b'7,1,7,2020-01-31,"0']  # fmt: skip
    (folder / "condition_occurrence.csv").write_bytes(b"\n".join(lines) + b"\n")
    report = load_omop(folder, store, allow_quarantine=True)
    assert [row[0] for row in read_rows(store.snapshot(), "condition_occurrence", KEPT)] == [1, 6]
    assert read_rows(store.snapshot(), "quarantine", '"line", "column", reason', layer="extra") == [
        (3, None, "4 values where the header has 5"),
        (4, None, "not UTF-8 text"),
        (5, None, "6 values where the header has 5"),
        (6, None, "quotation marks that do not match"),
        (8, None, "quotation marks that do not match"),
    ]
    assert entry(report, "condition_occurrence").records == 7


def test_a_key_counts_once_and_an_event_needs_its_person(tmp_path: Path, store: Store) -> None:
    placed = [(1, 1, "31"), (1, 1, "31"), (1, 1, "30"), (2, 9, "31"), (4, 8, "31"), (3, 3, "31")]
    rows = [condition(key, person, 7, f"2020-01-{day}") for key, person, day in placed]
    report = load_omop(make_set(tmp_path / "in", condition_occurrence=rows), store)
    assert entry(report, "condition_occurrence").excluded == {"key of another row": 2, "no such person": 2}
    kept = read_rows(store.snapshot(), "condition_occurrence", KEPT)
    assert kept == [(1, 1, 7, "2020-01-30"), (3, 3, 7, "2020-01-31")]
    for turn in range(3):
        random.Random(turn).shuffle(rows)
        again = load_omop(make_set(tmp_path / f"shuffled{turn}", condition_occurrence=rows), store)
        assert again.version == report.version


def write_database(path: Path, folder: Path, schema: str = "main") -> Path:
    with duckdb.connect(str(path)) as con:
        con.execute(f'CREATE SCHEMA IF NOT EXISTS "{schema}"')
        for file in folder.glob("*.csv"):
            con.execute(f"CREATE TABLE \"{schema}\".{file.stem.upper()} AS SELECT * FROM read_csv('{file}')")
        con.execute(f'CREATE TABLE "{schema}".scratch AS SELECT 1 AS x')
    return path


def test_csv_parquet_and_duckdb_give_the_same_snapshot(tmp_path: Path, store: Store) -> None:
    rows = [condition(n, 1 + n % 3, 7, f"2020-01-{1 + n % 28:02}") for n in range(100)]
    folder = make_set(tmp_path / "in", condition_occurrence=rows)
    version = load_omop(folder, store).version

    packed = tmp_path / "packed"
    packed.mkdir()
    for file in folder.glob("*.csv"):
        (packed / f"{file.name}.GZ").write_bytes(gzip.compress(file.read_bytes()))
    assert load_omop(packed, store).version == version

    parquet = tmp_path / "parquet"
    (parquet / "condition_occurrence").mkdir(parents=True)
    (parquet / "condition_occurrence" / "_SUCCESS").touch()
    with duckdb.connect() as con:
        con.execute(f"COPY (FROM read_csv('{folder}/person.csv')) TO '{parquet}/PERSON.parquet'")
        for part in range(2):
            con.execute(
                f"COPY (SELECT * FROM read_csv('{folder}/condition_occurrence.csv')"
                f" WHERE condition_occurrence_id % 2 = {part})"
                f" TO '{parquet}/condition_occurrence/part-{part}.parquet'"
            )
    report = load_omop(parquet, store)
    assert report.version == version
    parts = [(e.source, e.records) for e in report.ledger if e.kind == "condition_occurrence"]
    assert parts == [("condition_occurrence/part-0.parquet", 50), ("condition_occurrence/part-1.parquet", 50)]

    report = load_omop(write_database(tmp_path / "cdm.duckdb", folder, "omop 5.4"), store)
    assert report.version == version
    assert "Not tables of CDM 5.4, left alone: scratch." in report.notes


def test_faults_in_typed_sources_are_placed_by_row(tmp_path: Path, store: Store) -> None:
    folder = make_set(tmp_path / "in")
    with duckdb.connect() as con:
        columns = ", ".join(condition(0, 0, 0, 0))
        con.execute(
            f"COPY (SELECT * FROM (VALUES (1, 1, 7, DATE '2020-01-31', 0), (2, NULL, 7, DATE '2020-01-31', 0),"
            f" (3, 1, 7, NULL, 0)) t({columns})) TO '{folder}/condition_occurrence.parquet'"
        )
    report = load_omop(folder, store, allow_quarantine=True)
    assert (report.records, report.quarantined) == (6, 2)
    rows = read_rows(store.snapshot(), "quarantine", '"line", "column", reason', layer="extra")
    assert rows == [(2, "person_id", "missing"), (3, "condition_start_date", "missing")]


def test_5_3_is_read_under_its_own_names(tmp_path: Path, store: Store) -> None:
    visit = {"person_id": 1, "visit_concept_id": 9201, "visit_start_date": "2020-01-01", "visit_end_date": "2020-01-02",
             "visit_type_concept_id": 0, "admitting_source_concept_id": 11, "admitting_source_value": "a",
             "discharge_to_concept_id": 22, "discharge_to_source_value": "d", "visit_occurrence_id": 5}  # fmt: skip
    detail = {
        **{name.replace("visit_", "visit_detail_", 1) if name.startswith("visit_") else name: value
           for name, value in visit.items()},
        "visit_occurrence_id": 5, "visit_detail_id": 6, "visit_detail_parent_id": 4,
    }  # fmt: skip
    detail.pop("visit_detail_occurrence_id")
    folder = make_set(
        tmp_path / "in",
        visit_occurrence=[visit],
        visit_detail=[detail],
        cdm_source=[{"cdm_source_name": "Ward", "cdm_version": "5.3.1"}],
        metadata=[{"metadata_concept_id": 0, "metadata_type_concept_id": 0, "name": "x"}],
    )
    report = load_omop(folder, store)
    moved = "admitted_from_concept_id, admitted_from_source_value, discharged_to_concept_id, discharged_to_source_value"
    assert read_rows(store.snapshot(), "visit_occurrence", moved) == [(11, "a", 22, "d")]
    assert read_rows(store.snapshot(), "visit_detail", f"{moved}, parent_visit_detail_id") == [(11, "a", 22, "d", 4)]
    assert store.snapshot().made_from["cdm_version"] == "5.3.1"
    assert report.tables["metadata"] == report.tables["cdm_source"] == 1
    assert [(r.field, r.records) for r in report.unresolved] == [("visit_detail.parent_visit_detail_id", 1)]
    assert any("visit_detail.csv: read as CDM 5.3" in note for note in report.notes)
    assert any("metadata: 1 rows have no metadata_id" in note for note in report.notes)


def test_what_a_source_lacks_is_made_from_its_events(tmp_path: Path, store: Store) -> None:
    rows = [condition(1, 1, 7, "2020-01-01"), condition(2, 1, 7, "2020-01-20"), condition(3, 2, 0, "2020-05-05")]
    report = load_omop(make_set(tmp_path / "in", condition_occurrence=rows), store)
    eras = "person_id, condition_era_start_date::VARCHAR, condition_era_end_date::VARCHAR, condition_occurrence_count"
    assert read_rows(store.snapshot(), "condition_era", eras) == [(1, "2020-01-01", "2020-01-21", 2)]
    assert [row[0] for row in read_rows(store.snapshot(), "observation_period", "person_id")] == [1, 2]
    assert "drug_era" not in report.tables
    assert any("No drug eras were made" in note for note in report.notes)
    stated = load_omop(make_set(tmp_path / "in2", condition_occurrence=rows, observation_period=[]), store)
    assert stated.tables["observation_period"] == 0


def test_codes_without_a_concept_are_ranked(tmp_path: Path, store: Store) -> None:
    rows = [condition(n, 1, 0 if n else 7, "2020-01-01", condition_source_value="A" if n < 3 else "B")
            for n in range(4)]  # fmt: skip
    report = load_omop(make_set(tmp_path / "in", condition_occurrence=rows), store)
    assert (report.unmapped_codes, report.unmapped_records) == (2, 3)
    assert [(u.field, u.code, u.records) for u in report.unmapped] == [
        ("condition_occurrence", "A", 2),
        ("condition_occurrence", "B", 1),
    ]


def test_sources_that_are_none(tmp_path: Path, store: Store) -> None:
    def refused(source: Path, sentence: str, **options: str) -> None:
        with pytest.raises((InputError, NotFoundError), match=sentence):
            load_omop(source, store, **options)  # type: ignore[arg-type]
        assert not store.is_filled

    refused(tmp_path / "absent", "no such file or folder")
    (tmp_path / "empty").mkdir()
    refused(tmp_path / "empty", "no table of OMOP CDM")
    (tmp_path / "text.duckdb").write_text("not a database, but long enough to have a head")
    refused(tmp_path / "text.duckdb", "not a DuckDB file")
    (tmp_path / "cut.duckdb").write_bytes(b"12345678DUCK then nothing")
    refused(tmp_path / "cut.duckdb", "cannot open this database")
    with duckdb.connect(str(tmp_path / "other.duckdb")) as con:
        con.execute("CREATE TABLE patient (id INTEGER)")
    refused(tmp_path / "other.duckdb", "no schema of this database has a table person")

    folder = make_set(tmp_path / "in", condition_occurrence=[])
    refused(folder, "--schema is for a DuckDB file", schema="x")
    (folder / "person.csv").unlink()
    refused(folder, "the table person is missing")
    write_csv(folder / "person.csv", [{"person_id": 1, "GENDER_concept_id": 0, "extra": ""}])
    refused(folder, "person.csv: .* missing here: year_of_birth, race_concept_id, ethnicity_concept_id")
    write_csv(folder / "person.csv", [{**PERSONS[0], "PERSON_ID": 1}])
    refused(folder, "person.csv: the column person_id is there twice")
    (folder / "person.csv").write_text("")
    refused(folder, "person.csv: empty")
    (folder / "person.csv").write_text("a,b\n1,2\n")
    refused(folder, "person.csv, line 1: no column of the table person")
    (folder / "person.csv").write_bytes(b"person_id,\xff\n")
    refused(folder, "person.csv, line 1: not UTF-8 text")
    write_csv(folder / "person.csv", PERSONS)
    (folder / "person.parquet").write_bytes(b"PAR1 and no more")
    refused(folder, "person.csv and person.parquet both hold the table person")
    (folder / "person.csv").unlink()
    refused(folder, "person.parquet: not a Parquet file")


def test_two_schemas_need_a_choice(tmp_path: Path, store: Store) -> None:
    folder = make_set(tmp_path / "in")
    file = write_database(tmp_path / "cdm.duckdb", folder, "first")
    write_database(file, folder, "second")
    with pytest.raises(InputError, match="the schemas first, second all have a table person"):
        load_omop(file, store)
    with pytest.raises(InputError, match="no table person in the schema third; there are first, second"):
        load_omop(file, store, schema="third")
    assert load_omop(file, store, schema="second").tables["person"] == 3


def test_a_cut_off_gzip_is_refused_whatever_is_cut(tmp_path: Path, store: Store) -> None:
    rows = [condition(n, 1, n * 7919 % 104_729, "2020-01-01") for n in range(20_000)]
    folder = make_set(tmp_path / "in", condition_occurrence=rows)
    plain = folder / "condition_occurrence.csv"
    whole = gzip.compress(plain.read_bytes())
    plain.unlink()
    for length in (5, 40, len(whole) // 2, len(whole) - 1):
        (folder / "condition_occurrence.csv.gz").write_bytes(whole[:length])
        with pytest.raises(InputError, match=r"condition_occurrence.csv.gz: the compressed file is cut "):
            load_omop(folder, store, allow_quarantine=True)
    assert not store.is_filled


def test_the_vocabulary_stays_when_the_source_brings_none(tmp_path: Path, store: Store) -> None:
    concept = {"concept_id": 1, "concept_name": "n", "domain_id": "Unit", "vocabulary_id": "v", "concept_class_id": "c",
               "standard_concept": "S", "concept_code": "k", "valid_start_date": "1970-01-01",
               "valid_end_date": "2099-12-31"}  # fmt: skip
    release = {"vocabulary_id": "None", "vocabulary_name": "OMOP", "vocabulary_version": "v5 TEST",
               "vocabulary_concept_id": 0}  # fmt: skip
    load_omop(make_set(tmp_path / "with", concept=[concept], vocabulary=[release]), store)
    assert store.snapshot().made_from["vocabulary"] == "v5 TEST"
    load_omop(make_set(tmp_path / "without", concept=[]), store)
    assert store.snapshot().has_vocabulary
    assert store.snapshot().made_from["vocabulary"] == "v5 TEST"
    assert read_rows(store.snapshot(), "concept", "concept_id") == [(1,)]
    assert store.check() == store.versions()


KEYS = st.sampled_from(["1", "2", "3", "", "x", "2.0"])
PEOPLE = st.sampled_from(["1", "2", "9", "", "1.5"])
CONCEPTS = st.sampled_from(["0", "7", "", "7x"])
DAYS = st.sampled_from(["2020-01-01", "20200102", "2020-13-01", "", "2020-01-01 10:00:00"])
RECORDS = st.lists(st.tuples(KEYS, PEOPLE, CONCEPTS, DAYS, st.sampled_from([5, 5, 5, 4, 6])), max_size=8)
READ_KEYS = {"1": 1, "2": 2, "3": 3, "2.0": 2}
READ_PEOPLE = {"1": 1, "2": 2, "9": 9}
READ_CONCEPTS = {"0": 0, "7": 7, "": None}
READ_DAYS = {"2020-01-01": "2020-01-01", "20200102": "2020-01-02", "2020-01-01 10:00:00": "2020-01-01"}


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(files=st.lists(RECORDS, min_size=1, max_size=2))
def test_the_ledger_is_that_of_a_plain_reading(
    tmp_path_factory: pytest.TempPathFactory, files: list[list[tuple[str, str, str, str, int]]]
) -> None:
    tmp_path = tmp_path_factory.mktemp("generated")
    folder = make_set(tmp_path / "in")
    (folder / "condition_occurrence").mkdir()
    sound: list[tuple[int, int, int | None, str, int]] = []
    quarantined, orphans = [0] * len(files), [0] * len(files)
    for number, records in enumerate(files):
        lines = [",".join(condition(0, 0, 0, 0))]
        for key, person, concept, day, width in records:
            lines.append(",".join([key, person, concept, day, "0", "more"][:width]))
            readable = [key in READ_KEYS, person in READ_PEOPLE, concept in READ_CONCEPTS, day in READ_DAYS]
            if width != 5 or not all(readable):
                quarantined[number] += 1
            elif person == "9":
                orphans[number] += 1
            else:
                row = (READ_KEYS[key], READ_PEOPLE[person], READ_CONCEPTS[concept], READ_DAYS[day], number)
                sound.append(row)
        (folder / "condition_occurrence" / f"{number}.csv").write_text("\n".join(lines) + "\n")
    order = sorted(sound, key=lambda r: (r[2] is None, r[2] or 0, r[1], r[3], r[0], r[4]))
    kept: dict[int, tuple[int, int, int | None, str, int]] = {}
    for row in order:
        kept.setdefault(row[0], row)
    store = Store.open_or_create(tmp_path / "store")
    report = load_omop(folder, store, allow_quarantine=True)
    entries = [e for e in report.ledger if e.kind == "condition_occurrence"]
    for number, (records, found) in enumerate(zip(files, entries, strict=True)):
        assert found.balanced
        assert found.records == len(records)
        assert found.quarantined == quarantined[number]
        assert found.excluded.get("no such person", 0) == orphans[number]
        assert found.written == sum(row[4] == number for row in kept.values())
    rows = read_rows(store.snapshot(), "condition_occurrence", KEPT)
    assert rows == sorted(row[:4] for row in kept.values())
