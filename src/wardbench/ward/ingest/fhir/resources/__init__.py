"""One module per group of resource types: what is read of them, and what excludes them."""

from __future__ import annotations

from collections.abc import Sequence

from wardbench.ward.ingest.fhir.reading import Reading
from wardbench.ward.ingest.fhir.resources.allergy import ALLERGY_INTOLERANCE
from wardbench.ward.ingest.fhir.resources.condition import CONDITION
from wardbench.ward.ingest.fhir.resources.device import DEVICE, DEVICE_USE_STATEMENT
from wardbench.ward.ingest.fhir.resources.encounter import ENCOUNTER
from wardbench.ward.ingest.fhir.resources.immunization import IMMUNIZATION
from wardbench.ward.ingest.fhir.resources.medication import (
    MEDICATION,
    MEDICATION_ADMINISTRATION,
    MEDICATION_DISPENSE,
    MEDICATION_STATEMENT,
    medication_request,
)
from wardbench.ward.ingest.fhir.resources.observation import OBSERVATION
from wardbench.ward.ingest.fhir.resources.people import PATIENT
from wardbench.ward.ingest.fhir.resources.places import LOCATION, ORGANIZATION, PRACTITIONER
from wardbench.ward.ingest.fhir.resources.procedure import PROCEDURE
from wardbench.ward.ingest.fhir.resources.report import DIAGNOSTIC_REPORT
from wardbench.ward.ingest.fhir.resources.specimen import SPECIMEN

DEFAULT_INTENTS = ("order", "instance-order")


def readings(intents: Sequence[str] = DEFAULT_INTENTS) -> dict[str, Reading]:
    """Every type that is read, by name, each after those it refers to."""
    ordered = (
        ORGANIZATION,
        LOCATION,
        PRACTITIONER,
        MEDICATION,
        DEVICE,
        PATIENT,
        ENCOUNTER,
        SPECIMEN,
        CONDITION,
        OBSERVATION,
        medication_request(intents),
        MEDICATION_STATEMENT,
        MEDICATION_ADMINISTRATION,
        MEDICATION_DISPENSE,
        PROCEDURE,
        IMMUNIZATION,
        ALLERGY_INTOLERANCE,
        DEVICE_USE_STATEMENT,
        DIAGNOSTIC_REPORT,
    )
    return {reading.kind: reading for reading in ordered}
