"""Inclusion rules narrow the entry events one after the other

The attrition counts the entry events, then those that satisfy the first rule, then those that satisfy the first and
the second, and so on; and of each the persons. A rule that asks nothing keeps everybody.
"""

from spec.example import Example
from tiny_cohort_hospital import expression, near, rule, window

HOSPITAL = """
    person
    person | gender | born
    1      | 8507   | 1980
    2      | 8507   | 1980
    3      | 8532   | 1980

    condition_occurrence
    person | id | start | concept
    1      | 10 | 10    | 1
    1      | 11 | 20    | 1
    2      | 12 | 10    | 1
    3      | 13 | 10    | 1

    drug_exposure
    person | id | start | concept
    1      | 20 | 5     | 2
    3      | 21 | 5     | 2
"""
MEN = rule("men", DemographicCriteriaList=[{"Gender": [{"CONCEPT_ID": 8507}]}])
DRUG_BEFORE = rule("a drug up to 5 days before", near({"DrugExposure": {"CodesetId": 2}}, days=window(-5, 0)))
NOTHING = rule("nothing")
EXAMPLES = [
    Example(
        "men, then those with a drug before",
        expression(InclusionRules=[MEN, DRUG_BEFORE]),
        "person | start\n1 | 10",
        ((4, 3), (3, 2), (1, 1)),
    ),
    Example(
        "those with a drug before, then men",
        expression(InclusionRules=[DRUG_BEFORE, MEN]),
        "person | start\n1 | 10",
        ((4, 3), (2, 2), (1, 1)),
    ),
    Example(
        "a rule that asks nothing",
        expression(InclusionRules=[NOTHING, MEN]),
        "person | start\n1 | 10\n1 | 20\n2 | 10",
        ((4, 3), (4, 3), (3, 2)),
    ),
]
