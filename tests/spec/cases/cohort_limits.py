"""A definition has three limits, and the second acts only beside additional criteria

The primary limit picks among all events in observation; the qualified limit among those that satisfy the additional
criteria, and without such criteria it does nothing; the expression limit among those that satisfy every rule.
"""

from spec.example import Example
from tiny_cohort_hospital import expression, group, near, rule, window

HOSPITAL = """
    condition_occurrence
    person | id | start | concept
    1      | 10 | 10    | 1
    1      | 11 | 20    | 1
    1      | 12 | 30    | 1

    drug_exposure
    person | id | start | concept
    1      | 20 | 20    | 2
    1      | 21 | 30    | 2
"""
DRUG_THAT_DAY = near({"DrugExposure": {"CodesetId": 2}}, days=window(0, 0))
ALL, FIRST, LAST = {"Type": "All"}, {"Type": "First"}, {"Type": "Last"}
BEGINS = expression()["PrimaryCriteria"]
ON_TREATMENT = [rule("on treatment", DRUG_THAT_DAY)]
EXAMPLES = [
    Example("all", expression(), "start | end\n10 | 10\n20 | 20\n30 | 30", ((3, 1),)),
    Example(
        "the first primary event only",
        expression(PrimaryCriteria={**BEGINS, "PrimaryCriteriaLimit": FIRST}),
        "start\n10",
        ((1, 1),),
    ),
    Example(
        "the first primary event only, when it satisfies a rule: it does not",
        expression(PrimaryCriteria={**BEGINS, "PrimaryCriteriaLimit": FIRST}, InclusionRules=ON_TREATMENT),
        "start",
        ((1, 1), (0, 0)),
    ),
    Example(
        "the first that qualifies",
        expression(AdditionalCriteria=group(DRUG_THAT_DAY), QualifiedLimit=FIRST),
        "start\n20",
        ((1, 1),),
    ),
    Example(
        "the last that qualifies",
        expression(AdditionalCriteria=group(DRUG_THAT_DAY), QualifiedLimit=LAST),
        "start\n30",
        ((1, 1),),
    ),
    Example(
        "the last that qualifies, with nothing to qualify for",
        expression(QualifiedLimit=LAST),
        "start\n10\n20\n30",
        ((3, 1),),
    ),
    Example(
        "the first that satisfies the rule",
        expression(InclusionRules=ON_TREATMENT, ExpressionLimit=FIRST),
        "start\n20",
        ((3, 1), (2, 1)),
    ),
    Example(
        "the last that satisfies the rule",
        expression(InclusionRules=ON_TREATMENT, ExpressionLimit=LAST),
        "start\n30",
        ((3, 1), (2, 1)),
    ),
]
