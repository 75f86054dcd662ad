"""What a check says, and what it may look at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from wardbench.core.omop.concept_sets import ConceptItem, ConceptSet
from wardbench.ward.cohorts.definition import Definition
from wardbench.ward.cohorts.plan import CohortPlan

Severity = Literal["critical", "warning", "information"]
SEVERITIES: tuple[Severity, ...] = ("critical", "warning", "information")
"""Critical: what was written cannot be what was meant. Warning: it is probably not. Information: worth knowing."""


@dataclass(frozen=True)
class Finding:
    """One thing to look at: how bad it is, which check says so, the path in the JSON, and a sentence."""

    severity: Severity
    check: str
    path: str
    sentence: str


@dataclass(frozen=True)
class Checked:
    """A definition under check: what it says, what that means, and which concepts its sets hold where that is known."""

    definition: Definition
    plan: CohortPlan
    members: Mapping[ConceptSet, frozenset[int]] = field(default_factory=dict)

    def called(self, concepts: ConceptSet) -> str:
        """The name of a concept set, in quotation marks."""
        return f"“{self.definition.concept_set_names.get(concepts, 'a concept set without a name')}”"

    def is_empty(self, concepts: ConceptSet | None) -> bool:
        """Whether it is certain that no record has a concept of this set."""
        if concepts is None:
            return False
        if concepts in self.members:
            return not self.members[concepts]
        return all(item.excluded for item in concepts.items)

    def contains(self, larger: ConceptSet | None, smaller: ConceptSet | None) -> bool:
        """Whether it is certain that every concept of `smaller` is one of `larger`; None is any concept."""
        if larger is None or larger == smaller:
            return True
        if smaller is None:
            return False
        if larger in self.members and smaller in self.members:
            return self.members[smaller] <= self.members[larger]
        return _included(smaller) <= _included(larger) and _excluded(larger) <= _excluded(smaller)


def _included(concepts: ConceptSet) -> frozenset[ConceptItem]:
    return frozenset(item for item in concepts.items if not item.excluded)


def _excluded(concepts: ConceptSet) -> frozenset[ConceptItem]:
    return frozenset(item for item in concepts.items if item.excluded)
