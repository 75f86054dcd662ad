"""Several criteria together keep every row that any of them has

A record that two of the criteria ask for is there twice, and counts twice.
"""

from spec.example import Example
from wardbench.core.omop.concept_sets import ConceptSet
from wardbench.ward.cohorts.plan import Events, Union

HOSPITAL = """
    condition_occurrence
    person | id | start | concept
    1      | 10 | 5     | 1
    1      | 11 | 6     | 2
    1      | 12 | 7     | 3

    drug_exposure
    person | id | start | concept
    1      | 10 | 9     | 1
"""
ONE_OR_TWO = Events("condition_occurrence", ConceptSet.of(1, 2))
TWO_OR_THREE = Events("condition_occurrence", ConceptSet.of(2, 3))
EXAMPLES = [
    Example(
        "a condition that is in both is there twice",
        Union((ONE_OR_TWO, TWO_OR_THREE)),
        """
        event | start
        10    | 5
        11    | 6
        11    | 6
        12    | 7
        """,
    ),
    Example(
        "the same criterion twice gives everything twice",
        Union((ONE_OR_TWO, ONE_OR_TWO)),
        """
        event | start
        10    | 5
        10    | 5
        11    | 6
        11    | 6
        """,
    ),
    Example(
        "rows of different tables can have one id",
        Union((Events("condition_occurrence", ConceptSet.of(1)), Events("drug_exposure"))),
        """
        event | start
        10    | 5
        10    | 9
        """,
    ),
]
