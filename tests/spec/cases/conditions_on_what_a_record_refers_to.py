"""A record can be asked about its visit, its provider's specialty, or where it was

The visit has to be the same person's. A visit is asked about its own kind. What a record does not refer to is missing.
"""

from spec.example import Example
from wardbench.ward.cohorts.conditions import ConceptIs
from wardbench.ward.cohorts.plan import Events

HOSPITAL = """
    condition_occurrence
    person | id | start | visit | provider_id
    1      | 10 | 1     | 40    | 1
    1      | 11 | 1     | 41    | 2
    1      | 12 | 1     | 42    | 9
    1      | 13 | 1     | -     | -

    visit_occurrence
    person | id | start | end | concept | care_site_id
    1      | 40 | 1     | 1   | 5       | 1
    1      | 41 | 1     | 1   | 6       | 2
    2      | 42 | 1     | 1   | 5       | -

    provider
    id | specialty
    1  | 7
    2  | 8

    care_site
    id | place
    1  | 3
    2  | 4
"""


def _conditions(field: str, concept: int, *, negated: bool = False) -> Events:
    return Events("condition_occurrence", where=(ConceptIs(field, frozenset({concept}), negated),))


EXAMPLES = [
    Example("in a visit of kind 5", _conditions("visit_concept_id", 5), "event\n10"),
    Example("in a visit of another kind than 5", _conditions("visit_concept_id", 5, negated=True), "event\n11"),
    Example("seen by specialty 7", _conditions("specialty_concept_id", 7), "event\n10"),
    Example("seen by another specialty than 7", _conditions("specialty_concept_id", 7, negated=True), "event\n11"),
    Example(
        "visits of kind 5",
        Events("visit_occurrence", where=(ConceptIs("visit_concept_id", frozenset({5})),)),
        "event\n40\n42",
    ),
    Example(
        "visits to a place of kind 4",
        Events("visit_occurrence", where=(ConceptIs("place_of_service_concept_id", frozenset({4})),)),
        "event\n41",
    ),
]
