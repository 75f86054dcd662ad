"""A blinded panel: who may have one made, who reads its key and when, and when it is opened. No Django here.

Whoever measures knows a specimen by its code alone; the biobank knows which code is which specimen, and no value.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from wardbench.campus.people.roles import gettext_noop
from wardbench.campus.people.rules import Actor, Verdict, no, yes
from wardbench.campus.releases.rules import FOR, YOU_ARE, Side, Status, sides
from wardbench.campus.releases.rules import Facts as Requested
from wardbench.campus.releases.rules import may_see as may_see_request

MEASURED = "measurement"
"""The table of data that a permit has to name."""
RECORD = ("pseudonymised", "identifiable")


class Stage(StrEnum):
    """Where a panel stands."""

    COMING = "coming"
    MEASURING = "measuring"
    OPEN = "open"
    OVER = "over"


STAGES = {
    Stage.COMING: gettext_noop("The specimens are not with the study yet"),
    Stage.MEASURING: gettext_noop("Blinded: the study measures"),
    Stage.OPEN: gettext_noop("Opened"),
    Stage.OVER: gettext_noop("Nothing came of it"),
}
NOT_NOW = {
    Stage.COMING: gettext_noop("The specimens are not with the study yet."),
    Stage.MEASURING: gettext_noop("The panel is blinded still; open it once every specimen is accounted for."),
    Stage.OPEN: gettext_noop("The panel is open: what was measured does not change any more."),
    Stage.OVER: gettext_noop("Its request ended before the study received any specimen."),
}


class Act(StrEnum):
    """What somebody can do with a panel."""

    MEASURE = "measure"
    OPEN = "open"
    COMPARE = "compare"
    LABEL = "label"


ACTS = {
    Act.MEASURE: gettext_noop("Write down what the study measured"),
    Act.OPEN: gettext_noop("Open the panel"),
    Act.COMPARE: gettext_noop("Compare with what the hospital measured"),
    Act.LABEL: gettext_noop("See which code is which specimen, and print labels"),
}
TABLE: Mapping[Stage, Mapping[Act, Side]] = {
    Stage.COMING: {Act.LABEL: Side.BIOBANK},
    Stage.MEASURING: {Act.MEASURE: Side.RESEARCHER, Act.OPEN: Side.RESEARCHER, Act.LABEL: Side.BIOBANK},
    Stage.OPEN: {Act.COMPARE: Side.RESEARCHER, Act.LABEL: Side.BIOBANK},
    Stage.OVER: {},
}
"""Who may do what in which stage."""
NOT_YOURS = {
    Side.RESEARCHER: FOR[Side.RESEARCHER],
    Side.BIOBANK: gettext_noop("The key is with the biobank, and with nobody who works on the study."),
}


def stage_of(status: Status, opened: bool) -> Stage:
    """Where a panel stands by the status of its request."""
    if opened:
        return Stage.OPEN
    if status in (Status.RECEIVED, Status.CLOSED):
        return Stage.MEASURING
    return Stage.OVER if status in (Status.REFUSED, Status.WITHDRAWN, Status.EXPIRED) else Stage.COMING


@dataclass(frozen=True)
class Facts:
    """What the rules ask of a panel: the facts of its request, whether it was opened, what the permit says now of its
    data and of whoever asks, and of the specimens that the study received how many are `measured` and how many have
    neither a value nor failed (`unsaid`)."""

    request: Requested
    opened: bool
    permitted: Verdict
    measured: int
    unsaid: int

    @property
    def stage(self) -> Stage:
        return stage_of(self.request.status, self.opened)


def covers(content: Mapping[str, Any]) -> Verdict:
    """Whether what a permit says is enough for a panel: material, and results of single patients of a cohort."""
    if not content["material"]:
        return no(gettext_noop("The permit covers no material."))
    if content["data"] not in RECORD or not content["cohorts"]:
        return no(gettext_noop("The permit does not cover data of single patients."))
    if MEASURED not in content["tables"]:
        return no(gettext_noop("The permit does not name the table of measurements."))
    return yes(gettext_noop("The permit covers specimens and measurements of their donors."))


def may_see_panel(actor: Actor, facts: Facts) -> Verdict:
    """That there is a panel and its codes: for whom its request is."""
    return may_see_request(actor, facts.request)


def may_act(actor: Actor, act: Act, facts: Facts) -> Verdict:
    """Whether somebody may do something with a panel now. The key of a study's panel is with nobody who works on it."""
    seen = may_see_panel(actor, facts)
    if not seen:
        return seen
    side = TABLE[facts.stage].get(act)
    if side is None:
        return no(NOT_NOW[facts.stage])
    if side not in sides(actor, facts.request):
        return no(NOT_YOURS[side])
    if act in (Act.OPEN, Act.COMPARE) and not facts.permitted:
        return facts.permitted
    if act is Act.OPEN and facts.unsaid:
        return no(gettext_noop("Specimens with neither a value nor the word that it failed: {n}."), n=facts.unsaid)
    if act is Act.OPEN and not facts.measured:
        return no(gettext_noop("No specimen has a value; there is nothing to compare."))
    return yes(YOU_ARE[side])
