"""One event of each person is picked by its number, or as the earliest or the latest

Of events that start on one day, both the earliest and the latest are the one with the smallest number.
"""

from spec.example import Example
from wardbench.ward.cohorts.plan import Events, InObservation, Number, Pick

HOSPITAL = """
    condition_occurrence
    person | id | start | concept
    1      | 10 | 5     | 1
    1      | 11 | 5     | 2
    1      | 12 | 8     | 3
    1      | 13 | 8     | 4
    2      | 14 | 6     | 5
"""
EVENTS = InObservation(Events("condition_occurrence"))
FROM_LATEST = Number(EVENTS, latest_first=True)
EXAMPLES = [
    Example(
        "number 1 of those numbered from the latest",
        Pick(FROM_LATEST, "numbered"),
        """
        person | event | start | concept
        1      | 1     | 8     | 3
        2      | 1     | 6     | 5
        """,
    ),
    Example(
        "the earliest of those numbered from the latest",
        Pick(FROM_LATEST, "earliest"),
        """
        person | event | start | concept
        1      | 3     | 5     | 1
        2      | 1     | 6     | 5
        """,
    ),
    Example(
        "the latest",
        Pick(Number(EVENTS), "latest"),
        """
        person | event | start | concept
        1      | 3     | 8     | 3
        2      | 1     | 6     | 5
        """,
    ),
]
