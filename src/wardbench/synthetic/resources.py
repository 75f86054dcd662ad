"""The shape of each FHIR resource as a template: JSON text in which «...» holds an SQL expression over a row.

The columns are those of `records`, with codes, answers and practitioners already rendered as JSON. What may be absent
is a whole piece that an expression gives or leaves empty, never a null.
"""

from __future__ import annotations

import re

from wardbench.synthetic import codes
from wardbench.synthetic.institutions import HOSPITAL as _HOSPITAL
from wardbench.synthetic.institutions import ORGANISATIONS, TIME_ZONE
from wardbench.synthetic.people import END, EPOCH

TERMINOLOGY = "http://terminology.hl7.org/CodeSystem"


def expression(template: str) -> str:
    """The SQL expression that renders a template; line breaks in its text are none in what is rendered."""
    pieces = []
    for number, piece in enumerate(re.split("«(.*?)»", template, flags=re.DOTALL)):
        if number % 2:
            pieces.append(f"({piece})")
        else:
            pieces.append("'" + re.sub(r"\s*\n\s*", "", piece).replace("'", "''") + "'")
    return " || ".join(pieces)


def _moment(minute: str = "minute", day: str = "day") -> str:
    return f"«strftime({day} + ({minute}) * INTERVAL 1 MINUTE, '%Y-%m-%dT%H:%M:%S')»{TIME_ZONE}"


def _coded(system: str, code: str) -> str:
    return f'{{"coding":[{{"system":"{TERMINOLOGY}/{system}","code":"{code}"}}]}}'


_CODED = [
    f'{{"coding":[{{"system":"{c.system}","code":"{c.code}","display":"{c.text}"}}],"text":"{c.text}"}}'
    for c in codes.CODES
]
_LAST_DAY = f"DATE '{EPOCH}' + {END}"
_HOSPITAL_ID = ORGANISATIONS[_HOSPITAL].id
_OF = '"subject":{"reference":"Patient/p«person»"},"encounter":{"reference":"Encounter/v«visit»"}'
_ONCE = _OF.replace("subject", "patient")
_OBSERVATION = f"""{{"resourceType":"Observation","id":"o«id»","status":"final","category":
    [{_coded("observation-category", "@")}],"code":"""
_VITAL_SIGNS, _LABORATORY, _SOCIAL = (
    _OBSERVATION.replace("@", category) for category in ("vital-signs", "laboratory", "social-history")
)
_PRESSURE_UNIT = '"unit":"mm[Hg]","system":"http://unitsofmeasure.org","code":"mm[Hg]"'

PATIENT = f"""
    {{"resourceType":"Patient","id":"p«person»","active":true,
    "gender":"«CASE WHEN female THEN 'female' ELSE 'male' END»",
    "birthDate":"«birth»"«CASE WHEN death IS NULL THEN '' ELSE ',"deceasedDateTime":"' || death || '"' END»,
    "generalPractitioner":[{{"reference":"«practitioner»"}}],
    "managingOrganization":{{"reference":"Organization/{_HOSPITAL_ID}"}}}}"""

ENCOUNTER = f"""
    {{"resourceType":"Encounter","id":"v«id»","status":"finished",
    "class":{{"system":"{TERMINOLOGY}/v3-ActCode","code":"«['AMB', 'EMER', 'IMP'][kind + 1]»"}},"type":[«code»],
    "subject":{{"reference":"Patient/p«person»"}},"participant":[{{"individual":{{"reference":"«practitioner»"}}}}],
    "period":{{"start":"{_moment()}","end":"{
    _moment("CASE WHEN length > 0 THEN length * 1440 + 720 ELSE least(minute + minutes, 1439) END")
}"}},
    «CASE WHEN kind < 2 THEN '' WHEN died = 1 THEN
    '"hospitalization":{{"dischargeDisposition":{_coded("discharge-disposition", "exp")}}},' ELSE
    '"hospitalization":{{"dischargeDisposition":{_coded("discharge-disposition", "home")}}},' END»
    "serviceProvider":{{"reference":"Organization/{_HOSPITAL_ID}"}}}}"""

CONDITION = f"""
    {{"resourceType":"Condition","id":"c«id»",
    "clinicalStatus":«CASE WHEN "end" IS NULL OR "end" >= {_LAST_DAY} THEN '{_coded("condition-clinical", "active")}'
    ELSE '{_coded("condition-clinical", "resolved")}' END»,
    "verificationStatus":{_coded("condition-ver-status", "confirmed")},
    "category":[{_coded("condition-category", "encounter-diagnosis")}],"code":«code»,
    {_OF},"onsetDateTime":"{_moment()}"
    «CASE WHEN "end" IS NULL THEN '' ELSE ',"abatementDateTime":"' || "end" || '"' END»,
    "recordedDate":"{_moment()}","recorder":{{"reference":"«practitioner»"}}}}"""

_MEASURED = f"""«code»,{_OF},"effectiveDateTime":"{_moment()}",
    «CASE WHEN value IS NOT NULL THEN '"valueQuantity":{{"value":' || value || frame
    ELSE '"valueCodeableConcept":' || answer END»}}"""
LABORATORY = _LABORATORY + _MEASURED
VITAL_SIGN = _VITAL_SIGNS + _MEASURED

PRESSURE = f"""
    {_VITAL_SIGNS}{_CODED[codes.PRESSURE]},{_OF},"effectiveDateTime":"{_moment()}","component":[
    {{"code":{_CODED[codes.SYSTOLIC]},"valueQuantity":{{"value":«value»,{_PRESSURE_UNIT}}}}},
    {{"code":{_CODED[codes.DIASTOLIC]},"valueQuantity":{{"value":«diastolic»,{_PRESSURE_UNIT}}}}}]}}"""

SMOKING = (
    f"""{_SOCIAL}{_CODED[codes.SMOKING]},{_OF},"effectiveDateTime":"{_moment()}","valueCodeableConcept":«answer»}}"""
)

REQUEST = f"""
    {{"resourceType":"MedicationRequest","id":"r«id»",
    "status":"«CASE WHEN day + supply::INTEGER > {_LAST_DAY} THEN 'active' ELSE 'completed' END»","intent":"order",
    "medicationCodeableConcept":«code»,{_OF},"authoredOn":"{_moment()}","requester":{{"reference":"«practitioner»"}},
    "dispenseRequest":{{"validityPeriod":{{"start":"«day»","end":"«day + greatest(supply - 1, 0)::INTEGER»"}},
    "quantity":{{"value":«quantity»}},
    "expectedSupplyDuration":{{"value":«supply»,"unit":"days","system":"http://unitsofmeasure.org","code":"d"}}}}}}"""

ADMINISTRATION = f"""
    {{"resourceType":"MedicationAdministration","id":"a«id»","status":"completed","medicationCodeableConcept":«code»,
    {_OF.replace('"encounter"', '"context"')},"performer":[{{"actor":{{"reference":"«practitioner»"}}}}],
    «CASE WHEN supply > 1 THEN '"effectivePeriod":{{"start":"' || day || '","end":"' ||
    day + (supply - 1)::INTEGER || '"}}'
    ELSE '"effectiveDateTime":"' || day || '"' END»,"dosage":{{"dose":{{"value":«quantity»}}}}}}"""

PROCEDURE = f"""
    {{"resourceType":"Procedure","id":"u«id»","status":"completed","code":«code»,{_OF},
    "performedDateTime":"{_moment()}","performer":[{{"actor":{{"reference":"«practitioner»"}}}}]}}"""

IMMUNIZATION = f"""
    {{"resourceType":"Immunization","id":"i«id»","status":"completed","vaccineCode":«code»,{_ONCE},
    "occurrenceDateTime":"{_moment()}","primarySource":true}}"""

ALLERGY = f"""
    {{"resourceType":"AllergyIntolerance","id":"l«id»",
    "clinicalStatus":{_coded("allergyintolerance-clinical", "active")},
    "verificationStatus":{_coded("allergyintolerance-verification", "confirmed")},"type":"allergy",
    "category":["«category»"],"code":«code»,{_ONCE},"recordedDate":"{_moment()}"}}"""

SPECIMEN = f"""
    {{"resourceType":"Specimen","id":"s«id»","accessionIdentifier":{{"value":"LM-«id»"}},"status":"available",
    "type":«code»,"subject":{{"reference":"Patient/p«person»"}},"receivedTime":"{_moment("minute + delay")}",
    "collection":{{"collectedDateTime":"{_moment()}","quantity":{{"value":«quantity»,«unit»}}
    «CASE WHEN from_colon = 1 THEN ',"bodySite":{_CODED[codes.COLON]}' ELSE '' END»}}}}"""
