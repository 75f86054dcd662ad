"""A measurement is abnormal outside its own reference range, or when its value says so

One of the three is enough: below the lower limit, above the upper limit, or coded as abnormally high or low. The limits
themselves are normal.
"""

from spec.example import Example
from wardbench.ward.cohorts.conditions import IsAbnormal
from wardbench.ward.cohorts.plan import Events

HOSPITAL = """
    measurement
    person | id | start | value_as_number | range_low | range_high | value_as_concept_id
    1      | 10 | 1     | 1               | 2         | 4          | -
    1      | 11 | 1     | 2               | 2         | 4          | -
    1      | 12 | 1     | 4               | 2         | 4          | -
    1      | 13 | 1     | 5               | -         | 4          | -
    1      | 14 | 1     | 1               | -         | 4          | -
    1      | 15 | 1     | -               | 2         | 4          | 4155142
    1      | 16 | 1     | 3               | 2         | 4          | 4155143
    1      | 17 | 1     | -               | -         | -          | 1
"""
EXAMPLES = [Example("abnormal", Events("measurement", where=(IsAbnormal(),)), "event\n10\n13\n15\n16")]
