"""Each person's events are numbered by day, and events of one day by their ids

The number takes the place of the event's id. From the latest day on, the events of one day keep the order of their ids.
Where even the ids are equal, the earlier start comes first, then the earlier end; what is missing comes last.
"""

from spec.example import Example
from wardbench.ward.cohorts.plan import Events, InObservation, Number, Union

HOSPITAL = """
    condition_occurrence
    person | id | start | end | concept
    1      | 12 | 5     | 9   | 1
    1      | 11 | 5     | 9   | 2
    1      | 10 | 8     | 9   | 3
    2      | 13 | 6     | 9   | 4

    drug_exposure
    person | id | start | end | concept
    1      | 11 | 5     | 6   | 5
"""
EVENTS = InObservation(Union((Events("condition_occurrence"), Events("drug_exposure"))))
EXAMPLES = [
    Example(
        "from the earliest",
        Number(EVENTS),
        """
        person | event | start | concept
        1      | 1     | 5     | 5
        1      | 2     | 5     | 2
        1      | 3     | 5     | 1
        1      | 4     | 8     | 3
        2      | 1     | 6     | 4
        """,
    ),
    Example(
        "from the latest",
        Number(EVENTS, latest_first=True),
        """
        person | event | start | concept
        1      | 1     | 8     | 3
        1      | 2     | 5     | 5
        1      | 3     | 5     | 2
        1      | 4     | 5     | 1
        2      | 1     | 6     | 4
        """,
    ),
]
