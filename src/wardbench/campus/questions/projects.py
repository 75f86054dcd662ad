"""The questions that a cohort stands behind: whoever looks for their answers shares one budget of counts."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from wardbench.campus.counting.budgets import Kind
from wardbench.campus.counting.projects import belongs_to
from wardbench.campus.questions.models import Question


@belongs_to
def behind(cohort: uuid.UUID) -> Iterable[str]:
    return map(Kind.QUESTION.purse, Question.objects.filter(cohort=cohort).values_list("id", flat=True))
