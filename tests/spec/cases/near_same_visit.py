"""Events can be asked to belong to one visit

Both have to name the same visit. Two events that name no visit do not share one.
"""

from spec.example import Example
from wardbench.ward.cohorts.plan import Events, InObservation, Near, Occurs

HOSPITAL = """
    condition_occurrence
    person | id | start | visit
    1      | 10 | 10    | 7
    1      | 11 | 10    | 8
    1      | 12 | 10    | -

    drug_exposure
    person | id | start | visit
    1      | 20 | 10    | 7
    1      | 21 | 10    | -
    2      | 22 | 10    | 8
"""
CONDITIONS, DRUGS = InObservation(Events("condition_occurrence")), Events("drug_exposure")
EXAMPLES = [
    Example("in the same visit", Near(CONDITIONS, DRUGS, (), Occurs(1), same_visit=True), "event\n10"),
    Example("none in the same visit", Near(CONDITIONS, DRUGS, (), Occurs(0, 0), same_visit=True), "event\n11\n12"),
    Example("in any visit or none", Near(CONDITIONS, DRUGS, (), Occurs(1)), "event\n10\n11\n12"),
]
