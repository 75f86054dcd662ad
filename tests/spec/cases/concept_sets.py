"""A concept set is what its included items stand for, less what its excluded items stand for

An item stands for its own concept when the vocabulary has it, also an invalid one; with descendants, for every valid
concept below it; and with mapped concepts, also for every concept that has a valid "Maps to" link to one of these.
"""

from spec.example import Example
from wardbench.core.omop.concept_sets import ConceptItem, ConceptSet
from wardbench.ward.cohorts.plan import Events

HOSPITAL = """
    concept
    id | invalid
    1  | D
    2  | -
    3  | D
    4  | -

    concept_ancestor
    ancestor | descendant
    1        | 2
    1        | 3
    9        | 2

    concept_relationship
    from | relationship | to | invalid
    8    | Maps to      | 2  | -
    7    | Maps to      | 2  | D
    6    | Mapped from  | 2  | -
    3    | Maps to      | 4  | -

    condition_occurrence
    person | id | start | concept
    1      | 1  | 1     | 1
    1      | 2  | 1     | 2
    1      | 3  | 1     | 3
    1      | 4  | 1     | 4
    1      | 6  | 1     | 6
    1      | 7  | 1     | 7
    1      | 8  | 1     | 8
    1      | 9  | 1     | 9
"""


def _of(*items: ConceptItem) -> Events:
    return Events("condition_occurrence", ConceptSet(frozenset(items)))


EXAMPLES = [
    Example("a concept alone, though it is invalid", _of(ConceptItem(1)), "concept\n1"),
    Example("with valid descendants", _of(ConceptItem(1, descendants=True)), "concept\n1\n2"),
    Example("a concept that the vocabulary lacks", _of(ConceptItem(9)), "concept"),
    Example("but its descendants count", _of(ConceptItem(9, descendants=True)), "concept\n2"),
    Example("with what is mapped to it", _of(ConceptItem(2, mapped=True)), "concept\n2\n8"),
    Example(
        "with descendants and what is mapped to them",
        _of(ConceptItem(1, descendants=True, mapped=True)),
        "concept\n1\n2\n8",
    ),
    Example(
        "an excluded item wins",
        _of(ConceptItem(1, descendants=True), ConceptItem(4), ConceptItem(2, excluded=True)),
        "concept\n1\n4",
    ),
    Example(
        "an excluded item takes its descendants and mapped concepts along",
        _of(ConceptItem(4, mapped=True), ConceptItem(2), ConceptItem(1, excluded=True, descendants=True, mapped=True)),
        "concept\n3\n4",
    ),
]
