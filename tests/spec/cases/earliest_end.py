"""Of several possible ends the earliest one that is not before the start counts

An event for which no such end exists is left out.
"""

from spec.example import Example
from wardbench.ward.cohorts.plan import EarliestEnd, EndAtEvent, EndAtOffset, Events, InObservation, Number

HOSPITAL = """
    visit_occurrence
    person | id | start | end
    1      | 10 | 5     | 12
    1      | 11 | 20    | 21
    1      | 12 | 30    | -

    death
    person | start
    1      | 20
"""
VISITS = Number(InObservation(Events("visit_occurrence")))
DEATH = EndAtEvent(VISITS, Events("death"))
EXAMPLES = [
    Example(
        "10 days after the start, or at death",
        EarliestEnd(VISITS, (EndAtOffset(VISITS, "start", 10), DEATH)),
        """
        event | start | end
        1     | 5     | 15
        2     | 20    | 20
        3     | 30    | 40
        """,
    ),
    Example(
        "3 days before the end, or at death: an end before the start is none",
        EarliestEnd(VISITS, (EndAtOffset(VISITS, "end", -3), DEATH)),
        """
        event | start | end
        1     | 5     | 9
        2     | 20    | 20
        """,
    ),
]
