"""Memberships can be cut to the days of a study

What lies wholly outside is left out; a membership of which only one day lies inside stays for that day.
"""

from datetime import date

from spec.example import Example
from wardbench.ward.cohorts.plan import Clip, Collapse, Events

HOSPITAL = """
    condition_occurrence
    person | id | start | end
    1      | 10 | 1     | 4
    1      | 11 | 6     | 10
    1      | 12 | 15    | 20
    1      | 13 | 21    | 22
"""
MEMBERSHIPS = Collapse(Events("condition_occurrence"))
EXAMPLES = [
    Example(
        "from day 10 to day 20",
        Clip(MEMBERSHIPS, date(2020, 1, 10), date(2020, 1, 20)),
        """
        event | start | end | sort
        2     | 10    | 10  | 10
        3     | 15    | 20  | 15
        """,
    ),
    Example(
        "from day 16",
        Clip(MEMBERSHIPS, date(2020, 1, 16), None),
        """
        event | start | end
        3     | 16    | 20
        4     | 21    | 22
        """,
    ),
    Example(
        "until day 5",
        Clip(MEMBERSHIPS, None, date(2020, 1, 5)),
        """
        event | start | end
        1     | 1     | 4
        """,
    ),
]
