"""A membership can end when something else happens

It ends at the start of the first such event from its own start on, to the last day of observation. What happened before
does not count. Where nothing happens there is no end of this kind.
"""

from spec.example import Example
from wardbench.core.omop.concept_sets import ConceptSet
from wardbench.ward.cohorts.plan import EndAtEvent, Events, InObservation

HOSPITAL = """
    observation_period
    person | id | start | end
    1      | 1  | 1     | 40

    condition_occurrence
    person | id | start
    1      | 10 | 5
    1      | 11 | 9
    1      | 12 | 30

    drug_exposure
    person | id | start | concept
    1      | 20 | 4     | 1
    1      | 21 | 9     | 1
    1      | 22 | 20    | 1
    1      | 23 | 41    | 1
    2      | 24 | 6     | 1
"""
EXAMPLES = [
    Example(
        "a drug from the same day on",
        EndAtEvent(InObservation(Events("condition_occurrence")), Events("drug_exposure", ConceptSet.of(1))),
        """
        event | start | end
        10    | 5     | 9
        11    | 9     | 9
        """,
    )
]
