"""What lies around an event in two observation periods is counted for both together

Two periods of one person should not overlap. Where they do, an event in both is there twice under one key; pairs are
counted for the key, and both rows are kept or left out together.
"""

from spec.example import Example
from wardbench.ward.cohorts.plan import Events, InObservation, Near, Occurs

HOSPITAL = """
    observation_period
    person | id | start | end
    1      | 1  | 1     | 20
    1      | 2  | 10    | 30

    condition_occurrence
    person | id | start
    1      | 10 | 15

    drug_exposure
    person | id | start
    1      | 20 | 5
    1      | 21 | 12
"""
CONDITIONS, DRUGS = InObservation(Events("condition_occurrence")), Events("drug_exposure")
EXAMPLES = [
    Example(
        "two drugs in the first period and one in the second are three",
        Near(CONDITIONS, DRUGS, (), Occurs(3, 3)),
        """
        event | observed from | observed until
        10    | 1             | 20
        10    | 10            | 30
        """,
    ),
    Example("they are not two", Near(CONDITIONS, DRUGS, (), Occurs(0, 2)), "event"),
]
