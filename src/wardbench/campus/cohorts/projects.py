"""A cohort has a budget of counts of its own, whoever counts it."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from wardbench.campus.counting.budgets import Kind
from wardbench.campus.counting.projects import belongs_to


@belongs_to
def itself(cohort: uuid.UUID) -> Iterable[str]:
    return (Kind.COHORT.purse(cohort),)
