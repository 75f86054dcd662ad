"""Events can be kept by what is known of the person and of their days

Age is the calendar year of a day less the year of birth: on December 31 and on January 1 it can differ. Whoever has no
year of birth has no age, and no age satisfies any comparison, "not equal" included.
"""

from spec.example import Example
from wardbench.ward.cohorts.conditions import ConceptIs, NumberIs
from wardbench.ward.cohorts.plan import Events, InObservation, Where

HOSPITAL = """
    person
    person | gender | born
    1      | 8507   | 1980
    2      | 8532   | 1990
    3      | 8532   | -

    observation_period
    person | id | start | end
    1      | 1  | -99   | 100
    2      | 2  | -99   | 100
    3      | 3  | -99   | 100

    visit_occurrence
    person | id | start | end
    1      | 10 | 0     | 2
    2      | 11 | 0     | 0
    3      | 12 | 1     | -
"""
EVENTS = InObservation(Events("visit_occurrence"))
EXAMPLES = [
    Example(
        "39 at the start",
        Where(EVENTS, (NumberIs("age_at_start", "eq", 39),)),
        """
        person | start
        1      | 0
        """,
    ),
    Example(
        "29 or 40 at the end",
        Where(EVENTS, (NumberIs("age_at_end", "not_between", 30, 39),)),
        """
        person | start
        1      | 0
        2      | 0
        """,
    ),
    Example(
        "not 39 at the start",
        Where(EVENTS, (NumberIs("age_at_start", "ne", 39),)),
        """
        person | start
        2      | 0
        """,
    ),
    Example(
        "women whose visit is at most 1 day long",
        Where(EVENTS, (ConceptIs("gender_concept_id", frozenset({8532})), NumberIs("days", "lte", 1))),
        """
        person | start
        2      | 0
        """,
    ),
    Example(
        "without any condition all stay",
        Where(EVENTS, ()),
        """
        person | start
        1      | 0
        2      | 0
        3      | 1
        """,
    ),
]
