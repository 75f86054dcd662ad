"""The roles of a campus, and which of them decide what. No Django here."""

from __future__ import annotations

from enum import StrEnum


def gettext_noop(sentence: str) -> str:
    """Mark a sentence for the catalogues; it is translated where it is shown."""
    return sentence


class Role(StrEnum):
    """What somebody does at an organisation."""

    PHYSICIAN = "physician"
    COORDINATOR = "coordinator"
    RESEARCHER = "researcher"
    STUDENT = "student"
    LECTURER = "lecturer"
    BIOBANK_MANAGER = "biobank_manager"
    BIOBANK_BOARD = "biobank_board"
    TRIAL_CENTRE = "trial_centre"
    ETHICS = "ethics"
    DATA_PROTECTION = "data_protection"
    TECHNOLOGY_TRANSFER = "technology_transfer"
    PARTNER = "partner"
    DATA_STEWARD = "data_steward"
    ADMINISTRATOR = "administrator"


TITLES = {
    Role.PHYSICIAN: gettext_noop("Physician"),
    Role.COORDINATOR: gettext_noop("Nurse or study coordinator"),
    Role.RESEARCHER: gettext_noop("Researcher"),
    Role.STUDENT: gettext_noop("Student"),
    Role.LECTURER: gettext_noop("Lecturer"),
    Role.BIOBANK_MANAGER: gettext_noop("Biobank manager"),
    Role.BIOBANK_BOARD: gettext_noop("Biobank board member"),
    Role.TRIAL_CENTRE: gettext_noop("Trial-centre officer"),
    Role.ETHICS: gettext_noop("Ethics committee member"),
    Role.DATA_PROTECTION: gettext_noop("Data protection officer"),
    Role.TECHNOLOGY_TRANSFER: gettext_noop("Technology-transfer officer"),
    Role.PARTNER: gettext_noop("Partner"),
    Role.DATA_STEWARD: gettext_noop("Data steward"),
    Role.ADMINISTRATOR: gettext_noop("Administrator"),
}


BODIES = {
    Role.PHYSICIAN: gettext_noop("Care programme"),
    Role.BIOBANK_MANAGER: gettext_noop("Biobank"),
    Role.BIOBANK_BOARD: gettext_noop("Biobank board"),
    Role.TRIAL_CENTRE: gettext_noop("Clinical Trial Centre"),
    Role.ETHICS: gettext_noop("Ethics committee"),
    Role.DATA_PROTECTION: gettext_noop("Data protection officer"),
    Role.TECHNOLOGY_TRANSFER: gettext_noop("Technology transfer office"),
}
"""The bodies for which those of a role speak when they decide; of any other role, its title says it."""


class Lead(StrEnum):
    """How somebody answers for a unit, or for an organisation as a whole."""

    HEAD = "head"
    DEPUTY = "deputy"


LEADS = {Lead.HEAD: gettext_noop("Head"), Lead.DEPUTY: gettext_noop("Deputy head")}

CARE = frozenset({Role.PHYSICIAN, Role.COORDINATOR})
"""Roles that treat patients."""

RESEARCH = frozenset({Role.PHYSICIAN, Role.COORDINATOR, Role.RESEARCHER, Role.LECTURER})
"""Roles that may lead or run a study."""

SECOND_FACTOR = frozenset({Role.ADMINISTRATOR, Role.DATA_STEWARD, Role.DATA_PROTECTION})
"""Roles that never work by a password alone, whatever a campus decides for others."""

ADMINISTRATION = frozenset({Role.ADMINISTRATOR, Role.DATA_STEWARD, Role.DATA_PROTECTION, Role.TRIAL_CENTRE})
"""Roles whose sessions end sooner."""
