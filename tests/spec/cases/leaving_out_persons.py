"""Persons can be left out by their ids

A hospital counts without those who objected to it. Whoever is named and was never there changes nothing.
"""

from spec.example import Example
from wardbench.ward.cohorts.plan import Events, InObservation, LeavingOut, Near, Occurs, Persons, Window

HOSPITAL = """
    person
    person | gender | born
    1      | 8507   | 1980
    2      | 8532   | 1990
    3      | 8532   | 1990

    observation_period
    person | id | start | end
    1      | 1  | -99   | 100
    2      | 2  | -99   | 100
    3      | 3  | -99   | 100

    visit_occurrence
    person | id | start | end
    1      | 10 | 0     | 2
    1      | 11 | 5     | 6
    2      | 12 | 0     | 0
    3      | 13 | 1     | 3
"""
EVENTS = InObservation(Events("visit_occurrence"))
EXAMPLES = [
    Example(
        "without persons 2 and 9",
        LeavingOut(EVENTS, Persons((2, 9))),
        """
        person | start
        1      | 0
        1      | 5
        3      | 1
        """,
    ),
    Example(
        "leaving out nobody",
        LeavingOut(EVENTS, Persons()),
        """
        person | start
        1      | 0
        1      | 5
        2      | 0
        3      | 1
        """,
    ),
    Example(
        "what is asked of those who are left is asked of them alone",
        Near(LeavingOut(EVENTS, Persons((1,))), EVENTS, (Window("start", "start", 0, 0),), Occurs(1)),
        """
        person | start
        2      | 0
        3      | 1
        """,
    ),
]
