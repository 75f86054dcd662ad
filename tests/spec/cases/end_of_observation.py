"""Without an end strategy a membership lasts until the end of observation

It is the end of the observation period that the event lies in.
"""

from spec.example import Example
from wardbench.ward.cohorts.plan import EndOfObservation, Events, InObservation

HOSPITAL = """
    observation_period
    person | id | start | end
    1      | 1  | 1     | 20
    1      | 2  | 30    | 50

    condition_occurrence
    person | id | start | end
    1      | 10 | 10    | 90
    1      | 11 | 40    | 41
"""
EXAMPLES = [
    Example(
        "each until the end of its own period",
        EndOfObservation(InObservation(Events("condition_occurrence"))),
        """
        event | start | end
        10    | 10    | 20
        11    | 40    | 50
        """,
    )
]
