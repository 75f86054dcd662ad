"""What donors allow: the tiers of consent, and whether a use of a specimen lies within them.

Two bases, as the Belgian law on human body material has them: written consent, tier by tier, and residual material,
left over from care, whose donor did not object. What nobody has said is not allowed, and a withdrawal outranks all.
The same state has a spelling in bits, so that millions of specimens are held against a need at once (`bits`, `mask`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from wardbench.core.duo import Purpose


def gettext_noop(sentence: str) -> str:
    """Mark a sentence for the catalogues; it is translated where it is shown."""
    return sentence


class Tier(StrEnum):
    """What a donor may allow or refuse by itself. The order is that of the bits, and only ever grows."""

    STORAGE = "storage"
    RESEARCH = "research"
    GENETIC = "genetic"
    COMMERCIAL = "commercial"
    ABROAD = "abroad"
    CLINICAL_DATA = "clinical_data"
    RECONTACT = "recontact"
    FINDINGS = "findings"


TIERS = {
    Tier.STORAGE: gettext_noop("Keeping the material in the biobank"),
    Tier.RESEARCH: gettext_noop("Use in other research than it was taken for"),
    Tier.GENETIC: gettext_noop("Study of inherited genes"),
    Tier.COMMERCIAL: gettext_noop("Use by companies"),
    Tier.ABROAD: gettext_noop("Use outside the European Union"),
    Tier.CLINICAL_DATA: gettext_noop("Use together with data of the patient's record"),
    Tier.RECONTACT: gettext_noop("Being asked again"),
    Tier.FINDINGS: gettext_noop("Being told of findings that matter for one's health"),
}
EU = frozenset(
    {
        *("AT", "BE", "BG", "HR", "CY", "CZ", "DK", "EE", "FI", "FR", "DE", "GR", "HU", "IE"),
        *("IT", "LV", "LT", "LU", "MT", "NL", "PL", "PT", "RO", "SK", "SI", "ES", "SE"),
    }
)
"""The European Union's countries, by ISO 3166."""


class Basis(StrEnum):
    """On what the keeping of a specimen rests."""

    WRITTEN = "written"
    RESIDUAL = "residual"


BASES = {
    Basis.WRITTEN: gettext_noop("Written consent"),
    Basis.RESIDUAL: gettext_noop("Residual material: left over from care, without an objection"),
}

PRESUMED = frozenset({Tier.STORAGE, Tier.RESEARCH, Tier.CLINICAL_DATA})
"""What the law presumes of residual material while nobody objects; all else needs written consent."""


@dataclass(frozen=True)
class Given:
    """What stands for one donor and one specimen today.

    `granted` are the tiers that the newest consent form says yes to, `refused` those that it says no to: nothing is
    presumed against a no. `withdrawn` says that the consent was taken back, or that the donor of residual material
    objected; `opted_out` that the person opted out of the reuse of data.
    """

    basis: Basis
    granted: frozenset[Tier] = frozenset()
    withdrawn: bool = False
    opted_out: bool = False
    refused: frozenset[Tier] = frozenset()

    @property
    def tiers(self) -> frozenset[Tier]:
        """What is allowed, all things together."""
        if self.withdrawn:
            return frozenset()
        tiers = self.granted | (PRESUMED - self.refused if self.basis is Basis.RESIDUAL else frozenset())
        return tiers - {Tier.CLINICAL_DATA} if self.opted_out else tiers


@dataclass(frozen=True)
class Answer:
    """Whether a use is allowed, and the sentence that says why; `missing` names the tiers that were not given."""

    allowed: bool
    reason: str
    missing: tuple[Tier, ...] = ()

    def __bool__(self) -> bool:
        return self.allowed


def needed(
    purpose: Purpose, *, genetic: bool = False, company: bool = False, abroad: bool = False, record: bool = False
) -> frozenset[Tier]:
    """The tiers that a use needs: for this purpose, by genes, by a company, outside the Union, with the record."""
    wanted = {Tier.STORAGE, Tier.RESEARCH}
    if genetic or purpose.genetic:
        wanted.add(Tier.GENETIC)
    if company or purpose.for_profit or purpose.commercial:
        wanted.add(Tier.COMMERCIAL)
    if abroad:
        wanted.add(Tier.ABROAD)
    if record:
        wanted.add(Tier.CLINICAL_DATA)
    return frozenset(wanted)


def allows(given: Given, need: Iterable[Tier]) -> Answer:
    """Whether what a donor gave covers a need."""
    if given.withdrawn:
        return Answer(False, gettext_noop("The donor withdrew or objected."), tuple(_ordered(need)))
    missing = tuple(_ordered(set(need) - given.tiers))
    if not missing:
        return Answer(True, gettext_noop("The donor's consent covers this use."))
    if given.opted_out and missing == (Tier.CLINICAL_DATA,):
        return Answer(False, gettext_noop("The donor opted out of the reuse of data."), missing)
    return Answer(False, gettext_noop("The donor's consent does not cover this use."), missing)


def bits(given: Given) -> int:
    """The tiers that are allowed, as one whole number: bit i for the i-th `Tier`. 0 where the donor withdrew."""
    return mask(given.tiers)


def mask(tiers: Iterable[Tier]) -> int:
    """`tiers` as bits: a use is allowed where `bits & mask == mask`."""
    return sum(1 << _PLACE[tier] for tier in set(tiers))


_PLACE = {tier: place for place, tier in enumerate(Tier)}


def _ordered(tiers: Iterable[Tier]) -> list[Tier]:
    return sorted(tiers, key=_PLACE.__getitem__)
