"""An event's days can be moved before anything is asked of them

`dates` says from which day of the record, and how many days away, the event starts and ends. An event that would end
before it starts, or that has no end, is left out. The moved days are the ones that conditions ask about.
"""

from datetime import date

from spec.example import Example
from wardbench.ward.cohorts.conditions import DateIs
from wardbench.ward.cohorts.plan import Dates, Events

HOSPITAL = """
    visit_occurrence
    person | id | start | end
    1      | 10 | 5     | 8
    1      | 11 | 5     | 5
    1      | 12 | 5     | -
"""
TABLE = "visit_occurrence"
EXAMPLES = [
    Example(
        "a day later, and until two days before the end",
        Events(TABLE, dates=Dates("start", 1, "end", -2)),
        """
        event | start | end | sort
        10    | 6     | 6   | 6
        """,
    ),
    Example(
        "from the end for three days",
        Events(TABLE, dates=Dates("end", 0, "end", 3)),
        """
        event | start | end
        10    | 8     | 11
        11    | 5     | 8
        """,
    ),
    Example(
        "from the start for three days: an end that is not used may be missing",
        Events(TABLE, dates=Dates("start", 0, "start", 3)),
        """
        event | start | end
        10    | 5     | 8
        11    | 5     | 8
        12    | 5     | 8
        """,
    ),
    Example(
        "from the end, when that is after day 6",
        Events(TABLE, dates=Dates("end", 0, "end", 0), where=(DateIs("start_date", "gt", date(2020, 1, 6)),)),
        """
        event | start | end
        10    | 8     | 8
        """,
    ),
]
