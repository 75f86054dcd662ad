"""A fixed day takes the place of an event's own, after everything was asked

This is how a definition asks for people observed throughout a study period: the event is their observation period, and
its days are the study's. The day that events are put in order by stays the one they had.
"""

from datetime import date

from spec.example import Example
from wardbench.ward.cohorts.conditions import DateIs
from wardbench.ward.cohorts.plan import Events

HOSPITAL = """
    observation_period
    person | id | start | end
    1      | 10 | 1     | 50
    2      | 11 | 21    | 90
"""
EXAMPLES = [
    Example(
        "observed on day 20, and the event is that day until day 30",
        Events(
            "observation_period",
            where=(DateIs("start_date", "lte", date(2020, 1, 20)), DateIs("end_date", "gte", date(2020, 1, 20))),
            fixed_start=date(2020, 1, 20),
            fixed_end=date(2020, 1, 30),
        ),
        """
        person | event | start | end | sort
        1      | 10    | 20    | 30  | 1
        """,
    ),
    Example(
        "only the start is fixed",
        Events("observation_period", fixed_start=date(2020, 1, 20)),
        """
        person | event | start | end | sort
        1      | 10    | 20    | 50  | 1
        2      | 11    | 20    | 90  | 21
        """,
    ),
]
