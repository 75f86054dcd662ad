"""Criteria that stand: what a study still looks for, held against what will be taken and what is left over.

A planned visit or a leftover is not a specimen yet, so that not everything is known of it. Each part of a query is then
met, not met, or open; what is open has to be looked at when the material is there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

import msgspec

from wardbench.core.consent import Tier, mask
from wardbench.core.errors import InputError
from wardbench.ward.samples.chapters import category_of, chapter_of
from wardbench.ward.samples.query import UNKNOWN, Choice, Query, Range, from_json, to_json

FORM = 1


class Fit(StrEnum):
    YES = "yes"
    OPEN = "open"
    NO = "no"


@dataclass(frozen=True)
class Standing:
    """What is looked for: `wanted` more specimens that satisfy `query`, until `until` (that day included).

    `cohort` is the content hash of the cohort that donors have to be in, where there is one.
    """

    name: str
    query: Query
    wanted: int
    until: date
    cohort: str = ""

    def __post_init__(self) -> None:
        if not self.name or self.wanted < 1:
            raise InputError("standing criteria: they have a name and ask for one specimen or more.")
        if self.query.patients is not None:
            raise InputError("standing criteria: name the cohort, not its persons.")


@dataclass(frozen=True)
class Offer:
    """What will be there, or is left over: on a day, of a donor.

    `values` are the values of facets of words that are known (diagnoses as ICD-10 codes under `diagnosis`), `numbers`
    those of facets of numbers; a facet that stands in neither is not known yet. `amount` goes with `dimension`.
    `consent` are the tiers in bits, None where they are still to be asked for. `cohorts` are those the person is in.
    """

    name: str
    day: date
    values: Mapping[str, frozenset[str]]
    numbers: Mapping[str, int]
    dimension: str = ""
    consent: int | None = None
    retained: bool = False
    cohorts: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Match:
    """An offer that may serve criteria: `open` are the facets (and `consent need`) that are still to be looked at."""

    standing: str
    offer: str
    fit: Fit
    open: tuple[str, ...]


def matches(standing: Iterable[Standing], offers: Iterable[Offer]) -> list[Match]:
    """Every offer with every criterion that it may serve, by criterion, those where nothing is open first, by day."""
    ordered = sorted(offers, key=lambda offer: (offer.day, offer.name))
    found = []
    for criteria in standing:
        fitting = [match for offer in ordered if (match := _match(criteria, offer)) is not None]
        found += sorted(fitting, key=lambda match: match.fit is not Fit.YES)
    return found


def _match(criteria: Standing, offer: Offer) -> Match | None:
    if offer.day > criteria.until or (criteria.cohort and criteria.cohort not in offer.cohorts):
        return None
    fits = {facet: _fit(offer, facet, choice) for facet, choice in criteria.query.chosen}
    giving = criteria.query.giving
    if giving is not None:
        thaws = offer.numbers.get("thaws", 0)
        if offer.retained or (giving.most_thaws is not None and thaws > giving.most_thaws):
            return None
        need = mask(giving.need)
        allowed = Fit.OPEN if offer.consent is None else Fit.YES if offer.consent & need == need else Fit.NO
        fits["consent need"] = allowed
    if Fit.NO in fits.values():
        return None
    still = tuple(facet for facet, fit in fits.items() if fit is Fit.OPEN)
    return Match(criteria.name, offer.name, Fit.OPEN if still else Fit.YES, still)


def _fit(offer: Offer, facet: str, choice: Choice) -> Fit:
    if isinstance(choice, frozenset):
        known = _known(offer, facet)
        return Fit.OPEN if known is None else Fit.YES if known & choice else Fit.NO
    number = offer.numbers.get(facet)
    if number is None:
        return Fit.OPEN
    return Fit.YES if any(_lies_in(number, offer.dimension, facet, part) for part in choice) else Fit.NO


def _known(offer: Offer, facet: str) -> frozenset[str] | None:
    if facet == "consent":
        if offer.consent is None:
            return None
        return frozenset(tier.value for tier in Tier if offer.consent & mask([tier]))
    if facet in ("chapter", "diagnosis"):
        codes = offer.values.get("diagnosis")
        if codes is None:
            return None
        group = chapter_of if facet == "chapter" else category_of
        return frozenset(map(group, codes)) or frozenset({UNKNOWN})
    return offer.values.get(facet)


def _lies_in(number: int, dimension: str, facet: str, part: Range) -> bool:
    if part.unknown or (facet == "amount" and dimension != part.dimension):
        return False
    return (part.low is None or number >= part.low) and (part.high is None or number <= part.high)


class _Standing(msgspec.Struct, forbid_unknown_fields=True):
    form: int
    name: str
    query: msgspec.Raw
    wanted: int
    until: date
    cohort: str = ""


def standing_to_json(standing: Standing) -> bytes:
    """Criteria as JSON, the same bytes for the same meaning."""
    query = msgspec.Raw(to_json(standing.query))
    return msgspec.json.encode(_Standing(FORM, standing.name, query, standing.wanted, standing.until, standing.cohort))


def standing_from_json(content: bytes | str) -> Standing:
    """The criteria that were written; InputError where anything in them is not known."""
    try:
        read = msgspec.json.decode(content, type=_Standing)
    except msgspec.DecodeError as error:
        raise InputError(f"standing criteria: {error}.") from None
    if read.form != FORM:
        raise InputError(f"standing criteria: form {read.form}; this version of Wardbench reads form {FORM}.")
    return Standing(read.name, from_json(bytes(read.query)), read.wanted, read.until, read.cohort)
