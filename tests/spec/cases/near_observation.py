"""Other events count only in the observation period of the event at hand, unless a definition says otherwise

With `in_period` the other event has to start in the very period that the event at hand lies in. A bound of a window can
also be the first or last day of that period: this is what "all days before" means in a definition.
"""

from spec.example import Example
from wardbench.ward.cohorts.plan import Edge, Events, InObservation, Near, Occurs, Window

HOSPITAL = """
    observation_period
    person | id | start | end
    1      | 1  | 1     | 20
    1      | 2  | 30    | 50

    condition_occurrence
    person | id | start
    1      | 10 | 10
    1      | 11 | 40

    drug_exposure
    person | id | start | end
    1      | 20 | 30    | 51
"""
CONDITIONS, DRUGS = InObservation(Events("condition_occurrence")), Events("drug_exposure")
EXAMPLES = [
    Example(
        "a drug in the same period",
        Near(CONDITIONS, DRUGS, (), Occurs(1)),
        """
        event | start
        11    | 40
        """,
    ),
    Example(
        "a drug at any time",
        Near(CONDITIONS, DRUGS, (), Occurs(1), in_period=False),
        """
        event | start
        10    | 10
        11    | 40
        """,
    ),
    Example(
        "no drug in the same period",
        Near(CONDITIONS, DRUGS, (), Occurs(0, 0)),
        """
        event | start
        10    | 10
        """,
    ),
    Example(
        "a drug that starts between the first day of the period and 10 days before",
        Near(CONDITIONS, DRUGS, (Window("start", "start", Edge.PERIOD_START, -10),), Occurs(1)),
        """
        event | start
        11    | 40
        """,
    ),
    Example(
        "a drug that ends by the last day of the period",
        Near(CONDITIONS, DRUGS, (Window("start", "end", None, Edge.PERIOD_END),), Occurs(1)),
        """
        event | start
        """,
    ),
]
