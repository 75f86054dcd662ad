"""A cohort's rows end by the end strategy, at the first censoring event, and then are joined and cut

The strategy is an offset, an era of exposure, or else the end of observation. What ends earliest counts. Rows of a
person that touch are joined, with the pad as the gap between them; the censor window cuts last.
"""

from spec.example import Example
from tiny_cohort_hospital import expression

HOSPITAL = """
    condition_occurrence
    person | id | start | end | concept
    1      | 10 | 10    | 12  | 1
    1      | 11 | 15    | 18  | 1

    drug_exposure
    person | id | start | end | concept
    1      | 20 | 10    | 20  | 2
    1      | 21 | 23    | 30  | 2

    death
    person | start
    1      | 60
"""
DEATH = [{"Death": {}}]
EXAMPLES = [
    Example("until the end of observation", expression(EndStrategy=None), "start | end\n10 | 100"),
    Example("until death", expression(EndStrategy=None, CensoringCriteria=DEATH), "start | end\n10 | 60"),
    Example(
        "until 1 day after the end",
        expression(EndStrategy={"DateOffset": {"DateField": "EndDate", "Offset": 1}}),
        "start | end\n10 | 13\n15 | 19",
    ),
    Example(
        "until 1 day after the end, joined over 2 days",
        expression(
            EndStrategy={"DateOffset": {"DateField": "EndDate", "Offset": 1}},
            CollapseSettings={"CollapseType": "ERA", "EraPad": 2},
        ),
        "start | end\n10 | 19",
    ),
    Example(
        "until the end of the era of exposure",
        expression(EndStrategy={"CustomEra": {"DrugCodesetId": 2, "GapDays": 0, "Offset": 0}}),
        "start | end\n10 | 20",
    ),
    Example(
        "until the end of the era with gaps of 3 days bridged",
        expression(EndStrategy={"CustomEra": {"DrugCodesetId": 2, "GapDays": 3, "Offset": 0}}),
        "start | end\n10 | 30",
    ),
    Example(
        "cut to a window",
        expression(EndStrategy=None, CensorWindow={"StartDate": "2020-01-13", "EndDate": "2020-01-31"}),
        "start | end\n13 | 31",
    ),
]
