"""A plan counted without some persons, such as those who objected to being counted.

They are left out where the entry events begin, on which a plan's rules and its cohort are built. No node looks from one
person to another, so that whoever is left stands in every count as if the others had never been in the hospital.
"""

from __future__ import annotations

from wardbench.ward.cohorts.optimise import everywhere
from wardbench.ward.cohorts.plan import CohortPlan, LeavingOut, Persons, Relation


def leaving_out(plan: CohortPlan, persons: Persons) -> CohortPlan:
    """`plan` without `persons`; itself where there are none. What either gives is kept under its own digest."""
    if not persons.ids:
        return plan

    def rewritten(relation: Relation) -> Relation:
        return LeavingOut(relation, persons) if relation == plan.entry else relation

    return everywhere(plan, rewritten)
