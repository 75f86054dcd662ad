"""What the parts of a plan are called: by its definition, by a vocabulary, and where neither says by a number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from wardbench.core.omop.concept_sets import ConceptSet
from wardbench.core.omop.vocabulary import concept_names
from wardbench.core.store import Snapshot
from wardbench.ward.cohorts.conditions import ConceptIs
from wardbench.ward.cohorts.definition import Definition
from wardbench.ward.cohorts.definition.reading import printable
from wardbench.ward.cohorts.paths import given_names
from wardbench.ward.cohorts.plan import CohortPlan, Events, Where, concept_sets


@dataclass(frozen=True)
class Names:
    """What things are called: inclusion rules in order, concept sets, concepts by id. What is missing gets a number."""

    rules: Sequence[str] = ()
    concept_sets: Mapping[ConceptSet, str] = field(default_factory=dict)
    concepts: Mapping[int, str] = field(default_factory=dict)


def names_of(definition: Definition, plan: CohortPlan, snapshot: Snapshot | None = None) -> Names:
    """What the definition, and before it the vocabulary of `snapshot`, calls the parts of `plan`."""
    concepts = {id: printable(name) for id, name in given_names(definition.expression).items()}
    if snapshot is not None:
        wanted = {i.concept_id for s in concept_sets(plan) for i in s.items} | _ids_of_conditions(plan)
        with snapshot.connect() as con:
            concepts.update(concept_names(con, wanted))
    return Names(definition.rule_names, definition.concept_set_names, concepts)


def _ids_of_conditions(plan: CohortPlan) -> set[int]:
    found: set[int] = set()
    for node in plan.walk():
        conditions = node.where if isinstance(node, Events) else node.conditions if isinstance(node, Where) else ()
        for condition in conditions:
            if isinstance(condition, ConceptIs) and not isinstance(condition.concepts, ConceptSet):
                found |= condition.concepts
    return found
