"""A membership can end so many days after its start or after the event's end

It never ends after the observation period. An event without an end has no such day, and ends nowhere.
"""

from spec.example import Example
from wardbench.ward.cohorts.plan import EndAtOffset, Events, InObservation

HOSPITAL = """
    observation_period
    person | id | start | end
    1      | 1  | 1     | 20

    visit_occurrence
    person | id | start | end
    1      | 10 | 5     | 8
    1      | 11 | 18    | 19
    1      | 12 | 18    | -
"""
VISITS = InObservation(Events("visit_occurrence"))
EXAMPLES = [
    Example(
        "2 days after the start",
        EndAtOffset(VISITS, "start", 2),
        """
        event | start | end
        10    | 5     | 7
        11    | 18    | 20
        12    | 18    | 20
        """,
    ),
    Example(
        "2 days after the end, or at the end of observation",
        EndAtOffset(VISITS, "end", 2),
        """
        event | start | end
        10    | 5     | 10
        11    | 18    | 20
        12    | 18    | -
        """,
    ),
    Example(
        "4 days before the end, which can be before the start",
        EndAtOffset(VISITS, "end", -4),
        """
        event | start | end
        10    | 5     | 4
        11    | 18    | 15
        12    | 18    | -
        """,
    ),
]
