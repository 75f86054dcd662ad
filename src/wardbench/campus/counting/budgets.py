"""How many feasibility counts somebody may ask. No Django here.

With epsilon 0.1 for a question, 20 questions of one person and project in 30 days sum up to epsilon 2. The cap of a
project bounds what several people learn together, that of a year what new snapshots would add.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from wardbench.campus.people.roles import gettext_noop
from wardbench.campus.people.rules import Verdict, no, yes
from wardbench.core.errors import WardbenchError

PERIOD = datetime.timedelta(days=30)
YEAR = datetime.timedelta(days=365)
IN_PERIOD = 20
IN_YEAR = 120
OF_PROJECT = 60


class SpentError(WardbenchError):
    """The budget is spent; `verdict` says which. It tells the number of questions that were asked, and nothing else."""

    exit_code = 8
    http_status = 429

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(str(verdict))
        self.verdict = verdict


@dataclass(frozen=True)
class Spent:
    """Questions that were charged: to a person in a project in the last 30 days and the last year, and to the project
    on this snapshot."""

    in_period: int
    in_year: int
    of_project: int

    @property
    def left(self) -> int:
        """How many questions the person may still ask now."""
        return max(0, min(IN_PERIOD - self.in_period, IN_YEAR - self.in_year, OF_PROJECT - self.of_project))


def may_ask(spent: Spent) -> Verdict:
    """Whether one more question may be asked; it depends on how many were, and on nothing they were about."""
    if spent.in_period >= IN_PERIOD:
        sentence = gettext_noop("You have asked the {most} feasibility counts of 30 days for this project.")
        return no(sentence, most=IN_PERIOD)
    if spent.in_year >= IN_YEAR:
        return no(
            gettext_noop("You have asked the {most} feasibility counts of a year for this project."), most=IN_YEAR
        )
    if spent.of_project >= OF_PROJECT:
        sentence = gettext_noop("This project has asked its {most} feasibility counts on these data.")
        return no(sentence, most=OF_PROJECT)
    return yes(gettext_noop("{left} feasibility counts are left."), left=spent.left)
