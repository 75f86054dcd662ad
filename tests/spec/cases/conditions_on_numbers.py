"""Numbers are compared, and a number that is missing satisfies nothing

"Between" includes both its ends and "not between" excludes both. A ratio to the reference range is missing where the
range is missing or 0.
"""

from spec.example import Example
from wardbench.ward.cohorts.conditions import NumberIs, Operator
from wardbench.ward.cohorts.plan import Events

HOSPITAL = """
    measurement
    person | id | start | value_as_number | range_low | range_high
    1      | 10 | 1     | 1               | 2         | 4
    1      | 11 | 1     | 2               | 2         | 0
    1      | 12 | 1     | 2.5             | -         | 5
    1      | 13 | 1     | 4               | 2         | 4
    1      | 14 | 1     | -               | 2         | 4
"""


def _value(operator: Operator, *values: float) -> Events:
    return Events("measurement", where=(NumberIs("value_as_number", operator, *values),))


EXAMPLES = [
    Example("less than 2", _value("lt", 2), "event\n10"),
    Example("at most 2", _value("lte", 2), "event\n10\n11"),
    Example("equal to 2", _value("eq", 2), "event\n11"),
    Example("not equal to 2", _value("ne", 2), "event\n10\n12\n13"),
    Example("more than 2", _value("gt", 2), "event\n12\n13"),
    Example("at least 2.5", _value("gte", 2.5), "event\n12\n13"),
    Example("from 2 to 4", _value("between", 2, 4), "event\n11\n12\n13"),
    Example("not from 2 to 2.5", _value("not_between", 2, 2.5), "event\n10\n13"),
    Example(
        "at least twice the lower limit",
        Events("measurement", where=(NumberIs("range_low_ratio", "gte", 2),)),
        "event\n13",
    ),
    Example(
        "at most half of the upper limit",
        Events("measurement", where=(NumberIs("range_high_ratio", "lte", 0.5),)),
        "event\n10\n12",
    ),
]
