"""Which device measured: what a result is linked to, else the laboratory's own code of the test, named as such."""

from __future__ import annotations

from pathlib import Path

import pytest

from wardbench.core.errors import InputError
from wardbench.core.store import Store
from wardbench.ward.benchmark.recorded import find_analyte, results_of
from wardbench.ward.benchmark.results import strata_of

TABLES = {
    "person": "SELECT n AS person_id, 8532 AS gender_concept_id, 1950 AS year_of_birth FROM range(1, 7) AS r(n)",
    "concept": """
        SELECT * FROM (VALUES (9001, 'Haemoglobin', 'LOINC', '718-7'), (9002, 'Litre', 'UCUM', 'g/L'),
          (9003, 'device_exposure.device_exposure_id', 'CDM', 'x'), (9004, 'Haemoglobin', 'Local', '718-7'))
        AS c(concept_id, concept_name, vocabulary_id, concept_code)""",
    "device_exposure": "SELECT 5 AS device_exposure_id, 1 AS person_id, 'Analyser A' AS device_source_value",
    "visit_occurrence": "SELECT 1 AS visit_occurrence_id, 1 AS person_id, 9202 AS visit_concept_id",
    "measurement": """
        SELECT n AS measurement_id, n AS person_id, 9001 AS measurement_concept_id,
          DATE '2020-06-15' AS measurement_date,
          CASE WHEN n = 3 THEN 4171756 WHEN n = 4 THEN 4172703 END AS operator_concept_id,
          CASE WHEN n = 5 THEN 0.0 ELSE 100.0 + n END AS value_as_number,
          CASE WHEN n = 6 THEN 9001 ELSE 9002 END AS unit_concept_id,
          CASE WHEN n = 1 THEN 5 END AS measurement_event_id,
          CASE WHEN n = 1 THEN 9003 END AS meas_event_field_concept_id,
          'HB-2' AS measurement_source_value, CASE WHEN n = 1 THEN 1 END AS visit_occurrence_id
        FROM range(1, 7) AS r(n)""",
}


def test_results_are_read_with_their_devices(tmp_path: Path) -> None:
    with Store.open_or_create(tmp_path / "store").draft() as draft:
        con = draft.connect()
        for name, select in TABLES.items():
            draft.write(con, name, select)
        snapshot = draft.commit({"test": True})
    analyte = find_analyte(snapshot, "LOINC:718-7", "g/L")
    found = results_of(snapshot, analyte)
    assert found.value.tolist() == [101, 102, 104]
    assert found.device.tolist() == ["Analyser A", "test code HB-2", "test code HB-2"]
    assert found.age.tolist() == [70, 70, 70] and found.sex.tolist() == ["female"] * 3
    assert dict(found.left_out)["given as below or above a limit"] == 1
    assert dict(found.left_out)["no number above 0"] == 1
    assert [group.name for group in strata_of(found, ["device"])] == ["Everybody", "Analyser A", "test code HB-2"]
    assert results_of(snapshot, analyte, outpatients=True).value.tolist() == [101]
    with pytest.raises(InputError, match="name one"):
        find_analyte(snapshot, "718-7", None)


@pytest.mark.parametrize(
    ("code", "concept", "device"),
    [
        ("718-7", 0, ""),
        ("LOINC:718-7", 0, ""),
        ("http://loinc.org|718-7", 0, ""),
        ("20509-6", 9005, ""),
        ("old name", 2_000_000_001, ""),
        ("718-7-XN", 2_000_000_002, "test code 718-7-XN"),
        (" ", 0, ""),
    ],
)
def test_a_code_that_everybody_uses_is_no_device(tmp_path: Path, code: str, concept: int, device: str) -> None:
    """Whether by itself or as the concept that it was mapped from, be that LOINC's or one made for it here."""
    tables = {
        **TABLES,
        "concept": f"""{TABLES["concept"]} UNION ALL SELECT * FROM (VALUES (9005, 'Haemoglobin', 'LOINC', '20509-6'),
            (2000000001, 'Haemoglobin', 'LOINC', 'x'), (2000000002, 'Haemoglobin', 'Local', '718-7-XN'))""",
        "measurement": TABLES["measurement"].replace("'HB-2'", f"{concept} AS measurement_source_concept_id, '{code}'"),
    }
    with Store.open_or_create(tmp_path / "store").draft() as draft:
        con = draft.connect()
        for name, select in tables.items():
            draft.write(con, name, select)
        snapshot = draft.commit({"test": True})
    found = results_of(snapshot, find_analyte(snapshot, "LOINC:718-7", "g/L"))
    assert found.device.tolist() == ["Analyser A", device, device]
    assert strata_of(found, ["device"])[-1].name == (device or "device not recorded")
