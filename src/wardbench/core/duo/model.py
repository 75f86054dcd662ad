"""A purpose and a permission. What nobody has said is None or absent, and is told apart from no."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from enum import StrEnum

from wardbench.core.duo.terms import Modifier, Use, gettext_noop
from wardbench.core.errors import InputError


class Concern(StrEnum):
    """What a purpose touches that always needs a person's judgement."""

    CONTROLS = "controls"
    POPULATION = "population"
    SEX = "sex"
    PAEDIATRIC = "paediatric"
    VULNERABLE = "vulnerable"
    ILLEGAL_BEHAVIOUR = "illegal_behaviour"
    SEXUAL_DISEASES = "sexual_diseases"
    PSYCHOLOGICAL_TRAITS = "psychological_traits"
    NOT_HEALTH = "not_health"
    STIGMATISING = "stigmatising"
    COLLABORATION = "collaboration"
    ETHICS = "ethics"
    OTHER = "other"


CONCERNS = {
    Concern.CONTROLS: gettext_noop("people without the disease as controls"),
    Concern.POPULATION: gettext_noop("comparing populations"),
    Concern.SEX: gettext_noop("one sex alone"),
    Concern.PAEDIATRIC: gettext_noop("children"),
    Concern.VULNERABLE: gettext_noop("vulnerable people"),
    Concern.ILLEGAL_BEHAVIOUR: gettext_noop("illegal behaviour"),
    Concern.SEXUAL_DISEASES: gettext_noop("sexually transmitted diseases"),
    Concern.PSYCHOLOGICAL_TRAITS: gettext_noop("psychological traits"),
    Concern.NOT_HEALTH: gettext_noop("something other than health"),
    Concern.STIGMATISING: gettext_noop("something that may stigmatise"),
    Concern.COLLABORATION: gettext_noop("a collaboration with the custodian"),
    Concern.ETHICS: gettext_noop("an ethics approval that the applicant mentions"),
    Concern.OTHER: gettext_noop("something that no term names"),
}


@dataclass(frozen=True)
class Purpose:
    """What somebody wants to do.

    `use` and `diseases` (identifiers of concepts) say what for; `methods` that methods are developed rather than
    questions of health answered. The rest is None where it was not said. `countries` are ISO 3166 codes.
    """

    use: Use
    diseases: frozenset[str] = frozenset()
    methods: bool = False
    for_profit: bool | None = None
    commercial: bool | None = None
    genetic: bool | None = None
    clinical_care: bool = False
    countries: frozenset[str] | None = None
    institutions: frozenset[str] | None = None
    users: frozenset[str] | None = None
    project: str | None = None
    ethics_reference: str | None = None
    concerns: frozenset[Concern] = frozenset()

    def __post_init__(self) -> None:
        if (self.use is Use.DS) != bool(self.diseases):
            raise InputError("purpose: disease specific research names its diseases, and nothing else does.")
        if self.use is Use.NRES:
            raise InputError("purpose: “no restriction” is a permission; say what the purpose is.")


@dataclass(frozen=True)
class Permission:
    """What is allowed with a collection: a use, and what the modifiers add.

    `methods` says whether developing methods is allowed where the modifier NMDS is absent: None where consent is
    silent. The values that modifiers need: `countries`, `institutions`, `users`, `projects`, `moratorium` (until when
    nothing is published), `months`, `collaborator`, `restriction` (words).
    """

    use: Use
    diseases: frozenset[str] = frozenset()
    modifiers: frozenset[Modifier] = frozenset()
    methods: bool | None = None
    countries: frozenset[str] = frozenset()
    institutions: frozenset[str] = frozenset()
    users: frozenset[str] = frozenset()
    projects: frozenset[str] = frozenset()
    moratorium: datetime.date | None = None
    months: int | None = None
    collaborator: str = ""
    restriction: str = ""

    def __post_init__(self) -> None:
        if (self.use is Use.DS) != bool(self.diseases):
            raise InputError("permission: disease specific research names its diseases, and nothing else does.")
        if Modifier.NMDS in self.modifiers and self.methods:
            raise InputError("permission: methods are prohibited and allowed at once.")
        needed = {
            Modifier.GS: self.countries,
            Modifier.IS: self.institutions,
            Modifier.US: self.users,
            Modifier.PS: self.projects,
            Modifier.MOR: self.moratorium,
            Modifier.TS: self.months,
        }
        for modifier, value in needed.items():
            if modifier in self.modifiers and not value:
                raise InputError(f"permission: {modifier.name} needs its value.")
