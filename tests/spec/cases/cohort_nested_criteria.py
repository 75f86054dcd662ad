"""Criteria within a criterion are asked around its own events

"A drug, with a visit on the same day, in the 30 days before": the visit is looked for around the drug and not around
the event that the rule is about. For that the drug has to start in an observation period of its own.
"""

from typing import Any

from spec.example import Example
from tiny_cohort_hospital import expression, group, near, rule, window

HOSPITAL = """
    observation_period
    person | id | start | end
    1      | 1  | 1     | 100
    2      | 2  | 1     | 100
    3      | 3  | 10    | 100

    condition_occurrence
    person | id | start | concept
    1      | 10 | 20    | 1
    2      | 11 | 20    | 1
    3      | 12 | 20    | 1

    drug_exposure
    person | id | start | concept
    1      | 20 | 5     | 2
    2      | 21 | 5     | 2
    3      | 22 | 5     | 2

    visit_occurrence
    person | id | start | end | concept
    1      | 30 | 5     | 5   | 1
    2      | 31 | 20    | 20  | 1
    3      | 32 | 5     | 5   | 1
"""
VISIT_THAT_DAY = near({"VisitOccurrence": {"CodesetId": 1}}, days=window(0, 0), IgnoreObservationPeriod=True)


def _with_drug(**other: Any) -> dict[str, Any]:
    drug = near({"DrugExposure": {"CodesetId": 2, **other}}, days=window(-30, 0), IgnoreObservationPeriod=True)
    return expression(InclusionRules=[rule("drug before", drug)])


EXAMPLES = [
    Example("a drug before", _with_drug(), "person\n1\n2\n3"),
    Example("a drug before with a visit on its day", _with_drug(CorrelatedCriteria=group(VISIT_THAT_DAY)), "person\n1"),
    Example(
        "nested criteria that ask nothing do not ask for observation either",
        _with_drug(CorrelatedCriteria=group()),
        "person\n1\n2\n3",
    ),
]
