"""What a registration still lacks before it can be submitted, each with the section where it is filled in."""

from __future__ import annotations

from dataclasses import dataclass

from wardbench.campus.people.roles import gettext_noop
from wardbench.campus.studies.facts import Data, Fact, Section
from wardbench.campus.studies.path import Path

FATES = ("destroy", "return", "keep")


@dataclass(frozen=True)
class Filled:
    """What a registration says so far, as far as completeness asks."""

    facts: frozenset[Fact]
    summary: str
    sponsor: str
    data: Data
    data_wanted: str
    cohorts: int
    material_wanted: int
    programmes: int
    retention: str
    fate: str
    party: str
    purpose: bool
    documents: frozenset[str]
    consent: bool = True
    student_leads: bool = False
    student_missing: bool = False
    case_report: bool = False


@dataclass(frozen=True)
class Missing:
    """One thing that is missing: where, and a sentence of the catalogues."""

    section: Section
    sentence: str


DOCUMENT_MISSING = {
    "protocol": gettext_noop("Add the protocol."),
    "biobank_form": gettext_noop("Add the form of the biobank."),
    "consent_form": gettext_noop("Add the consent form, or the reason why consent cannot be asked."),
    "transfer_agreement": gettext_noop("Add the draft of the transfer agreement."),
    "origin": gettext_noop(
        "Prove where the material comes from: the protocol by which it was collected, approved by an ethics committee, "
        "with the consent; or the guarantees of a supplier."
    ),
}


OF_A_CASE_REPORT = {
    "protocol": gettext_noop("Add the text of the report as far as it is written; it stands in place of a protocol."),
    "consent_form": gettext_noop(
        "Add the form by which the patient agrees to the publication, not signed, or the reason why consent cannot be "
        "asked."
    ),
}


def missing(path: Path, filled: Filled) -> tuple[Missing, ...]:
    """What is missing, in the order of the sections."""
    material, data = Fact.MATERIAL in filled.facts, filled.data in (Data.PSEUDONYMISED, Data.IDENTIFIABLE)
    transfer = bool(filled.facts & {Fact.MATERIAL_LEAVES, Fact.MATERIAL_ARRIVES})
    asked = (
        (not filled.summary, Section.ABOUT, gettext_noop("Say in plain words what the study is about.")),
        (not filled.sponsor, Section.ABOUT, gettext_noop("Name the sponsor.")),
        (
            filled.student_leads,
            Section.TEAM,
            gettext_noop("A student cannot be the principal investigator; name the one who answers for the study."),
        ),
        (
            filled.student_missing,
            Section.TEAM,
            gettext_noop("Name the student whose thesis it is: a permit names the people of the team."),
        ),
        (
            Fact.OWN_SECONDARY_USE in filled.facts and not filled.programmes,
            Section.UNITS,
            gettext_noop("Name the care programmes whose patients the material is from."),
        ),
        (
            material and not filled.material_wanted,
            Section.MATERIAL,
            gettext_noop("Say which material is asked for: type, quantity, number of donors."),
        ),
        (
            material and not filled.consent,
            Section.MATERIAL,
            gettext_noop("Say on which consent the use of the material rests: it decides who has to approve."),
        ),
        (
            material and not filled.retention,
            Section.MATERIAL,
            gettext_noop("Say where the material is kept, and how long."),
        ),
        (
            material and filled.fate not in FATES,
            Section.MATERIAL,
            gettext_noop("Say what becomes of the material afterwards: destroyed, returned or kept."),
        ),
        (transfer and not filled.party, Section.MATERIAL, gettext_noop("Name the other party of the transfer.")),
        (data and not filled.data_wanted, Section.DATA, gettext_noop("Say which data are asked for, and why.")),
        (
            filled.case_report and not data,
            Section.DATA,
            gettext_noop("A case report is about a patient: say whether the patient can be recognised in it."),
        ),
        (
            data and not filled.cohorts and not filled.case_report,
            Section.DATA,
            gettext_noop("Attach the cohort whose data are asked for."),
        ),
        (not filled.purpose, Section.PURPOSE, gettext_noop("Say what the purpose is in terms of data use.")),
    )
    found = [Missing(section, sentence) for lacks, section, sentence in asked if lacks]
    needed = [step for step in path.steps if not step.when or filled.facts & set(step.when)]
    wanted = {one for step in needed for one in step.documents_of(filled.facts)}
    sentences = {**DOCUMENT_MISSING, **(OF_A_CASE_REPORT if filled.case_report else {})}
    found += [
        Missing(Section.DOCUMENTS, sentence)
        for kind, sentence in sentences.items()
        if kind in wanted and kind not in filled.documents
    ]
    return tuple(found)
