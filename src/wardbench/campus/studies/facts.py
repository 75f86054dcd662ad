"""What a study says of itself that decides its path. No Django here."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from wardbench.campus.people.roles import gettext_noop


class Kind(StrEnum):
    """What sort of study it is."""

    PROSPECTIVE_TRIAL = "prospective_trial"
    PROSPECTIVE_OBSERVATION = "prospective_observation"
    RETROSPECTIVE = "retrospective"
    SECONDARY_USE = "secondary_use"
    EXTRACTED_MATERIAL = "extracted_material"
    INCOMING_TRANSFER = "incoming_transfer"
    OTHER_INTERVENTION = "other_intervention"
    CASE_REPORT = "case_report"
    THESIS = "thesis"
    QUALITY = "quality"


KINDS = {
    Kind.PROSPECTIVE_TRIAL: gettext_noop("Prospective trial"),
    Kind.PROSPECTIVE_OBSERVATION: gettext_noop("Prospective observational study"),
    Kind.RETROSPECTIVE: gettext_noop("Retrospective study of records"),
    Kind.SECONDARY_USE: gettext_noop("Secondary use of human body material"),
    Kind.EXTRACTED_MATERIAL: gettext_noop("Study of extracted material (DNA, RNA, proteins)"),
    Kind.INCOMING_TRANSFER: gettext_noop("Material that comes from elsewhere"),
    Kind.OTHER_INTERVENTION: gettext_noop("Other study with an intervention"),
    Kind.CASE_REPORT: gettext_noop("Case report"),
    Kind.THESIS: gettext_noop("Thesis of a student"),
    Kind.QUALITY: gettext_noop("Quality improvement"),
}


IMPLY_MATERIAL = frozenset({Kind.SECONDARY_USE, Kind.EXTRACTED_MATERIAL, Kind.INCOMING_TRANSFER})
"""Kinds of study that there cannot be without human body material."""


class Fact(StrEnum):
    """What a step of a path may depend on."""

    MATERIAL = "material"
    SECONDARY_USE = "secondary_use"
    OWN_SECONDARY_USE = "own_secondary_use"
    PERSONAL_DATA = "personal_data"
    HUMAN_SUBJECTS = "human_subjects"
    MATERIAL_LEAVES = "material_leaves"
    MATERIAL_ARRIVES = "material_arrives"


FACTS = {
    Fact.MATERIAL: gettext_noop("human body material is asked for"),
    Fact.SECONDARY_USE: gettext_noop("material is used for something it was not collected for"),
    Fact.OWN_SECONDARY_USE: gettext_noop(
        "material of the hospital's own patients is used for something it was not collected for"
    ),
    Fact.PERSONAL_DATA: gettext_noop("data of single patients are asked for"),
    Fact.HUMAN_SUBJECTS: gettext_noop("people or their material are studied"),
    Fact.MATERIAL_LEAVES: gettext_noop("material leaves the hospital"),
    Fact.MATERIAL_ARRIVES: gettext_noop("material comes from elsewhere"),
}


class Data(StrEnum):
    """How close to single patients the data are that a study asks for."""

    NONE = "none"
    AGGREGATE = "aggregate"
    PSEUDONYMISED = "pseudonymised"
    IDENTIFIABLE = "identifiable"


DATA = {
    Data.NONE: gettext_noop("No data"),
    Data.AGGREGATE: gettext_noop("Counts and tables only"),
    Data.PSEUDONYMISED: gettext_noop("Data of single patients under pseudonyms"),
    Data.IDENTIFIABLE: gettext_noop("Data that identify patients"),
}


class Consent(StrEnum):
    """On which consent the use of material rests, in the terms of the law on human body material."""

    PRIMARY = "primary"
    SECONDARY = "secondary"
    RESIDUAL = "residual"


CONSENTS = {
    Consent.PRIMARY: gettext_noop("Primary use: each donor agreed to this study"),
    Consent.SECONDARY: gettext_noop("Secondary use: donors agreed to another purpose"),
    Consent.RESIDUAL: gettext_noop("Residual material: left over from care, and the donor did not object"),
}


class Section(StrEnum):
    """The parts of a registration, each filled in by itself."""

    ABOUT = "about"
    TEAM = "team"
    UNITS = "units"
    MATERIAL = "material"
    DATA = "data"
    PURPOSE = "purpose"
    DOCUMENTS = "documents"


SECTIONS = {
    Section.ABOUT: gettext_noop("About the study"),
    Section.TEAM: gettext_noop("The people"),
    Section.UNITS: gettext_noop("Whom it concerns"),
    Section.MATERIAL: gettext_noop("Material"),
    Section.DATA: gettext_noop("Data and cohorts"),
    Section.PURPOSE: gettext_noop("Purpose"),
    Section.DOCUMENTS: gettext_noop("Documents"),
}


@dataclass(frozen=True)
class Asked:
    """What the path looks at."""

    kind: Kind
    data: Data
    material: bool
    leaves: bool = False
    arrives: bool = False
    consent: Consent | None = None

    @property
    def facts(self) -> frozenset[Fact]:
        """The facts that hold. Where the consent is not said, material that a study collects itself is primary use.

        A case report is about a patient, whatever it says of its data; an incoming transfer is about nobody's patients
        here, so that no care programme of the hospital has a say in it.
        """
        material = self.material or self.kind in IMPLY_MATERIAL
        arrives = self.arrives or self.kind is Kind.INCOMING_TRANSFER
        collects = self.kind in (
            Kind.PROSPECTIVE_TRIAL,
            Kind.PROSPECTIVE_OBSERVATION,
            Kind.OTHER_INTERVENTION,
            Kind.INCOMING_TRANSFER,
        )
        primary = self.consent is Consent.PRIMARY if self.consent else collects
        primary = primary and self.kind is not Kind.SECONDARY_USE
        personal = self.data in (Data.PSEUDONYMISED, Data.IDENTIFIABLE) or self.kind is Kind.CASE_REPORT
        people = material or personal or collects
        held = {
            Fact.MATERIAL: material,
            Fact.SECONDARY_USE: material and not primary,
            Fact.OWN_SECONDARY_USE: material and not primary and self.kind is not Kind.INCOMING_TRANSFER,
            Fact.PERSONAL_DATA: personal,
            Fact.HUMAN_SUBJECTS: people,
            Fact.MATERIAL_LEAVES: material and self.leaves,
            Fact.MATERIAL_ARRIVES: material and arrives,
        }
        return frozenset(fact for fact, holds in held.items() if holds)
