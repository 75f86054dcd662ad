"""A window says when another event has to happen, seen from the event at hand

Both ends of a window are included. A window can be seen from the start or the end of the event at hand, and it can ask
for the start or the end of the other. With several windows the other event has to lie in each of them.
"""

from spec.example import Example
from wardbench.ward.cohorts.plan import Events, InObservation, Near, Occurs, Window

HOSPITAL = """
    condition_occurrence
    person | id | start | end
    1      | 10 | 10    | 13
    2      | 11 | 10    | 13
    3      | 12 | 10    | 13
    4      | 13 | 10    | 13

    drug_exposure
    person | id | start | end
    1      | 20 | 7     | 12
    2      | 21 | 10    | 15
    3      | 22 | 13    | 13
"""
CONDITIONS, DRUGS = InObservation(Events("condition_occurrence")), Events("drug_exposure")


def _near(*windows: Window) -> Near:
    return Near(CONDITIONS, DRUGS, windows, Occurs(1))


EXAMPLES = [
    Example(
        "a drug that starts from 3 days before the start to that day",
        _near(Window("start", "start", -3, 0)),
        """
        person | event
        1      | 10
        2      | 11
        """,
    ),
    Example(
        "a drug that starts from 2 days before the start on",
        _near(Window("start", "start", -2, None)),
        """
        person | event
        2      | 11
        3      | 12
        """,
    ),
    Example(
        "a drug that starts on the day of the end",
        _near(Window("end", "start", 0, 0)),
        """
        person | event
        3      | 12
        """,
    ),
    Example(
        "a drug that ends 2 to 3 days after the start",
        _near(Window("start", "end", 2, 3)),
        """
        person | event
        1      | 10
        3      | 12
        """,
    ),
    Example(
        "a drug that starts by the start and ends after it",
        _near(Window("start", "start", None, 0), Window("start", "end", 1, None)),
        """
        person | event
        1      | 10
        2      | 11
        """,
    ),
    Example(
        "a window that ends before it begins holds nothing",
        _near(Window("start", "start", 1, -1)),
        """
        person | event
        """,
    ),
]
