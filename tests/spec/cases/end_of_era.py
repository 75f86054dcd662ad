"""A membership can last as long as a person stays on a drug

Exposures, each with its days and the offset added, are joined into eras where at most `gap` days lie between them. An
event that starts during an era ends with it: the offset belongs to the era, the gap does not. Source concepts count as
well. An event that starts in no era is left out.
"""

from spec.example import Example
from wardbench.core.omop.concept_sets import ConceptSet
from wardbench.ward.cohorts.plan import EndOfEra, Events, InObservation

HOSPITAL = """
    condition_occurrence
    person | id | start
    1      | 10 | 5
    1      | 11 | 12
    1      | 12 | 21
    2      | 13 | 12

    drug_exposure
    person | id | start | end | concept | source | days_supply
    1      | 20 | 5     | 10  | 2       | -      | -
    1      | 21 | 6     | 7   | 2       | -      | 3
    1      | 22 | 13    | -   | -       | 2      | 6
    1      | 23 | 21    | 25  | 3       | 3      | -
"""
EVENTS, DRUGS = InObservation(Events("condition_occurrence")), ConceptSet.of(2)
EXAMPLES = [
    Example(
        "without a gap",
        EndOfEra(EVENTS, DRUGS, gap=0, offset=0),
        """
        event | start | end
        10    | 5     | 10
        """,
    ),
    Example(
        "a gap of 2 does not reach from day 10 to day 13",
        EndOfEra(EVENTS, DRUGS, gap=2, offset=0),
        """
        event | start | end
        10    | 5     | 10
        """,
    ),
    Example(
        "a gap of 3 joins an exposure that starts 3 days after the last end",
        EndOfEra(EVENTS, DRUGS, gap=3, offset=0),
        """
        event | start | end
        10    | 5     | 19
        11    | 12    | 19
        """,
    ),
    Example(
        "an offset of 2 reaches day 12 and belongs to the era",
        EndOfEra(EVENTS, DRUGS, gap=0, offset=2),
        """
        event | start | end
        10    | 5     | 12
        11    | 12    | 12
        12    | 21    | 21
        """,
    ),
    Example(
        "every exposure taken to last 1 day",
        EndOfEra(EVENTS, DRUGS, gap=0, offset=0, days_supply=1),
        """
        event | start | end
        10    | 5     | 7
        """,
    ),
]
