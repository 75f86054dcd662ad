"""What the biobank stores: `collections` rules, `donors` who gave, `storage` where, `specimens` what, and its past;
`imports` what comes from elsewhere."""

from wardbench.campus.biobank.models.collections import (
    Biobank,
    Collection,
    PlannedSpecimen,
    Protocol,
    ProtocolVisit,
    Responsible,
)
from wardbench.campus.biobank.models.donors import (
    Consent,
    ConsentForm,
    Donor,
    DonorLink,
    Enrolment,
    OptOut,
    Visit,
)
from wardbench.campus.biobank.models.imports import Import, ImportFile, ImportTable, Remembered
from wardbench.campus.biobank.models.specimens import CustodyEvent, PoolPart, Specimen
from wardbench.campus.biobank.models.storage import Container, Equipment, Excursion, Reading, Relocation

__all__ = [
    "Biobank",
    "Collection",
    "Consent",
    "ConsentForm",
    "Container",
    "CustodyEvent",
    "Donor",
    "DonorLink",
    "Enrolment",
    "Equipment",
    "Excursion",
    "Import",
    "ImportFile",
    "ImportTable",
    "OptOut",
    "PlannedSpecimen",
    "PoolPart",
    "Protocol",
    "ProtocolVisit",
    "Reading",
    "Relocation",
    "Remembered",
    "Responsible",
    "Specimen",
    "Visit",
]
