"""Where a person was is an event too, with the region as its concept

Each stay of a person's in a place is one, and lasts until the end of 2099 where no end is recorded. Stays of care sites
are none. CDM 5.4 has no table for this: it is answered where a database has `location_history` beside it.
"""

from datetime import date

from spec.example import Example
from wardbench.core.omop.concept_sets import ConceptSet
from wardbench.ward.cohorts.conditions import DateIs
from wardbench.ward.cohorts.plan import EndAtOffset, Events, InObservation

HOSPITAL = """
    location
    id | region
    1  | 7
    2  | 8
    3  | -

    location_history
    id | of        | which | at | start | end
    10 | PERSON    | 1     | 1  | 1     | 5
    11 | PERSON    | 1     | 2  | 6     | -
    12 | PERSON    | 2     | 1  | 3     | 4
    13 | CARE_SITE | 2     | 1  | 3     | 4
    14 | PERSON    | 3     | 3  | 2     | 9
    15 | PERSON    | 4     | 9  | 2     | 9
"""
EXAMPLES = [
    Example(
        "every stay",
        Events("location_history"),
        """
        person | event | start | end   | concept | visit
        1      | 10    | 1     | 5     | 7       | -
        1      | 11    | 6     | 29220 | 8       | -
        2      | 12    | 3     | 4     | 7       | -
        3      | 14    | 2     | 9     | -       | -
        """,
    ),
    Example(
        "in region 7",
        Events("location_history", ConceptSet.of(7)),
        """
        person | event
        1      | 10
        2      | 12
        """,
    ),
    Example(
        "the first of each person that goes on after day 4",
        Events("location_history", first=True, where=(DateIs("end_date", "gt", date(2020, 1, 4)),)),
        """
        person | event
        1      | 10
        3      | 14
        """,
    ),
    Example(
        "a stay without an end lasts beyond observation",
        EndAtOffset(InObservation(Events("location_history", ConceptSet.of(8))), "end", 0),
        """
        person | start | end
        1      | 6     | 100
        """,
    ),
]
