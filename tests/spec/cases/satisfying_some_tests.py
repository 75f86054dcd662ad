"""A group keeps the events that satisfy as many of its tests as it says

All of them, any of them, at least or at most so many. A test that is given twice counts twice.
"""

from datetime import date

from spec.example import Example
from wardbench.ward.cohorts.conditions import DateIs
from wardbench.ward.cohorts.plan import Events, InObservation, Number, Satisfying, Where

HOSPITAL = """
    condition_occurrence
    person | id | start
    1      | 10 | 4
    1      | 11 | 5
    1      | 12 | 6
    2      | 13 | 9
"""
EVENTS = Number(InObservation(Events("condition_occurrence")))


def _from(day: int) -> Where:
    return Where(EVENTS, (DateIs("start_date", "gte", date(2020, 1, day)),))


TESTS = (_from(5), _from(6), _from(9))
EXAMPLES = [
    Example("all three", Satisfying(EVENTS, TESTS, 3), "person | event | start\n2 | 1 | 9"),
    Example("any", Satisfying(EVENTS, TESTS, 1), "start\n5\n6\n9"),
    Example("at least 2", Satisfying(EVENTS, TESTS, 2), "start\n6\n9"),
    Example("at most 1", Satisfying(EVENTS, TESTS, 0, 1), "start\n4\n5"),
    Example("from 1 to 2", Satisfying(EVENTS, TESTS, 1, 2), "start\n5\n6"),
    Example("none", Satisfying(EVENTS, TESTS, 0, 0), "start\n4"),
    Example("at least 0", Satisfying(EVENTS, TESTS, 0), "start\n4\n5\n6\n9"),
    Example("more than there are", Satisfying(EVENTS, TESTS, 4), "start"),
    Example("one of two that are the same is both", Satisfying(EVENTS, (_from(6), _from(6)), 1, 1), "start"),
    Example("both of two that are the same", Satisfying(EVENTS, (_from(6), _from(6)), 2), "start\n6\n9"),
]
