"""A coded field can be asked to be one of some concepts, or none of them

A field without a concept is neither: it is left out by both.
"""

from spec.example import Example
from wardbench.core.omop.concept_sets import ConceptSet
from wardbench.ward.cohorts.conditions import ConceptIs
from wardbench.ward.cohorts.plan import Events

HOSPITAL = """
    condition_occurrence
    person | id | start | condition_status_concept_id
    1      | 10 | 1     | 1
    1      | 11 | 1     | 2
    1      | 12 | 1     | 0
    1      | 13 | 1     | -
"""


def _status(concepts: frozenset[int] | ConceptSet, *, negated: bool = False) -> Events:
    return Events("condition_occurrence", where=(ConceptIs("condition_status_concept_id", concepts, negated),))


NOTHING = ConceptSet(frozenset())
EXAMPLES = [
    Example("concept 1 or 2", _status(frozenset({1, 2})), "event\n10\n11"),
    Example("neither 1 nor 2", _status(frozenset({1, 2}), negated=True), "event\n12"),
    Example("in a concept set", _status(ConceptSet.of(1)), "event\n10"),
    Example("not in a concept set", _status(ConceptSet.of(1), negated=True), "event\n11\n12"),
    Example("in an empty concept set", _status(NOTHING), "event"),
    Example("not in an empty concept set", _status(NOTHING, negated=True), "event\n10\n11\n12"),
    Example("one of no concepts", _status(frozenset()), "event"),
    Example("none of no concepts", _status(frozenset(), negated=True), "event\n10\n11\n12"),
]
