"""What becomes of each resource, row by row."""

from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from fhir_resources import (
    LOINC,
    RXNORM,
    Json,
    coded,
    condition,
    encounter,
    excluded,
    lab,
    load_resources,
    observation,
    of,
    patient,
    rows,
)

from wardbench.core.omop.local_concepts import local_concept_ids
from wardbench.ward.ingest.fhir.origin import resources_of_rows

D = date.fromisoformat


def local_id(system: str, code: str) -> int:
    return local_concept_ids([(system, code)])[system, code]


def test_a_person(tmp_path: Path) -> None:
    race = {"url": "ombCategory", "valueCoding": {"code": "2054-5"}}
    core = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-"
    full = patient(
        extension=[{"url": f"{core}race", "extension": [race]}],
        address=[{"state": "MA", "postalCode": "02115", "line": ["1 Secret St"], "city": "Secretville"}],
        name=[{"family": "Secret"}],
        identifier=[{"value": "Secret"}],
    )
    partial = patient("p2", gender="other", birthDate="1970")
    report, snapshot = load_resources(tmp_path, full, partial, {"resourceType": "Patient", "id": "p3"})
    found = rows(
        snapshot,
        "SELECT person_source_value, gender_concept_id, year_of_birth, month_of_birth, day_of_birth, birth_datetime,"
        " race_concept_id, ethnicity_concept_id, state, zip, city FROM person LEFT JOIN location USING (location_id)"
        " ORDER BY 1",
    )
    assert found == [
        ("p1", 8532, 1960, 5, 4, datetime(1960, 5, 4), 8516, 0, "MA", "021", None),
        ("p2", 0, 1970, None, None, None, 0, 0, None, None, None),
    ]
    assert excluded(report, "Patient") == {"no year of birth": 1}
    assert not any(b"Secret" in path.read_bytes() for path in snapshot.folder.rglob("*.parquet"))


def test_a_death_needs_its_day(tmp_path: Path) -> None:
    report, snapshot = load_resources(
        tmp_path,
        patient("p1", deceasedDateTime="2020-12-31T23:30:00-05:00"),
        patient("p2", deceasedBoolean=True),
        patient("p3", deceasedBoolean=False),
        patient("p4", deceasedDateTime="2019-07"),
    )
    assert rows(
        snapshot,
        "SELECT person_source_value, death_date, death_datetime, death_type_concept_id FROM death JOIN person"
        " USING (person_id) ORDER BY 1",
    ) == [("p1", D("2020-12-31"), datetime(2021, 1, 1, 4, 30), 32817), ("p4", D("2019-07-01"), None, 32817)]
    assert any("1 patients are said to have died and not when" in note for note in report.notes)
    assert any("1 records of Patient had a partial date" in note for note in report.notes)


@pytest.mark.parametrize(
    ("code", "concept"),
    [("IMP", 9201), ("ACUTE", 9201), ("AMB", 9202), ("EMER", 9203), ("OBSENC", 262), ("VR", 722455), ("HH", 581476)],
)
def test_a_visit(tmp_path: Path, code: str, concept: int) -> None:
    stay = {"admitSource": coded("emd"), "dischargeDisposition": coded("home")}
    _, snapshot = load_resources(
        tmp_path,
        patient(),
        encounter(**{"class": {"code": code}, "hospitalization": stay, "type": [coded("185349003")]}),
    )
    assert rows(
        snapshot,
        "SELECT visit_concept_id, visit_start_date, visit_end_date, visit_end_datetime, visit_type_concept_id,"
        " visit_source_value, admitted_from_concept_id, discharged_to_concept_id FROM visit_occurrence",
    ) == [(concept, D("2020-03-01"), D("2020-03-03"), datetime(2020, 3, 3, 10), 32827, "185349003", 8870, 8536)]


def test_a_visit_without_an_end(tmp_path: Path) -> None:
    def begun(identity: str, code: str, status: str) -> Json:
        return encounter(identity, status=status, **{"class": {"code": code}, "period": {"start": "2020-03-01"}})

    report, snapshot = load_resources(
        tmp_path,
        patient(),
        begun("in-house", "IMP", "in-progress"),
        begun("waiting", "AMB", "arrived"),
        begun("ended", "IMP", "finished"),
        begun("planned", "IMP", "planned"),
        begun("unknown", "IMP", "unknown"),
        extracted="2020-04-05",
    )
    ends = "SELECT visit_end_date FROM visit_occurrence ORDER BY 1"
    assert rows(snapshot, ends) == [(D("2020-03-01"),), (D("2020-03-01"),), (D("2020-04-05"),)]
    assert excluded(report, "Encounter") == {"status planned": 1, "status unknown": 1}


def test_stays_inside_a_visit(tmp_path: Path) -> None:
    def inside(identity: str, parent: str) -> Json:
        return encounter(identity, partOf={"reference": f"Encounter/{parent}"})

    report, snapshot = load_resources(
        tmp_path,
        patient(),
        encounter("whole"),
        inside("ward", "whole"),
        inside("bed", "ward"),
        inside("lost", "nowhere"),
        condition(encounter={"reference": "Encounter/bed"}),
    )
    named = f"(SELECT row_id, resource_id FROM {resources_of_rows(snapshot)} WHERE resource_type = 'Encounter')"
    assert rows(
        snapshot,
        f"SELECT d.resource_id, v.resource_id, p.resource_id FROM visit_detail JOIN {named} d"
        f" ON d.row_id = visit_detail_id JOIN {named} v ON v.row_id = visit_occurrence_id"
        f" LEFT JOIN {named} p ON p.row_id = parent_visit_detail_id ORDER BY 1",
    ) == [("bed", "whole", "ward"), ("ward", "whole", None)]
    assert snapshot.tables["visit_occurrence"].rows == 2
    assert rows(
        snapshot,
        f"SELECT v.resource_id, d.resource_id FROM condition_occurrence"
        f" JOIN {named} v ON v.row_id = visit_occurrence_id JOIN {named} d ON d.row_id = visit_detail_id",
    ) == [("whole", "bed")]
    assert [(u.field, u.target, u.records) for u in report.unresolved] == [("Encounter.part_of", "Encounter", 1)]


def test_a_condition(tmp_path: Path) -> None:
    _, snapshot = load_resources(
        tmp_path,
        patient(),
        encounter(),
        condition(
            encounter={"reference": "http://server/fhir/Encounter/e1/_history/3"},
            abatementDateTime="2020-03-09T01:00:00+02:00",
            clinicalStatus=coded("resolved"),
            category=[coded("problem-list-item")],
        ),
    )
    assert rows(
        snapshot,
        "SELECT condition_concept_id, condition_start_date, condition_end_date, condition_end_datetime,"
        " condition_type_concept_id, condition_status_concept_id, condition_source_value,"
        " condition_source_concept_id, visit_occurrence_id IS NOT NULL FROM condition_occurrence",
    ) == [
        (
            0,
            D("2020-03-02"),
            D("2020-03-09"),
            datetime(2020, 3, 8, 23),
            32840,
            32906,
            "38341003",
            local_id("http://snomed.info/sct", "38341003"),
            True,
        )
    ]


@pytest.mark.parametrize(
    ("given", "begun"),
    [
        ({"onsetDateTime": "2020-03-02"}, "2020-03-02"),
        ({"onsetDateTime": "2011"}, "2011-01-01"),
        ({"onsetDateTime": None, "onsetPeriod": {"start": "2020-02-01"}, "recordedDate": "2020-02-09"}, "2020-02-01"),
        ({"onsetDateTime": None, "recordedDate": "2020-02-09"}, "2020-02-09"),
        ({"onsetDateTime": None, "encounter": {"reference": "Encounter/e1"}}, "2020-03-01"),
        ({"onsetDateTime": "2020-03-02T00:30:00+14:00"}, "2020-03-02"),
        ({"onsetDateTime": "2020-03-02T23:30:00-11:00"}, "2020-03-02"),
    ],
)
def test_when_a_condition_begins(tmp_path: Path, given: Json, begun: str) -> None:
    _, snapshot = load_resources(tmp_path, patient(), encounter(), condition(**given))
    assert rows(snapshot, "SELECT condition_start_date FROM condition_occurrence") == [(D(begun),)]


def test_a_condition_that_is_not_confirmed(tmp_path: Path) -> None:
    states = ["confirmed", "provisional", "differential", "refuted", "unconfirmed", "entered-in-error"]
    report, snapshot = load_resources(
        tmp_path, patient(), *(condition(s, verificationStatus=coded(s)) for s in states), condition("unsaid")
    )
    assert snapshot.tables["condition_occurrence"].rows == 2
    assert rows(snapshot, "SELECT qualifier_source_value FROM observation ORDER BY 1") == [
        ("differential",),
        ("provisional",),
        ("refuted",),
    ]
    assert excluded(report, "Condition") == {
        "verificationStatus entered-in-error": 1,
        "verificationStatus unconfirmed": 1,
    }


MEASURED = (
    "SELECT value_as_number, operator_concept_id, value_as_concept_id, unit_source_value, value_source_value,"
    " range_low, range_high FROM measurement"
)


@pytest.mark.parametrize(
    ("value", "row"),
    [
        ({"valueQuantity": {"value": 5.5, "code": "mg"}}, (5.5, None, None, "mg", None, None, None)),
        ({"valueQuantity": {"value": 5, "comparator": "<", "unit": "mg"}}, (5, 4171756, None, "mg", None, None, None)),
        ({"valueQuantity": {"value": 5, "comparator": ">="}}, (5, 4171755, None, None, None, None, None)),
        ({"valueInteger": 3}, (3, None, None, None, None, None, None)),
        ({"valueString": "<5"}, (5, 4171756, None, None, "<5", None, None)),
        ({"valueString": "trace"}, (None, None, None, None, "trace", None, None)),
        ({"valueBoolean": True}, (None, None, 4188539, None, None, None, None)),
        ({"valueBoolean": False}, (None, None, 4188540, None, None, None, None)),
        ({"valueCodeableConcept": coded("10828004")}, (None, None, 0, None, "10828004", None, None)),
        (
            {"valueRatio": {"numerator": {"value": 1}, "denominator": {"value": 128}}},
            (None,) * 4 + ("1.0:128.0",) + (None,) * 2,
        ),
        ({"valueQuantity": {"value": 9}, "interpretation": [coded("H")]}, (9, None, 4328749, None, None, None, None)),
        (
            {"valueQuantity": {"value": 9}, "referenceRange": [{"low": {"value": 1.5}, "high": {"value": 8}}]},
            (9, None, None, None, None, 1.5, 8),
        ),
        (
            {
                "valueQuantity": {"value": 9},
                "referenceRange": [{"high": {"value": 99}}, {"type": coded("normal"), "high": {"value": 8}}],
            },
            (9, None, None, None, None, None, 8),
        ),
    ],
)
def test_the_value_of_a_measurement(tmp_path: Path, value: Json, row: tuple[Any, ...]) -> None:
    _, snapshot = load_resources(tmp_path, patient(), observation(category=[coded("laboratory")], **value))
    assert rows(snapshot, MEASURED) == [row]


@pytest.mark.parametrize(
    ("category", "table", "kind"),
    [
        ([coded("laboratory")], "measurement", 32856),
        ([coded("vital-signs")], "measurement", 32817),
        ([coded("exam"), coded("laboratory")], "measurement", 32856),
        ([coded("survey")], "observation", 32883),
        ([coded("social-history")], "observation", 32817),
    ],
)
def test_the_category_puts_an_observation_in_its_table(tmp_path: Path, category: Any, table: str, kind: int) -> None:
    _, snapshot = load_resources(tmp_path, patient(), observation(category=category, valueString="x"))
    assert rows(snapshot, f"SELECT {table}_type_concept_id FROM {table}") == [(kind,)]


def test_components_are_rows_of_their_own(tmp_path: Path) -> None:
    def part(code: str, **value: Any) -> Json:
        return {"code": coded(code, LOINC), **value}

    pressure = [part("8480-6", valueQuantity={"value": 120}), part("8462-4", valueQuantity={"value": 80})]
    unknown = {"code": coded("8478-0", LOINC), "dataAbsentReason": coded("unknown")}
    report, snapshot = load_resources(
        tmp_path,
        patient(),
        observation("bp", code="85354-9", category=[coded("vital-signs")], component=[*pressure, unknown]),
        observation("apgar", code="9274-2", **lab(9), component=[part("32401-2", valueQuantity={"value": 2})]),
        observation("none", code="85354-9", component=[unknown]),
    )
    assert rows(
        snapshot,
        "SELECT m.measurement_source_value, m.value_as_number, p.measurement_source_value,"
        " m.meas_event_field_concept_id FROM measurement m LEFT JOIN measurement p"
        " ON p.measurement_id = m.measurement_event_id ORDER BY 1",
    ) == [
        ("32401-2", 2, "9274-2", 1147138),
        ("8462-4", 80, None, None),
        ("8480-6", 120, None, None),
        ("9274-2", 9, None, None),
    ]
    assert excluded(report, "Observation") == {"no component with a value": 1}


def test_what_excludes_an_observation(tmp_path: Path) -> None:
    report, snapshot = load_resources(
        tmp_path,
        patient(),
        observation("kept"),
        observation("a", status="preliminary"),
        observation("b", status="entered-in-error"),
        observation("c", status=None),
        observation("d", dataAbsentReason=coded("unknown")),
        observation("e", modifierExtension=[{"url": "http://x", "valueBoolean": True}]),
        observation("f", effectiveDateTime="yesterday"),
        observation("g", effectiveDateTime=None),
        observation("h", code=None) | {"code": {}},
        observation("i", "nobody"),
        observation("j") | {"subject": None},
    )
    assert excluded(report, "Observation") == {
        "dataAbsentReason": 1,
        "modifierExtension": 1,
        "no code": 1,
        "no date": 2,
        "no patient": 1,
        "patient not found": 1,
        "status entered-in-error": 1,
        "status missing": 1,
        "status preliminary": 1,
    }
    assert snapshot.tables["observation"].rows == 1
    assert [(u.field, u.target, u.records) for u in report.unresolved] == [("Observation.patient", "Patient", 1)]


def request(identity: str = "m1", **more: Any) -> Json:
    known = {"status": "active", "intent": "order", "authoredOn": "2020-03-02"}
    medicine = {"medicationCodeableConcept": coded("313782", RXNORM)} if "medicationReference" not in more else {}
    return of("MedicationRequest", identity, **{**known, **medicine, **more})


DRUGS = (
    "SELECT drug_source_value, drug_exposure_start_date, drug_exposure_end_date, days_supply, quantity, refills, sig,"
    " route_concept_id, drug_type_concept_id FROM drug_exposure ORDER BY 1, 2"
)


def test_a_medication_request(tmp_path: Path) -> None:
    supply = {
        "expectedSupplyDuration": {"value": 2, "code": "wk"},
        "quantity": {"value": 28},
        "numberOfRepeatsAllowed": 1,
    }
    dosage = [{"text": "one a day", "route": coded("PO")}]
    _, snapshot = load_resources(tmp_path, patient(), request(dispenseRequest=supply, dosageInstruction=dosage))
    assert rows(snapshot, DRUGS) == [
        ("313782", D("2020-03-02"), D("2020-03-15"), 14, 28, 1, "one a day", 4132161, 32838)
    ]


def test_which_requests_are_exposures(tmp_path: Path) -> None:
    resources = [
        patient(),
        request("a"),
        request("b", intent="instance-order"),
        request("c", intent="plan"),
        request("d", doNotPerform=True),
        request("e", status="cancelled"),
        request("f", status="stopped"),
    ]
    report, snapshot = load_resources(tmp_path / "default", *resources)
    assert snapshot.tables["drug_exposure"].rows == 3
    assert excluded(report, "MedicationRequest") == {"doNotPerform": 1, "intent plan": 1, "status cancelled": 1}
    _, snapshot = load_resources(tmp_path / "plans", *resources, intents=("plan",))
    assert snapshot.tables["drug_exposure"].rows == 1


def test_where_a_medication_is_described(tmp_path: Path) -> None:
    inside = {"resourceType": "Medication", "id": "in", "code": coded("2", RXNORM)}
    report, snapshot = load_resources(
        tmp_path,
        patient(),
        {"resourceType": "Medication", "id": "out", "code": coded("1", RXNORM)},
        request("a", medicationReference={"reference": "Medication/out"}),
        request("b", medicationReference={"reference": "#in"}, contained=[inside]),
        request("c", medicationReference={"reference": "Medication/lost"}),
        request("d", medicationReference={"reference": "#lost"}),
    )
    assert rows(snapshot, "SELECT drug_source_value FROM drug_exposure ORDER BY 1") == [("1",), ("2",)]
    assert excluded(report, "MedicationRequest") == {"no code": 2}
    assert excluded(report, "Medication") == {"read for what refers to it": 1}


def test_other_ways_to_take_a_drug(tmp_path: Path) -> None:
    medicine = {"medicationCodeableConcept": coded("313782", RXNORM)}
    span = {"start": "2020-03-02", "end": "2020-03-04"}
    report, snapshot = load_resources(
        tmp_path,
        patient(),
        of("MedicationStatement", "s", **medicine, status="active", effectivePeriod=span),
        of("MedicationStatement", "t", **medicine, status="intended", effectivePeriod=span),
        of(
            "MedicationAdministration",
            "a",
            **medicine,
            status="completed",
            effectiveDateTime="2020-03-03T08:00:00Z",
            dosage={"dose": {"value": 500}, "route": coded("IM")},
        ),
        of("MedicationAdministration", "b", **medicine, status="not-done", effectivePeriod=span),
        of(
            "MedicationDispense",
            "d",
            **medicine,
            status="completed",
            whenHandedOver="2020-03-05",
            daysSupply={"value": 10},
        ),
        of(
            "Immunization",
            "i",
            status="completed",
            vaccineCode=coded("140"),
            occurrenceDateTime="2020-03-06",
            lotNumber="7",
        ),
        of("Immunization", "j", status="not-done", vaccineCode=coded("140"), occurrenceDateTime="2020-03-06"),
        of("Immunization", "k", status="completed", vaccineCode=coded("140"), occurrenceString="last year"),
    )
    assert rows(snapshot, DRUGS) == [
        ("140", D("2020-03-06"), D("2020-03-06"), None, None, None, None, None, 32818),
        ("313782", D("2020-03-02"), D("2020-03-04"), None, None, None, None, None, 32830),
        ("313782", D("2020-03-03"), D("2020-03-03"), None, 500, None, None, 4302612, 32818),
        ("313782", D("2020-03-05"), D("2020-03-14"), 10, None, None, None, None, 32825),
    ]
    assert excluded(report, "Immunization") == {"occurrence given as text": 1, "status not-done": 1}


def test_procedures_and_devices(tmp_path: Path) -> None:
    report, snapshot = load_resources(
        tmp_path,
        patient(),
        of(
            "Procedure",
            "a",
            status="completed",
            code=coded("399208008"),
            performedPeriod={"start": "2020-03-02", "end": "2020-03-03"},
        ),
        of("Procedure", "b", status="in-progress", code=coded("399208008"), performedDateTime="2020-03-02"),
        {"resourceType": "Device", "id": "d", "type": coded("72506001"), "udiCarrier": [{"deviceIdentifier": "00844"}]},
        of("DeviceUseStatement", "u", status="active", device={"reference": "Device/d"}, timingDateTime="2020-03-04"),
        of("DeviceUseStatement", "v", status="active", device={"reference": "Device/d"}),
    )
    assert rows(
        snapshot, "SELECT procedure_source_value, procedure_date, procedure_end_date FROM procedure_occurrence"
    ) == [("399208008", D("2020-03-02"), D("2020-03-03"))]
    assert rows(
        snapshot, "SELECT device_source_value, device_exposure_start_date, unique_device_id FROM device_exposure"
    ) == [("72506001", D("2020-03-04"), "00844")]
    assert excluded(report, "DeviceUseStatement") == {"no date": 1}


def test_allergies_and_their_reactions(tmp_path: Path) -> None:
    _, snapshot = load_resources(
        tmp_path,
        patient(),
        of(
            "AllergyIntolerance",
            "a",
            code=coded("7980", RXNORM),
            category=["medication"],
            recordedDate="2020-03-02",
            reaction=[{"manifestation": [coded("271807003")]}, {"manifestation": [coded("422587007")]}],
        ),
        of("AllergyIntolerance", "b", code=coded("419474003"), type="intolerance", onsetDateTime="2020"),
    )
    assert rows(
        snapshot,
        "SELECT o.observation_source_value, o.observation_concept_id, o.value_as_concept_id, o.observation_date,"
        " p.observation_source_value FROM observation o LEFT JOIN observation p"
        " ON p.observation_id = o.observation_event_id ORDER BY 1",
    ) == [
        ("271807003", 0, None, D("2020-03-02"), "7980"),
        ("419474003", 0, None, D("2020-01-01"), None),
        ("422587007", 0, None, D("2020-03-02"), "7980"),
        ("7980", 439224, 0, D("2020-03-02"), None),
    ]


def test_specimens_and_the_results_from_them(tmp_path: Path) -> None:
    tube = {
        "collectedDateTime": "2020-03-02T08:00:00Z",
        "quantity": {"value": 4, "unit": "mL"},
        "bodySite": coded("arm"),
    }
    _, snapshot = load_resources(
        tmp_path,
        patient(),
        of("Specimen", "s1", type=coded("119297000"), collection=tube),
        of("Specimen", "s2", type=coded("119297000"), receivedTime="2020-03-05"),
        observation(specimen={"reference": "Specimen/s1"}, **lab(1)),
    )
    assert rows(
        snapshot,
        "SELECT specimen_source_id, specimen_source_value, specimen_date, quantity, unit_source_value,"
        " anatomic_site_source_value FROM specimen ORDER BY 1",
    ) == [
        ("s1", "119297000", D("2020-03-02"), 4, "mL", "arm"),
        ("s2", "119297000", D("2020-03-05"), None, None, None),
    ]
    taken = snapshot.path("specimen_of", "extra")
    assert rows(
        snapshot,
        f"SELECT cdm_table, specimen_source_id FROM '{taken}' JOIN specimen USING (specimen_id)"
        " JOIN measurement ON measurement_id = row_id",
    ) == [("measurement", "s1")]


def test_reports_with_a_conclusion(tmp_path: Path) -> None:
    known = {"status": "final", "code": coded("11502-2", LOINC), "effectiveDateTime": "2020-03-02"}
    report, snapshot = load_resources(
        tmp_path,
        patient(),
        of("DiagnosticReport", "a", **known, conclusion="benign", conclusionCode=[coded("30807003")]),
        of("DiagnosticReport", "b", **known),
        of("DiagnosticReport", "c", **known, conclusionCode=[coded("363346000")]),
    )
    assert rows(snapshot, "SELECT note_text, note_source_value FROM note") == [("benign", "11502-2")]
    assert rows(snapshot, "SELECT observation_source_value FROM observation ORDER BY 1") == [
        ("30807003",),
        ("363346000",),
    ]
    assert excluded(report, "DiagnosticReport") == {"no conclusion (its results are Observations of their own)": 1}


def test_people_and_places_of_work(tmp_path: Path) -> None:
    person = {"resourceType": "Practitioner", "id": "d", "gender": "male", "name": [{"family": "Secret"}]}
    house = {"resourceType": "Organization", "id": "h", "name": "Secret", "type": [coded("prov")]}
    place = {"resourceType": "Location", "id": "l", "address": {"city": "Secret", "state": "MA"}}
    visit = encounter(
        participant=[{"individual": {"reference": "Practitioner/d"}}], serviceProvider={"reference": "Organization/h"}
    )
    _, snapshot = load_resources(tmp_path, patient(), person, house, place, visit)
    assert rows(
        snapshot,
        "SELECT provider_source_value, p.gender_concept_id, care_site_source_value, place_of_service_source_value"
        " FROM visit_occurrence v JOIN provider p USING (provider_id)"
        " JOIN care_site c ON c.care_site_id = v.care_site_id",
    ) == [("d", 8507, "h", "prov")]
    assert rows(snapshot, "SELECT state, location_source_value FROM location") == [("MA", "l")]
    assert not any(b"Secret" in path.read_bytes() for path in snapshot.folder.rglob("*.parquet"))


@pytest.mark.parametrize(
    ("reference", "target"),
    [
        ({"reference": "Encounter/lost"}, "Encounter"),
        ({"identifier": {"value": "Secret"}}, "Encounter"),
        ({"reference": "Encounter?identifier=http://x|Secret"}, "Encounter"),
        ({"reference": "urn:uuid:1234"}, "Encounter"),
        ({"reference": "#inside"}, "Encounter"),
    ],
)
def test_references_that_lead_nowhere_are_listed_and_lose_no_row(tmp_path: Path, reference: Json, target: str) -> None:
    report, snapshot = load_resources(tmp_path, patient(), condition(encounter=reference), condition("c2"))
    assert snapshot.tables["condition_occurrence"].rows == 2
    assert [(u.field, u.target, u.records, u.different) for u in report.unresolved] == [
        ("Condition.encounter", target, 1, 1)
    ]
    assert not any(b"Secret" in path.read_bytes() for path in snapshot.folder.rglob("*.parquet"))


def test_several_codings(tmp_path: Path) -> None:
    local, first, second = (
        {"system": s, "code": c}
        for s, c in (("http://local", "L"), ("http://icd", "I"), ("http://snomed.info/sct", "1"))
    )
    chosen = {"system": "http://other", "code": "U", "userSelected": True}
    _, snapshot = load_resources(
        tmp_path,
        patient(),
        condition("a") | {"code": {"coding": [local, second]}},
        condition("b") | {"code": {"coding": [local, first]}},
        condition("c") | {"code": {"coding": [local, chosen]}},
        condition("d") | {"code": {"text": "a text alone"}},
    )
    assert rows(snapshot, "SELECT condition_source_value FROM condition_occurrence ORDER BY 1") == [
        ("1",),
        ("L",),
        ("U",),
        ("a text alone",),
    ]


def test_a_source_code_keeps_its_concept_whatever_is_loaded_with_it_or_after_it(tmp_path: Path) -> None:
    """Else a definition on local codes would find other patients after the next load."""
    select = "SELECT concept_code, concept_id FROM concept WHERE domain_id = 'Condition' ORDER BY 1"
    _, one = load_resources(tmp_path / "one", patient(), condition("a", code="M"))
    _, other = load_resources(tmp_path / "other", patient(), *(condition(c, code=c) for c in "ABMZ"))
    _, later = load_resources(tmp_path / "one", patient(), *(condition(c, code=c) for c in "ABMZ"))
    assert rows(one, select)[0] in rows(later, select)
    assert rows(other, select) == rows(later, select)


def test_source_codes_have_concepts_of_their_own(tmp_path: Path) -> None:
    """So that a cohort can be defined on them without any vocabulary."""
    report, snapshot = load_resources(
        tmp_path, patient(), condition("a", code="2"), condition("b", code="1"), condition("c", code="2")
    )
    assert rows(
        snapshot,
        "SELECT concept_code, concept_id, vocabulary_id, domain_id, standard_concept, count(*) FROM concept"
        " JOIN condition_occurrence ON condition_source_concept_id = concept_id GROUP BY ALL ORDER BY 1",
    ) == [
        ("1", local_id("http://snomed.info/sct", "1"), "SNOMED", "Condition", None, 1),
        ("2", local_id("http://snomed.info/sct", "2"), "SNOMED", "Condition", None, 2),
    ]
    assert [(u.code, u.records) for u in report.unmapped] == [("2", 2), ("1", 1)]


def test_the_newest_version_of_a_record_counts(tmp_path: Path) -> None:
    def version(code: str, updated: str | None = None, number: str | None = None) -> Json:
        return condition(code=code, meta={"lastUpdated": updated, "versionId": number})

    report, snapshot = load_resources(
        tmp_path,
        patient(),
        version("old", "2020-01-01T00:00:00Z"),
        version("new", "2020-01-02T00:00:00+02:00"),
        version("new", "2020-01-02T00:00:00+02:00"),
        version("oldest"),
    )
    assert rows(snapshot, "SELECT condition_source_value FROM condition_occurrence") == [("new",)]
    assert excluded(report, "Condition") == {"duplicate": 1, "older version": 2}


@pytest.mark.parametrize("newer", ["1", "2"])
def test_the_higher_version_number_counts_whatever_it_says(tmp_path: Path, newer: str) -> None:
    versions = [condition(code=code, meta={"versionId": "10" if code == newer else "9"}) for code in ("1", "2")]
    _, snapshot = load_resources(tmp_path, patient(), *versions)
    assert rows(snapshot, "SELECT condition_source_value FROM condition_occurrence") == [(newer,)]


def test_a_record_corrected_to_be_an_error_is_gone(tmp_path: Path) -> None:
    wrong = condition(verificationStatus=coded("entered-in-error"), meta={"versionId": "10"})
    report, _ = load_resources(tmp_path, patient(), condition(meta={"versionId": "9"}), wrong)
    assert excluded(report, "Condition") == {"older version": 1, "verificationStatus entered-in-error": 1}


def test_observation_periods_span_all_events(tmp_path: Path) -> None:
    _, snapshot = load_resources(
        tmp_path, patient(), patient("p2"), encounter(), condition(onsetDateTime="2019-01-01"), observation()
    )
    assert rows(
        snapshot, "SELECT observation_period_start_date, observation_period_end_date FROM observation_period"
    ) == [(D("2019-01-01"), D("2020-03-03"))]
