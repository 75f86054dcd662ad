"""A record can be asked in which region its care site was

The care site has to have been there from the start of the event to its end; a stay without an end goes on until the end
of 2099. Where it was in two places at once either is enough, and a record counts once. CDM 5.4 has no table for this.
"""

from spec.example import Example
from wardbench.core.omop.concept_sets import ConceptSet
from wardbench.ward.cohorts.conditions import ConceptIs
from wardbench.ward.cohorts.plan import Dates, Events

HOSPITAL = """
    visit_occurrence
    person | id | start | end | care_site_id
    1      | 10 | 1     | 3   | 1
    1      | 11 | 2     | 3   | 1
    1      | 12 | 2     | 5   | 1
    1      | 13 | 2     | 6   | 1
    1      | 14 | 9     | 9   | 2
    1      | 15 | 9     | 9   | 4
    1      | 16 | 9     | 9   | -
    1      | 17 | 2     | -   | 1

    location
    id | region
    1  | 7
    2  | 8
    3  | -

    location_history
    id | of        | which | at | start | end
    20 | CARE_SITE | 1     | 1  | 2     | 5
    21 | CARE_SITE | 2     | 1  | 8     | -
    22 | CARE_SITE | 2     | 2  | 1     | -
    23 | PERSON    | 4     | 1  | 1     | -
    24 | CARE_SITE | 4     | 3  | 1     | -
    25 | CARE_SITE | 4     | 9  | 1     | -
"""


def _in(concept: int, *, negated: bool = False, dates: Dates | None = None) -> Events:
    asked = ConceptIs("place_of_service_region_concept_id", ConceptSet.of(concept), negated)
    return Events("visit_occurrence", dates=dates, where=(asked,))


EXAMPLES = [
    Example("in region 7", _in(7), "event\n11\n12\n14"),
    Example("in region 8", _in(8), "event\n14"),
    Example("in another region than 8", _in(8, negated=True), "event\n11\n12\n14"),
    Example(
        "the day after the start, in region 7",
        _in(7, dates=Dates("start", 1, "start", 1)),
        "event\n10\n11\n12\n13\n14\n17",
    ),
]
