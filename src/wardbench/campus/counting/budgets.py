"""How many feasibility counts somebody may ask, and those who work on the same thing together. No Django here.

With epsilon 0.1 for a question, 20 questions of one person in 30 days sum up to epsilon 2, whatever they are about: a
budget for each project would be no budget, because anybody can begin a cohort. The cap of a project bounds what several
people learn together, that of a year what new snapshots would add.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from wardbench.campus.people.roles import gettext_noop
from wardbench.campus.people.rules import Verdict, no, yes
from wardbench.core.errors import WardbenchError

PERIOD = datetime.timedelta(days=30)
YEAR = datetime.timedelta(days=365)
IN_PERIOD = 20
IN_YEAR = 120
OF_PROJECT = 60


class Kind(StrEnum):
    """What has a budget that everybody shares who works on it."""

    COHORT = "cohort"
    QUESTION = "question"
    STUDY = "study"

    def purse(self, key: object) -> str:
        """What the budget of one of them is called."""
        return f"{self.value}:{key}"


SHARED: Mapping[Kind, str] = {
    Kind.COHORT: gettext_noop("Left for everybody who works on this cohort, together"),
    Kind.QUESTION: gettext_noop("Left for everybody who works on the question that this cohort belongs to, together"),
    Kind.STUDY: gettext_noop("Left for everybody who works on the study that this cohort belongs to, together"),
}
_USED_UP: Mapping[Kind, str] = {
    Kind.COHORT: gettext_noop(
        "Those who work on this cohort have together asked the {most} feasibility counts that it has on these data."
    ),
    Kind.QUESTION: gettext_noop(
        "Those who work on the question that this cohort belongs to have together asked the {most} feasibility counts"
        " that it has on these data."
    ),
    Kind.STUDY: gettext_noop(
        "Those who work on the study that this cohort belongs to have together asked the {most} feasibility counts that"
        " it has on these data."
    ),
}


class SpentError(WardbenchError):
    """The budget is spent; `verdict` says which. It tells the number of questions that were asked, and nothing else."""

    exit_code = 8
    http_status = 429

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(str(verdict))
        self.verdict = verdict


@dataclass(frozen=True)
class Shared:
    """How many different questions were asked of a project on this snapshot, by all its people."""

    kind: Kind
    asked: int

    @property
    def left(self) -> int:
        return max(0, OF_PROJECT - self.asked)

    @property
    def told(self) -> str:
        """What `left` is, a sentence of the catalogues."""
        return SHARED[self.kind]


@dataclass(frozen=True)
class Spent:
    """Questions that were charged: to a person in the last 30 days and the last year, and to each project."""

    in_period: int
    in_year: int
    shared: tuple[Shared, ...] = ()

    @property
    def own(self) -> int:
        """How many questions the person has left, whatever they are about."""
        return max(0, min(IN_PERIOD - self.in_period, IN_YEAR - self.in_year))

    @property
    def left(self) -> int:
        """How many new questions the person may still ask now in these projects: both budgets count."""
        return min((self.own, *(one.left for one in self.shared)))


def may_ask(spent: Spent) -> Verdict:
    """Whether one more question may be asked; it depends on how many were, and on nothing they were about."""
    if spent.in_period >= IN_PERIOD:
        sentence = gettext_noop("You have asked your {most} feasibility counts of 30 days.")
        return no(sentence, most=IN_PERIOD)
    if spent.in_year >= IN_YEAR:
        return no(gettext_noop("You have asked your {most} feasibility counts of a year."), most=IN_YEAR)
    for one in spent.shared:
        if not one.left:
            return no(_USED_UP[one.kind], most=OF_PROJECT)
    return yes(gettext_noop("{left} feasibility counts are left."), left=spent.left)
