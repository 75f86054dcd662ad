"""The words a registration chooses from: tables by OMOP, fates of material, kinds of documents. No Django here."""

from __future__ import annotations

from wardbench.campus.people.roles import gettext_noop

UNITS = {
    "tubes": gettext_noop("tubes"),
    "ml": "ml",
    "µl": "µl",
    "mg": "mg",
    "µg": "µg",
    "slides": gettext_noop("slides"),
    "blocks": gettext_noop("blocks"),
    "vials": gettext_noop("vials"),
}
"""In what material is asked for, and what that is called."""

TABLES = {
    "person": gettext_noop("Age, sex and place"),
    "visit_occurrence": gettext_noop("Visits and admissions"),
    "condition_occurrence": gettext_noop("Diagnoses"),
    "drug_exposure": gettext_noop("Medicines"),
    "procedure_occurrence": gettext_noop("Procedures"),
    "measurement": gettext_noop("Laboratory and other measurements"),
    "observation": gettext_noop("Observations and answers"),
    "device_exposure": gettext_noop("Devices"),
    "specimen": gettext_noop("Specimens"),
    "death": gettext_noop("Deaths"),
    "note": gettext_noop("Notes and reports in words"),
}
"""Tables of the OMOP Common Data Model, and what a reader calls what is in them."""

FATES = {
    "destroy": gettext_noop("It is destroyed"),
    "return": gettext_noop("It is returned to the biobank, or to whom it came from"),
    "keep": gettext_noop("It is kept, with the approvals that this needs"),
}
"""What becomes of material after a study."""

DOCUMENT_KINDS = {
    "protocol": gettext_noop("Protocol"),
    "biobank_form": gettext_noop("Biobank application form"),
    "consent_form": gettext_noop("Consent form"),
    "transfer_agreement": gettext_noop("Transfer agreement (draft or signed)"),
    "origin": gettext_noop("Proof of where material from elsewhere comes from"),
    "other": gettext_noop("Other document"),
}

WORK = {
    "investigator": gettext_noop("Investigator"),
    "coordinator": gettext_noop("Study coordinator"),
    "laboratory": gettext_noop("Laboratory"),
    "analyst": gettext_noop("Data analyst"),
    "student": gettext_noop("Student"),
    "partner": gettext_noop("Partner"),
}
"""What somebody does in a study."""
