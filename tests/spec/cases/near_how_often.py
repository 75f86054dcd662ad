"""How often other events happen is counted, from none at all upwards

Every record counts, also several of one day. With `distinct` different values are counted instead, such as different
days, and a record without a value is none. An event around which nothing happens is kept where "none" is enough.
"""

from spec.example import Example
from wardbench.ward.cohorts.plan import Events, InObservation, Near, Occurs, Union

HOSPITAL = """
    condition_occurrence
    person | id | start
    1      | 10 | 10
    2      | 11 | 10
    3      | 12 | 10
    4      | 13 | 10

    drug_exposure
    person | id | start | concept | visit
    2      | 20 | 5     | 1       | -
    3      | 21 | 5     | 1       | -
    3      | 22 | 5     | 2       | -
    4      | 23 | 5     | 1       | 7
    4      | 24 | 6     | 1       | 7
    4      | 25 | 7     | -       | -
"""
CONDITIONS, DRUGS = InObservation(Events("condition_occurrence")), Events("drug_exposure")


def _near(*occurs: object) -> Near:
    return Near(CONDITIONS, DRUGS, (), Occurs(*occurs))  # type: ignore[arg-type]


EXAMPLES = [
    Example("none", _near(0, 0), "person\n1"),
    Example("at least 2", _near(2), "person\n3\n4"),
    Example("at most 1", _near(0, 1), "person\n1\n2"),
    Example("exactly 2", _near(2, 2), "person\n3"),
    Example("at least 0", _near(0), "person\n1\n2\n3\n4"),
    Example("at least 2 and at most 1", _near(2, 1), "person"),
    Example("on at least 2 different days", _near(2, None, "start_date"), "person\n4"),
    Example("of exactly 1 concept", _near(1, 1, "concept_id"), "person\n2\n4"),
    Example("in at least 1 visit", _near(1, None, "visit_occurrence_id"), "person\n4"),
    Example("in no visit", _near(0, 0, "visit_occurrence_id"), "person\n1\n2\n3"),
    Example(
        "the same record asked for twice counts twice",
        Near(CONDITIONS, Union((DRUGS, DRUGS)), (), Occurs(2, 2)),
        "person\n2",
    ),
]
