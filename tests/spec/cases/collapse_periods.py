"""Memberships of one person that overlap or touch become one

What starts on the day that another ends belongs to it; with a `gap`, also what starts so many days later. A period ends
at the latest end in it, also where that belongs to an early event.
"""

from spec.example import Example
from wardbench.ward.cohorts.plan import Collapse, Events

HOSPITAL = """
    condition_occurrence
    person | id | start | end
    1      | 10 | 1     | 9
    1      | 11 | 2     | 3
    1      | 12 | 9     | 10
    1      | 13 | 11    | 12
    1      | 14 | 15    | 15
    2      | 15 | 10    | 11
"""
EVENTS = Events("condition_occurrence")
EXAMPLES = [
    Example(
        "only where they overlap or share a day",
        Collapse(EVENTS),
        """
        person | event | start | end | sort | concept | observed from
        1      | 1     | 1     | 10  | 1    | -       | -
        1      | 2     | 11    | 12  | 11   | -       | -
        1      | 3     | 15    | 15  | 15   | -       | -
        2      | 1     | 10    | 11  | 10   | -       | -
        """,
    ),
    Example(
        "the next day as well",
        Collapse(EVENTS, gap=1),
        """
        person | event | start | end
        1      | 1     | 1     | 12
        1      | 2     | 15    | 15
        2      | 1     | 10    | 11
        """,
    ),
    Example(
        "up to 3 days later",
        Collapse(EVENTS, gap=3),
        """
        person | event | start | end
        1      | 1     | 1     | 15
        2      | 1     | 10    | 11
        """,
    ),
]
