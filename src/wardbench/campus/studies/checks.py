"""What a body looks at before it decides, prefilled from the registration: each with what it says, and how it looks.

The biobank's list is that of the hospital biobank's own review: origin; type, quantity and donors; privacy; fit with
consent; relevance; no conflict with care; retention; fate. No Django here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from wardbench.campus.people.roles import Role, gettext_noop
from wardbench.campus.studies.facts import Consent, Data, Fact


@dataclass(frozen=True)
class Judged:
    """What a registration says, as far as the checks ask; the texts are already for people."""

    facts: frozenset[Fact]
    consent: Consent | None
    data: Data
    material: Sequence[str] = ()
    programmes: Sequence[str] = ()
    retention: str = ""
    fate: str = ""
    party: str = ""
    purpose: str = ""
    concerns: Sequence[str] = ()
    cohorts: int = 0
    tables: Sequence[str] = ()
    period: str = ""
    data_wanted: str = ""
    ethics_reference: str = ""
    partners: Sequence[str] = ()
    commercial: bool = False
    documents: frozenset[str] = frozenset()
    case_report: bool = False
    from_elsewhere: bool = False
    sponsor: str = ""
    team: Sequence[str] = ()
    thesis: bool = False
    student: bool = False


@dataclass(frozen=True)
class Check:
    """One thing to look at: `light` is good, wait (a person has to look) or bad (it is missing)."""

    what: str
    light: str
    said: str
    hint: str = ""


LIGHTS = {
    "good": gettext_noop("Said"),
    "wait": gettext_noop("Look at this"),
    "bad": gettext_noop("Missing"),
}

_BIOBANK = frozenset({Role.BIOBANK_BOARD, Role.BIOBANK_MANAGER, Role.PHYSICIAN, Role.TECHNOLOGY_TRANSFER})


def checks(given: Judged, role: Role) -> list[Check]:
    """What somebody of `role` looks at, in the order of the review."""
    material, data = Fact.MATERIAL in given.facts, Fact.PERSONAL_DATA in given.facts
    everything = role in (Role.TRIAL_CENTRE, Role.ETHICS)
    found: list[Check] = []
    if everything:
        found += _whose(given)
    if material and (everything or role in _BIOBANK):
        found += _material(given)
    if data and (everything or role is Role.DATA_PROTECTION or role in _BIOBANK):
        found += _data(given)
    elif given.data is Data.AGGREGATE and (everything or role is Role.DATA_PROTECTION):
        found += _counts(given)
    found += _purpose(given)
    return found


def _whose(given: Judged) -> Iterable[Check]:
    yield Check(
        gettext_noop("Who answers for it, and who works on it"),
        _light(bool(given.sponsor) and (given.student or not given.thesis)),
        "; ".join([*([given.sponsor] if given.sponsor else []), *given.team]),
        gettext_noop("Does the lecturer answer for the thesis, and is the student named?") if given.thesis else "",
    )


def _counts(given: Judged) -> Iterable[Check]:
    yield Check(
        gettext_noop("Counts and tables, of nobody in particular"),
        "good" if given.cohorts else "wait",
        ", ".join([*given.tables, *([given.period] if given.period else [])]),
        gettext_noop("The cohorts are attached by their content: the permit covers no other.")
        if given.cohorts
        else gettext_noop("No cohort is attached, so that the permit would let nothing be counted."),
    )


def _material(given: Judged) -> Iterable[Check]:
    secondary = Fact.SECONDARY_USE in given.facts
    arrives = Fact.MATERIAL_ARRIVES in given.facts
    said = given.consent is not None and (bool(given.programmes) or Fact.OWN_SECONDARY_USE not in given.facts)
    transfer = given.facts & {Fact.MATERIAL_LEAVES, Fact.MATERIAL_ARRIVES}
    yield Check(
        gettext_noop("Origin"),
        _light(said and ("origin" in given.documents or not arrives)),
        ", ".join([*given.programmes, *([given.party] if arrives and given.party else [])]),
        gettext_noop(
            "Collected with consent, by a protocol that an ethics committee approved, or guaranteed by a supplier?"
        )
        if arrives
        else gettext_noop("From whose patients, and collected for what?"),
    )
    yield Check(
        gettext_noop("Type, quantity and number of donors"),
        _light(bool(given.material)),
        "; ".join(given.material),
        gettext_noop("Is this as little as the question needs, and is enough left for diagnosis?"),
    )
    yield Check(
        gettext_noop("Fit with consent"),
        "wait" if secondary else _light(given.consent is not None),
        "",
        gettext_noop(
            "Secondary use needs a new opinion of the ethics committee, and new consent unless that is impossible "
            "or exceptionally inappropriate."
        )
        if secondary
        else gettext_noop("Each donor agreed to this study."),
    )
    if not given.from_elsewhere:
        yield Check(
            gettext_noop("No conflict with diagnosis or treatment"),
            "wait",
            "",
            gettext_noop("The care programme knows whether the same material may still be needed for the patient."),
        )
    yield Check(gettext_noop("Place and period of retention"), _light(bool(given.retention)), given.retention)
    yield Check(gettext_noop("What becomes of it afterwards"), _light(bool(given.fate)), given.fate)
    if transfer:
        agreed = "transfer_agreement" in given.documents
        yield Check(
            gettext_noop("Transfer agreement"),
            "good" if agreed and given.party else "bad",
            given.party,
            gettext_noop("Each supply needs a written agreement."),
        )


def _data(given: Judged) -> Iterable[Check]:
    yield Check(
        gettext_noop("Privacy"),
        "wait" if given.data is Data.IDENTIFIABLE else "good",
        "",
        gettext_noop("Data that identify patients are asked for: would pseudonyms do?")
        if given.data is Data.IDENTIFIABLE
        else gettext_noop("Patients appear under pseudonyms."),
    )
    if given.case_report:
        yield Check(
            gettext_noop("Consent of the patient"),
            "wait" if "consent_form" in given.documents else "bad",
            "",
            gettext_noop("Did the patient, or who speaks for them, agree in writing to this being published?"),
        )
    yield Check(
        gettext_noop("As few data as the question needs"),
        _light(bool(given.tables) or bool(given.data_wanted)),
        ", ".join([*given.tables, *([given.period] if given.period else [])]),
        given.data_wanted,
    )
    if given.case_report:
        return
    yield Check(
        gettext_noop("Whose data"),
        _light(given.cohorts > 0),
        "",
        gettext_noop("The cohorts are attached by their content: the permit covers no other."),
    )


def _purpose(given: Judged) -> Iterable[Check]:
    yield Check(
        gettext_noop("Purpose and scientific relevance"),
        "wait" if given.concerns else _light(bool(given.purpose)),
        ", ".join([given.purpose, *given.concerns]) if given.purpose else "",
        gettext_noop("It involves something that a person has to judge.") if given.concerns else "",
    )
    if given.partners or given.commercial:
        yield Check(
            gettext_noop("Companies that take part"),
            "wait",
            ", ".join(given.partners),
            gettext_noop("Is commercial use within what donors allowed?"),
        )
    if given.ethics_reference:
        yield Check(gettext_noop("Opinion of another ethics committee"), "good", given.ethics_reference)


def _light(said: bool) -> str:
    return "good" if said else "bad"
