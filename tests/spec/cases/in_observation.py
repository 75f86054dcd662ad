"""An event counts when it starts during an observation period, with enough days on both sides

The day of the event is not counted among the days before or after. The event need not end within the period. It keeps
the first and last day of its own period. In two periods that overlap it is there twice, once for each.
"""

from spec.example import Example
from wardbench.ward.cohorts.plan import Events, InObservation

HOSPITAL = """
    observation_period
    person | id | start | end
    1      | 1  | 10    | 20
    2      | 2  | 1     | 12
    2      | 3  | 12    | 20
    3      | 4  | 1     | 5

    condition_occurrence
    person | id | start | end
    1      | 10 | 9     | 15
    1      | 11 | 10    | 11
    1      | 12 | 12    | 90
    1      | 13 | 20    | 21
    1      | 14 | 21    | 22
    2      | 15 | 12    | 13
    4      | 16 | 10    | 11
"""
EVENTS = Events("condition_occurrence")
EXAMPLES = [
    Example(
        "during a period, its first and last day included",
        InObservation(EVENTS),
        """
        person | event | start | end | observed from | observed until
        1      | 11    | 10    | 11  | 10            | 20
        1      | 12    | 12    | 90  | 10            | 20
        1      | 13    | 20    | 21  | 10            | 20
        2      | 15    | 12    | 13  | 1             | 12
        2      | 15    | 12    | 13  | 12            | 20
        """,
    ),
    Example(
        "with two days before and eight after",
        InObservation(EVENTS, days_before=2, days_after=8),
        """
        person | event | observed from | observed until
        1      | 12    | 10            | 20
        """,
    ),
    Example(
        "with three days before",
        InObservation(EVENTS, days_before=3),
        """
        person | event | observed from | observed until
        1      | 13    | 10            | 20
        2      | 15    | 1             | 12
        """,
    ),
]
