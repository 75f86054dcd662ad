"""A record without an end gets one that fits its table

A condition or a device without an end lasts until the next day; a drug as many days as were supplied, or else until
the next day; what is recorded with one date only lasts until the next day. Visits and eras stay without an end.
"""

from spec.example import Example
from wardbench.ward.cohorts.plan import Events

HOSPITAL = """
    condition_occurrence
    person | id | start | end
    1      | 10 | 5     | 8
    1      | 11 | 5     | -

    drug_exposure
    person | id | start | end | days_supply
    1      | 20 | 5     | 6   | 30
    1      | 21 | 5     | -   | 30
    1      | 22 | 5     | -   | 0
    1      | 23 | 5     | -   | -

    measurement
    person | id | start
    1      | 30 | 5

    visit_occurrence
    person | id | start | end
    1      | 40 | 5     | -

    death
    person | start
    1      | 9
"""
EXAMPLES = [
    Example(
        "a condition lasts until the next day",
        Events("condition_occurrence"),
        """
        event | start | end
        10    | 5     | 8
        11    | 5     | 6
        """,
    ),
    Example(
        "a drug lasts for the days supplied, 0 of them included, or until the next day",
        Events("drug_exposure"),
        """
        event | start | end
        20    | 5     | 6
        21    | 5     | 35
        22    | 5     | 5
        23    | 5     | 6
        """,
    ),
    Example(
        "a measurement lasts until the next day",
        Events("measurement"),
        """
        event | start | end
        30    | 5     | 6
        """,
    ),
    Example(
        "a visit has no end, and is its own visit",
        Events("visit_occurrence"),
        """
        event | start | end | visit
        40    | 5     | -   | 40
        """,
    ),
    Example(
        "a death has the number of the person",
        Events("death"),
        """
        person | event | start | end
        1      | 1     | 9     | 10
        """,
    ),
]
