"""The studies that a version of a cohort is attached to: whoever works on one shares one budget of counts."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from wardbench.campus.cohorts.queries import ids_of_versions
from wardbench.campus.counting.budgets import Kind
from wardbench.campus.counting.projects import belongs_to
from wardbench.campus.studies.models import AttachedCohort


@belongs_to
def attached(cohort: uuid.UUID) -> Iterable[str]:
    found = AttachedCohort.objects.filter(version__in=ids_of_versions(cohort)).values_list("study", flat=True)
    return map(Kind.STUDY.purse, found.distinct())
