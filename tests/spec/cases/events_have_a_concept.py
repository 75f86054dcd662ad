"""Events are the records of one table that have one of the concepts asked for

`concepts` asks for the standard concept and `source_concepts` for the source concept. Without either, every record of
the table is an event, also one whose concept is missing. An event keeps the row id, the concept and the visit.
"""

from spec.example import Example
from wardbench.core.omop.concept_sets import ConceptSet
from wardbench.ward.cohorts.plan import Events

HOSPITAL = """
    condition_occurrence
    person | id | start | end | concept | source | visit
    1      | 10 | 5     | 6   | 1       | 7      | 4
    1      | 11 | 7     | 9   | 2       | 1      | -
    2      | 12 | 5     | 5   | -       | 1      | -
"""
TABLE = "condition_occurrence"
EXAMPLES = [
    Example(
        "every condition",
        Events(TABLE),
        """
        person | event | start | end | sort | concept | visit | observed from | observed until
        1      | 10    | 5     | 6   | 5    | 1       | 4     | -             | -
        1      | 11    | 7     | 9   | 7    | 2       | -     | -             | -
        2      | 12    | 5     | 5   | 5    | -       | -     | -             | -
        """,
    ),
    Example(
        "of concept 1",
        Events(TABLE, ConceptSet.of(1)),
        """
        person | event
        1      | 10
        """,
    ),
    Example(
        "of source concept 1",
        Events(TABLE, source_concepts=ConceptSet.of(1)),
        """
        person | event
        1      | 11
        2      | 12
        """,
    ),
    Example(
        "of concept 2 and of source concept 1",
        Events(TABLE, ConceptSet.of(2), ConceptSet.of(1)),
        """
        person | event
        1      | 11
        """,
    ),
    Example(
        "of no concept at all",
        Events(TABLE, ConceptSet(frozenset())),
        """
        person | event
        """,
    ),
]
