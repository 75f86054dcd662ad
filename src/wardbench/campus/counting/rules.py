"""In which mode somebody may count, and why. No Django here.

*Sandbox* counts a synthetic twin of the hospital's data: anybody, live, at no cost in privacy, because nobody is in it.
*Feasibility* counts the hospital's records on request, one question at a time (`feasibility`): gated, charged, noisy.
*Study* counts them exactly for the people whom a permit names; whether one does, the study says.
*Care and stewardship* counts the hospital's records exactly, for whoever may read them anyway; each count is recorded.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from wardbench.campus.people.roles import RESEARCH, Role, gettext_noop
from wardbench.campus.people.rules import Actor, Verdict, holds, is_signed_in, no, yes


class Mode(StrEnum):
    SANDBOX = "sandbox"
    STUDY = "study"
    STEWARDSHIP = "stewardship"


class Purpose(StrEnum):
    """What patients are counted for, on which it depends who may be: nobody's record stands in the twin; research
    leaves out who objected to the reuse of their record; care, and the keeping in order of its data, is with
    everybody."""

    SANDBOX = "sandbox"
    RESEARCH = "research"
    CARE = "care"


PURPOSES = {Mode.SANDBOX: Purpose.SANDBOX, Mode.STUDY: Purpose.RESEARCH, Mode.STEWARDSHIP: Purpose.CARE}


@dataclass(frozen=True)
class Words:
    """What a page says of a mode: its title, and what its numbers are."""

    title: str
    told: str


WORDS = {
    Mode.SANDBOX: Words(
        gettext_noop("Sandbox"),
        gettext_noop(
            "These numbers are of a synthetic twin of the hospital: nobody in it exists. They show how your"
            " definition works, not how many patients there are."
        ),
    ),
    Mode.STUDY: Words(
        gettext_noop("Within the study"),
        gettext_noop(
            "These numbers are of the hospital's own records, exact, for the people whom the permit names. Results"
            " leave the study by a reviewed release only. Who objected to the reuse of their record is not counted."
        ),
    ),
    Mode.STEWARDSHIP: Words(
        gettext_noop("Exact counts"),
        gettext_noop(
            "These numbers are of the hospital's own records, exact, for your eyes. Each count is on the record;"
            " do not pass them on. Everybody is counted, with those who objected to the reuse of their record for"
            " research: care is for them too."
        ),
    ),
}


def may_count(actor: Actor, mode: Mode) -> Verdict:
    """Whether somebody may count in a mode."""
    if mode is Mode.SANDBOX:
        if not is_signed_in(actor):
            return is_signed_in(actor)
        if not actor.roles:
            return no(gettext_noop("You have no role on the campus yet; ask an administrator."))
        return yes(gettext_noop("Everybody on the campus may count in the synthetic twin."))
    if mode is Mode.STUDY:
        return no(gettext_noop("Exact counts need a permit: count on the page of the study that has one."))
    return holds(actor, Role.DATA_STEWARD)


def may_estimate(actor: Actor) -> Verdict:
    """Who may ask for feasibility counts: those who may lead a study, and nobody for somebody else."""
    return holds(actor, *sorted(RESEARCH))


def may_see_figure(actor: Actor, mode: str) -> bool:
    """Whether a figure that was counted in `mode` may be shown to somebody: an exact one is for those alone who may
    count so themselves, whoever else sees what it is the count of."""
    return mode not in (Mode.STUDY, Mode.STEWARDSHIP) or bool(may_count(actor, Mode(mode)))


def modes_for(actor: Actor) -> tuple[Mode, ...]:
    """The modes in which somebody may count, the one to begin with first."""
    return tuple(mode for mode in Mode if may_count(actor, mode))
