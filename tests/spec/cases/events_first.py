"""A person's first record is found before anything is asked of it

`first` keeps each person's first record among those with the concepts asked for: the earliest start, and of one day
the smallest row id. Conditions come after: when the first record does not satisfy them, no later one takes its place.
"""

from datetime import date

from spec.example import Example
from wardbench.core.omop.concept_sets import ConceptSet
from wardbench.ward.cohorts.conditions import DateIs
from wardbench.ward.cohorts.plan import Dates, Events

HOSPITAL = """
    condition_occurrence
    person | id | start | end | concept
    1      | 10 | 4     | 5   | 2
    1      | 12 | 5     | 9   | 1
    1      | 11 | 5     | 6   | 1
    1      | 13 | 8     | 8   | 1
    2      | 14 | 9     | 9   | 1
"""
TABLE = "condition_occurrence"
EXAMPLES = [
    Example(
        "the first of concept 1, by day and then by row id",
        Events(TABLE, ConceptSet.of(1), first=True),
        """
        person | event | start
        1      | 11    | 5
        2      | 14    | 9
        """,
    ),
    Example(
        "the first of concept 1 when it is after day 6",
        Events(TABLE, ConceptSet.of(1), first=True, where=(DateIs("start_date", "gt", date(2020, 1, 6)),)),
        """
        person | event | start
        2      | 14    | 9
        """,
    ),
    Example(
        "the first by the day that was recorded, also when days are moved",
        Events(TABLE, ConceptSet.of(1), first=True, dates=Dates("end", 0, "end", 0)),
        """
        person | event | start
        1      | 11    | 6
        2      | 14    | 9
        """,
    ),
]
