"""When somebody leaves, which entry counts, and the concepts of a set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from wardbench.core.errors import InputError
from wardbench.ward.cohorts.editing.shapes.values import JSON, MOST_DAYS

Limit = Literal["First", "All", "Last"]
LIMITS: tuple[Limit, ...] = ("First", "All", "Last")


@dataclass(frozen=True)
class Exit:
    """When somebody leaves the cohort.

    At the end of observation; or so many days after the entry starts or ends; or `days` after the end of a time on the
    drugs of `concept_set`, between whose exposures at most `gap` days lie.
    """

    kind: Literal["observation", "after_start", "after_end", "drug"] = "observation"
    days: int = 0
    concept_set: int | None = None
    gap: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.days <= MOST_DAYS or not 0 <= self.gap <= MOST_DAYS:
            raise InputError("days: from 0 to {most}.", most=MOST_DAYS)
        if (self.kind == "drug") != (self.concept_set is not None):
            raise InputError("Say of which drugs they leave with the end.")

    def json(self) -> dict[str, Any] | None:
        if self.kind == "observation":
            return None
        if self.kind == "drug":
            return {"CustomEra": {"DrugCodesetId": self.concept_set, "GapDays": self.gap, "Offset": self.days}}
        return {
            "DateOffset": {"DateField": "StartDate" if self.kind == "after_start" else "EndDate", "Offset": self.days}
        }

    @classmethod
    def read(cls, given: JSON | None) -> Exit | None:
        said = {key: value for key, value in (given or {}).items() if value is not None}
        if not said:
            return cls()
        if len(said) > 1:
            return None
        offset, era = said.get("DateOffset"), said.get("CustomEra")
        if isinstance(offset, Mapping) and set(offset) <= {"DateField", "Offset"}:
            days = offset.get("Offset", 0)
            kind: Literal["after_start", "after_end"] = (
                "after_end" if offset.get("DateField") == "EndDate" else "after_start"
            )
            return cls(kind, days) if _is_days(days) else None
        if isinstance(era, Mapping) and isinstance(era.get("DrugCodesetId"), int):
            days, gap = era.get("Offset", 0), era.get("GapDays", 0)
            known = {key for key, value in era.items() if value is not None} <= {"DrugCodesetId", "GapDays", "Offset"}
            return cls("drug", days, era["DrugCodesetId"], gap) if known and _is_days(days) and _is_days(gap) else None
        return None


def _is_days(given: Any) -> bool:
    return isinstance(given, int) and not isinstance(given, bool) and 0 <= given <= MOST_DAYS


@dataclass(frozen=True)
class ConceptItems:
    """One concept of a set: with its descendants and mapped concepts or not, included or left out."""

    concept_id: int
    name: str
    code: str = ""
    vocabulary: str = ""
    excluded: bool = False
    descendants: bool = True
    mapped: bool = False

    def json(self) -> dict[str, Any]:
        return {
            "concept": {
                "CONCEPT_ID": self.concept_id,
                "CONCEPT_NAME": self.name,
                "CONCEPT_CODE": self.code,
                "VOCABULARY_ID": self.vocabulary,
            },
            "isExcluded": self.excluded,
            "includeDescendants": self.descendants,
            "includeMapped": self.mapped,
        }

    @classmethod
    def read(cls, given: JSON) -> ConceptItems:
        concept = given.get("concept", {})
        return cls(
            int(concept.get("CONCEPT_ID") or 0),
            str(concept.get("CONCEPT_NAME") or ""),
            str(concept.get("CONCEPT_CODE") or ""),
            str(concept.get("VOCABULARY_ID") or ""),
            bool(given.get("isExcluded")),
            bool(given.get("includeDescendants")),
            bool(given.get("includeMapped")),
        )


def read_exit(given: JSON | None) -> Exit | None:
    """How somebody leaves as a form has it; None where it says more."""
    return Exit.read(given)
