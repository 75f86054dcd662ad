"""Looking up concepts, and loading a vocabulary as Athena writes it."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from fhir_resources import condition as fhir_condition
from fhir_resources import patient
from fhir_resources import write as write_resources
from omop_sets import make_set, read_rows, write_csv

from wardbench.core.errors import InputError, NotFoundError
from wardbench.core.omop.vocabulary import concept_names, concepts, concepts_of_code, vocabulary_version
from wardbench.core.store import Store
from wardbench.ward.ingest import vocabulary as loading
from wardbench.ward.ingest.fhir.load import load_fhir
from wardbench.ward.ingest.omop import load_omop
from wardbench.ward.ingest.vocabulary import load_vocabulary

CONCEPT = (
    "concept_id\tconcept_name\tdomain_id\tvocabulary_id\tconcept_class_id\tstandard_concept\tconcept_code\t"
    "valid_start_date\tvalid_end_date\tinvalid_reason"
)
DATES = "19700101\t20991231"
HYPERTENSION = f'1\tHypertension, "essential" 5" NA\tCondition\tSNOMED\tFinding\tS\t38341003\t{DATES}\t'
OLD = f"2\tNA\tCondition\tSNOMED\tFinding\t\told\t{DATES}\tU"
INGREDIENT = f"70\tParacetamol\tDrug\tRxNorm\tIngredient\tS\t161\t{DATES}\t"
DRUG = f'7\t"Paracetamol 500\tDrug\tRxNorm\tClinical Drug\tS\t7\t{DATES}\t'
RELATION = "concept_id_1\tconcept_id_2\trelationship_id\tvalid_start_date\tvalid_end_date\tinvalid_reason"
ANCESTOR = "ancestor_concept_id\tdescendant_concept_id\tmin_levels_of_separation\tmax_levels_of_separation"
VOCABULARY = "vocabulary_id\tvocabulary_name\tvocabulary_reference\tvocabulary_version\tvocabulary_concept_id"


def download(folder: Path, release: str = "v5.0 TEST", concepts: tuple[str, ...] = ()) -> Path:
    """A folder as Athena's download unpacks."""
    folder.mkdir()
    files = {
        "CONCEPT.csv": (CONCEPT, HYPERTENSION, OLD, INGREDIENT, DRUG, *concepts),
        "CONCEPT_RELATIONSHIP.csv": (RELATION, f"2\t1\tMaps to\t{DATES}\t"),
        "CONCEPT_ANCESTOR.csv": (ANCESTOR, "1\t1\t0\t0", "70\t7\t1\t1"),
        "VOCABULARY.csv": (VOCABULARY, "SNOMED\tS\t\t2020\t0", f"None\tOMOP\t\t{release}\t0"),
    }
    for name, lines in files.items():
        (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.open_or_create(tmp_path / "store")


def test_lookups(tmp_path: Path, store: Store) -> None:
    twin = f"3\tHypertension twin\tCondition\tSNOMED\tFinding\t\t38341003\t{DATES}\tD"
    report = load_vocabulary(download(tmp_path / "v", concepts=(twin,)), store)
    assert (report.tables["concept"], report.tables["concept_ancestor"]) == (5, 2)
    assert store.snapshot().has_vocabulary
    with store.snapshot().connect() as con:
        assert concept_names(con, [7, 2, 1, 99]) == {
            1: 'Hypertension, "essential" 5" NA',
            2: "NA",
            7: '"Paracetamol 500',
        }
        assert concept_names(con, []) == {}
        old = concepts(con, [2])[2]
        assert (old.domain, old.vocabulary, old.concept_class, old.code) == ("Condition", "SNOMED", "Finding", "old")
        assert not old.is_standard and not old.is_valid
        assert [c.concept_id for c in concepts_of_code(con, "SNOMED", "38341003")] == [1, 3]
        assert concepts_of_code(con, "RxNorm", "38341003") == []
        assert vocabulary_version(con) == store.snapshot().made_from["vocabulary"] == "v5.0 TEST"


def test_without_a_vocabulary_lookups_are_empty(tmp_path: Path, store: Store) -> None:
    load_omop(make_set(tmp_path / "in"), store)
    with store.snapshot().connect() as con:
        assert concept_names(con, [1]) == {}
        assert vocabulary_version(con) is None
    assert not store.snapshot().has_vocabulary


def test_the_clinical_tables_of_an_omop_load_stay_and_get_drug_eras(tmp_path: Path, store: Store) -> None:
    exposures = [
        {"drug_exposure_id": n, "person_id": 1, "drug_concept_id": 7, "drug_exposure_start_date": f"2020-0{n}-01",
         "drug_exposure_end_date": f"2020-0{n}-10", "drug_type_concept_id": 0}
        for n in (1, 2, 6)
    ]  # fmt: skip
    load_omop(make_set(tmp_path / "in", drug_exposure=exposures, condition_occurrence=[]), store)
    before = store.snapshot()
    report = load_vocabulary(download(tmp_path / "v"), store)
    after = store.snapshot()
    assert after.tables["drug_exposure"] == before.tables["drug_exposure"]
    eras = "drug_concept_id, drug_era_start_date::VARCHAR, drug_era_end_date::VARCHAR, drug_exposure_count, gap_days"
    assert read_rows(after, "drug_era", eras) == [
        (70, "2020-01-01", "2020-02-10", 2, 22),
        (70, "2020-06-01", "2020-06-10", 1, 0),
    ]
    assert any("2 drug eras" in note for note in report.notes)
    assert after.made_from["kind"] == "omop"
    assert store.check() == store.versions()


def test_the_codes_of_a_fhir_load_are_mapped_again_without_its_files(tmp_path: Path, store: Store) -> None:
    resources = [patient(), fhir_condition("a"), fhir_condition("b", code="old")]
    source = write_resources(tmp_path / "in.ndjson", resources)
    load_fhir([source], store)
    first = store.snapshot()
    assert read_rows(first, "condition_occurrence", "condition_concept_id") == [(0,), (0,)]
    source.unlink()
    report = load_vocabulary(download(tmp_path / "v"), store)
    assert read_rows(store.snapshot(), "condition_occurrence", "condition_concept_id") == [(1,), (1,)]
    assert report.version == store.snapshot().version
    assert report.tables["condition_occurrence"] == 2
    assert store.versions() == [first.version, report.version], "the step between them is gone"
    again = load_vocabulary(tmp_path / "v", store)
    assert again.version == report.version
    assert store.check() == [first.version, report.version]


def test_a_mapping_that_fails_leaves_the_store_as_it_was(
    tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    load_fhir([write_resources(tmp_path / "in.ndjson", [patient(), fhir_condition("a")])], store)
    before = store.snapshot().version

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(loading, "remap", fail)
    with pytest.raises(RuntimeError):
        load_vocabulary(download(tmp_path / "v"), store)
    assert store.snapshot().version == before
    assert store.versions() == [before]


def test_the_sites_own_concepts_and_map_outlast_a_release(tmp_path: Path, store: Store) -> None:
    retired = OLD.replace("2\tNA", "3\tNot in the next release", 1)
    folder = download(tmp_path / "v1", concepts=(OLD.replace("2\tNA", "2000000001\tOurs", 1), retired))
    with (folder / "CONCEPT_RELATIONSHIP.csv").open("a") as handle:
        handle.write(f"2000000001\t1\tMaps to\t{DATES}\t\n3\t1\tMaps to\t{DATES}\t\n")
    columns = ("source_code", "source_concept_id", "source_vocabulary_id", "target_concept_id", "target_vocabulary_id")
    mapped = dict(zip(columns, ("L1", 0, "Lab", 1, "SNOMED"), strict=True))
    mapped |= {"valid_start_date": "2020-01-01", "valid_end_date": "2099-12-31"}
    write_csv(folder / "SOURCE_TO_CONCEPT_MAP.csv", [mapped])
    load_vocabulary(folder, store)
    report = load_vocabulary(download(tmp_path / "v2", release="v5.0 NEXT"), store)
    snapshot = store.snapshot()
    assert snapshot.made_from["vocabulary"] == "v5.0 NEXT"
    assert [row[0] for row in read_rows(snapshot, "concept", "concept_id")] == [1, 2, 7, 70, 2_000_000_001]
    related = read_rows(snapshot, "concept_relationship", "concept_id_1, concept_id_2")
    assert related == [(2, 1), (2_000_000_001, 1)]
    assert read_rows(snapshot, "source_to_concept_map", "source_code") == [("L1",)]
    concept = next(e for e in report.ledger if e.kind == "concept")
    assert (concept.records, concept.written) == (4, 4)
    assert load_vocabulary(folder, store).version == load_vocabulary(folder, store).version
    assert read_rows(store.snapshot(), "concept_relationship", "concept_id_1") == [(2,), (3,), (2_000_000_001,)]


def test_shuffled_lines_give_the_same_vocabulary(tmp_path: Path, store: Store) -> None:
    folder = download(tmp_path / "v")
    version = load_vocabulary(folder, store).version
    for file in folder.iterdir():
        head, *lines = file.read_text().splitlines()
        random.Random(1).shuffle(lines)
        file.write_text("\r\n".join([head, *lines]) + "\r\n")
    assert load_vocabulary(folder, store).version == version


def test_downloads_that_are_none(tmp_path: Path, store: Store) -> None:
    with pytest.raises(NotFoundError, match="no such file or folder"):
        load_vocabulary(tmp_path / "absent", store)
    folder = download(tmp_path / "v")
    (tmp_path / "v.zip").write_bytes(b"PK")
    with pytest.raises(InputError, match=r"v.zip: this is a file; give the folder"):
        load_vocabulary(tmp_path / "v.zip", store)
    whole = (folder / "CONCEPT.csv").read_text()
    (folder / "CONCEPT.csv").write_text(whole.replace("\n70\t", "\n7O\t"))
    with pytest.raises(InputError, match=r"CONCEPT.csv, line 4, concept_id: not an integer"):
        load_vocabulary(folder, store)
    report = load_vocabulary(folder, store, allow_quarantine=True)
    assert (report.tables["concept"], report.quarantined) == (3, 1)
    assert read_rows(store.snapshot(), "vocabulary_quarantine", '"line"', layer="extra") == [(4,)]
    (folder / "CONCEPT.csv").unlink()
    with pytest.raises(InputError, match=r"CONCEPT.csv is missing"):
        load_vocabulary(folder, store)
    (folder / "CONCEPT.csv").write_text(whole)
    (folder / "CONCEPT_CPT4.csv").write_text(CONCEPT + "\n")
    assert any("CPT-4" in note for note in load_vocabulary(folder, store).notes)
    assert "vocabulary_quarantine" not in store.snapshot().layer("extra")
