"""Days are compared like numbers

A day that is missing satisfies nothing.
"""

from datetime import date

from spec.example import Example
from wardbench.ward.cohorts.conditions import DateIs, Operator
from wardbench.ward.cohorts.plan import Events

HOSPITAL = """
    visit_occurrence
    person | id | start | end
    1      | 10 | 1     | 4
    1      | 11 | 1     | 5
    1      | 12 | 1     | 6
    1      | 13 | 1     | -
"""


def _end(operator: Operator, *days: int) -> Events:
    return Events("visit_occurrence", where=(DateIs("end_date", operator, *(date(2020, 1, day) for day in days)),))


EXAMPLES = [
    Example("before day 5", _end("lt", 5), "event\n10"),
    Example("on or before day 5", _end("lte", 5), "event\n10\n11"),
    Example("on day 5", _end("eq", 5), "event\n11"),
    Example("not on day 5", _end("ne", 5), "event\n10\n12"),
    Example("after day 5", _end("gt", 5), "event\n12"),
    Example("on or after day 5", _end("gte", 5), "event\n11\n12"),
    Example("from day 4 to day 5", _end("between", 4, 5), "event\n10\n11"),
    Example("not from day 4 to day 5", _end("not_between", 4, 5), "event\n12"),
]
