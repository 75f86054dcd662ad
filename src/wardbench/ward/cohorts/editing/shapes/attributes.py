"""What may be asked of an event of each domain, and what ATLAS calls it."""

from __future__ import annotations

from collections.abc import Mapping

DOMAINS: Mapping[str, str] = {
    "condition": "ConditionOccurrence",
    "drug": "DrugExposure",
    "procedure": "ProcedureOccurrence",
    "measurement": "Measurement",
    "observation": "Observation",
    "device": "DeviceExposure",
    "visit": "VisitOccurrence",
    "specimen": "Specimen",
    "death": "Death",
    "condition_era": "ConditionEra",
    "drug_era": "DrugEra",
}
"""What events are about, and what ATLAS calls them."""
KINDS = {kind: domain for domain, kind in DOMAINS.items()}
ERAS = ("condition_era", "drug_era")
SOURCES: Mapping[str, str] = {
    "condition": "ConditionSourceConcept",
    "drug": "DrugSourceConcept",
    "procedure": "ProcedureSourceConcept",
    "measurement": "MeasurementSourceConcept",
    "observation": "ObservationSourceConcept",
    "device": "DeviceSourceConcept",
    "visit": "VisitSourceConcept",
    "death": "DeathSourceConcept",
}
"""Where ATLAS asks for the hospital's own codes instead of standard concepts."""

_EVERY_RECORD = tuple(domain for domain in DOMAINS if domain not in ERAS)
NUMBERS: Mapping[str, Mapping[str, str]] = {
    "value": {"measurement": "ValueAsNumber", "observation": "ValueAsNumber"},
    "low": {"measurement": "RangeLow"},
    "high": {"measurement": "RangeHigh"},
    "low_ratio": {"measurement": "RangeLowRatio"},
    "high_ratio": {"measurement": "RangeHighRatio"},
    "quantity": dict.fromkeys(("drug", "specimen"), "Quantity"),
    "pieces": dict.fromkeys(("procedure", "device"), "Quantity"),
    "days_supply": {"drug": "DaysSupply"},
    "length": {"visit": "VisitLength", "condition_era": "EraLength", "drug_era": "EraLength"},
    "occurrences": dict.fromkeys(ERAS, "OccurrenceCount"),
    "age": dict.fromkeys(_EVERY_RECORD, "Age") | dict.fromkeys(ERAS, "AgeAtStart"),
}
"""The numbers that an event may be asked for, and what ATLAS calls each in a domain that has it."""
WHOLE = frozenset({"age", "length", "occurrences", "days_supply", "pieces"})
DAYS: Mapping[str, Mapping[str, str]] = {
    "began": dict.fromkeys(_EVERY_RECORD, "OccurrenceStartDate") | dict.fromkeys(ERAS, "EraStartDate"),
}
CODED: Mapping[str, Mapping[str, str]] = {
    "unit": {"measurement": "Unit", "observation": "Unit", "specimen": "Unit"},
    "value_as": {"measurement": "ValueAsConcept", "observation": "ValueAsConcept"},
    "visit_type": dict.fromkeys(
        ("condition", "drug", "procedure", "measurement", "observation", "device"), "VisitType"
    ),
}
