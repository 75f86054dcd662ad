"""The mapping's constants: concept ids that hold without a vocabulary, and the columns of every target table.

Concept ids follow HL7's FHIR-to-OMOP guide (2.0.0-ballot); where it names a concept that is not standard, 0 is taken.
"""

from __future__ import annotations

from collections.abc import Mapping

GENDERS = {"male": 8507, "female": 8532}

RACES = {"2106-3": 8527, "2054-5": 8516, "2028-9": 8515, "1002-5": 8657, "2076-8": 8557}

ETHNICITIES = {"2135-2": 38003563, "2186-5": 38003564}

VISITS = {
    "IMP": 9201,
    "ACUTE": 9201,
    "NONAC": 9201,
    "AMB": 9202,
    "SS": 9202,
    "EMER": 9203,
    "OBSENC": 262,
    "VR": 722455,
    "HH": 581476,
}
INPATIENT = 9201

ADMITTED_FROM = {
    "hosp-trans": 38004515,
    "born": 38004515,
    "emd": 8870,
    "outp": 8756,
    "gp": 8940,
    "mp": 8940,
    "nursing": 8676,
    "psych": 8971,
    "rehab": 38004254,
}

DISCHARGED_TO = {
    "home": 8536,
    "alt-home": 8536,
    "other-hcf": 33007,
    "hosp": 8546,
    "long": 38004277,
    "aadvice": 32216,
    "exp": 32218,
    "psy": 8971,
    "rehab": 32266,
    "snf": 8863,
}

INTERPRETATIONS = {
    "H": 4328749,
    "HH": 4328749,
    "L": 4267416,
    "LL": 4267416,
    "N": 4069590,
    "A": 4135493,
    "AA": 4135493,
    "POS": 9191,
    "NEG": 9189,
}

ALLERGIES = {"food": 4188027, "medication": 439224, "environment": 4144450, "biologic": 43530807}

INTOLERANCES = {"food": 4340252, "medication": 4240582, "environment": 4172024, "biologic": 36684107}

IMMUNIZATION_ORIGINS = {"recall": 32865, "record": 32848, "school": 32848, "provider": 32818}

ROUTES = {
    "IM": 4302612,
    "SQ": 4142048,
    "PO": 4132161,
    "IVINJ": 4171047,
    "IDINJ": 4156706,
    "TRNSDERM": 4262099,
}

CDM_5_4_0 = 756265
EHR = 32817
EHR_ENCOUNTER = 32827

DOMAIN_TABLES: Mapping[str, str] = {
    "Condition": "condition_occurrence",
    "Drug": "drug_exposure",
    "Procedure": "procedure_occurrence",
    "Measurement": "measurement",
    "Observation": "observation",
    "Device": "device_exposure",
}
"""The table for a standard concept's domain; other domains leave a record where its resource type puts it."""

ROW_ID_FIELDS = {"measurement": 1147138, "observation": 1147165}
"""The concept of a table's row id, which says what an event id points to."""

EVENT_TABLES: Mapping[str, Mapping[str, str]] = {
    "condition_occurrence": {
        "condition_occurrence_id": "row_id",
        "condition_concept_id": "concept_id",
        "condition_start_date": "start_date",
        "condition_start_datetime": "start_time",
        "condition_end_date": "end_date",
        "condition_end_datetime": "end_time",
        "condition_type_concept_id": "type_concept_id",
        "condition_status_concept_id": "status_concept_id",
        "condition_status_source_value": "short(status)",
        "condition_source_value": "short(code)",
        "condition_source_concept_id": "source_concept_id",
    },
    "drug_exposure": {
        "drug_exposure_id": "row_id",
        "drug_concept_id": "concept_id",
        "drug_exposure_start_date": "start_date",
        "drug_exposure_start_datetime": "start_time",
        "drug_exposure_end_date": "coalesce(end_date,"
        " CASE WHEN days_supply > 0 THEN start_date + (days_supply - 1) END, start_date)",
        "drug_exposure_end_datetime": "end_time",
        "drug_type_concept_id": "type_concept_id",
        "refills": "refills",
        "quantity": "quantity",
        "days_supply": "days_supply",
        "sig": "sig",
        "route_concept_id": "route_concept_id",
        "route_source_value": "short(route_code)",
        "dose_unit_source_value": "short(dose_unit)",
        "lot_number": "short(lot_number)",
        "drug_source_value": "short(code)",
        "drug_source_concept_id": "source_concept_id",
    },
    "procedure_occurrence": {
        "procedure_occurrence_id": "row_id",
        "procedure_concept_id": "concept_id",
        "procedure_date": "start_date",
        "procedure_datetime": "start_time",
        "procedure_end_date": "end_date",
        "procedure_end_datetime": "end_time",
        "procedure_type_concept_id": "type_concept_id",
        "procedure_source_value": "short(code)",
        "procedure_source_concept_id": "source_concept_id",
    },
    "device_exposure": {
        "device_exposure_id": "row_id",
        "device_concept_id": "concept_id",
        "device_exposure_start_date": "start_date",
        "device_exposure_start_datetime": "start_time",
        "device_exposure_end_date": "end_date",
        "device_exposure_end_datetime": "end_time",
        "device_type_concept_id": "type_concept_id",
        "unique_device_id": "unique_device_id",
        "production_id": "production_id",
        "device_source_value": "short(code)",
        "device_source_concept_id": "source_concept_id",
    },
    "measurement": {
        "measurement_id": "row_id",
        "measurement_concept_id": "concept_id",
        "measurement_date": "start_date",
        "measurement_datetime": "start_time",
        "measurement_type_concept_id": "type_concept_id",
        "operator_concept_id": "operator_concept_id",
        "value_as_number": "number",
        "value_as_concept_id": "value_as_concept_id",
        "unit_concept_id": "unit_concept_id",
        "range_low": "range_low",
        "range_high": "range_high",
        "measurement_source_value": "short(code)",
        "measurement_source_concept_id": "source_concept_id",
        "unit_source_value": "short(unit)",
        "unit_source_concept_id": "unit_source_concept_id",
        "value_source_value": "short(coalesce(value_code, value_display, value_text))",
        "measurement_event_id": "parent_row_id",
        "meas_event_field_concept_id": "parent_field_concept_id",
    },
    "observation": {
        "observation_id": "row_id",
        "observation_concept_id": "concept_id",
        "observation_date": "start_date",
        "observation_datetime": "start_time",
        "observation_type_concept_id": "type_concept_id",
        "value_as_number": "number",
        "value_as_string": "coalesce(value_text, value_display)",
        "value_as_concept_id": "value_as_concept_id",
        "qualifier_concept_id": "CASE WHEN qualifier IS NOT NULL THEN 0 END",
        "qualifier_source_value": "short(qualifier)",
        "unit_concept_id": "unit_concept_id",
        "unit_source_value": "short(unit)",
        "observation_source_value": "short(code)",
        "observation_source_concept_id": "source_concept_id",
        "value_source_value": "short(coalesce(value_code, value_display, value_text))",
        "observation_event_id": "parent_row_id",
        "obs_event_field_concept_id": "parent_field_concept_id",
    },
    "specimen": {
        "specimen_id": "row_id",
        "specimen_concept_id": "concept_id",
        "specimen_type_concept_id": "type_concept_id",
        "specimen_date": "start_date",
        "specimen_datetime": "start_time",
        "quantity": "quantity",
        "unit_concept_id": "unit_concept_id",
        "unit_source_value": "short(unit)",
        "anatomic_site_concept_id": "site_concept_id",
        "anatomic_site_source_value": "short(site_code)",
        "specimen_source_id": "short(id)",
        "specimen_source_value": "short(code)",
    },
    "note": {
        "note_id": "row_id",
        "note_date": "start_date",
        "note_datetime": "start_time",
        "note_type_concept_id": "type_concept_id",
        "note_class_concept_id": "concept_id",
        "note_text": "note_text",
        "encoding_concept_id": "0",
        "language_concept_id": "0",
        "note_source_value": "short(code)",
    },
}
"""How an event's columns become each table's; person, visit and provider are added to those that have them."""

EVENT_COLUMNS: Mapping[str, str] = {
    "target": "VARCHAR",
    "fixed_target": "BOOLEAN",
    "imputed": "BOOLEAN",
    "start_date": "DATE",
    "start_time": "TIMESTAMP",
    "end_date": "DATE",
    "end_time": "TIMESTAMP",
    "system": "VARCHAR",
    "code": "VARCHAR",
    "display": "VARCHAR",
    "several": "VARCHAR",
    "type_concept_id": "INTEGER",
    "status_concept_id": "INTEGER",
    "status": "VARCHAR",
    "qualifier": "VARCHAR",
    "category_concept_id": "INTEGER",
    "number": "DOUBLE",
    "operator_concept_id": "INTEGER",
    "unit_system": "VARCHAR",
    "unit": "VARCHAR",
    "value_concept_id": "INTEGER",
    "value_system": "VARCHAR",
    "value_code": "VARCHAR",
    "value_display": "VARCHAR",
    "value_text": "VARCHAR",
    "range_low": "DOUBLE",
    "range_high": "DOUBLE",
    "quantity": "DOUBLE",
    "days_supply": "INTEGER",
    "refills": "INTEGER",
    "sig": "VARCHAR",
    "route_system": "VARCHAR",
    "route_code": "VARCHAR",
    "dose_unit": "VARCHAR",
    "lot_number": "VARCHAR",
    "unique_device_id": "VARCHAR",
    "production_id": "VARCHAR",
    "site_system": "VARCHAR",
    "site_code": "VARCHAR",
    "note_text": "VARCHAR",
}
"""Every column an event may have; a type of event that lacks one has NULL there."""
