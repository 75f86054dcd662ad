"""Counting a definition for somebody, in a mode that they may count in."""

from __future__ import annotations

from dataclasses import dataclass

from wardbench.campus.counting import services, sessions
from wardbench.campus.counting.figures import Shown, shown
from wardbench.campus.counting.people import Strip
from wardbench.campus.counting.permitted import Permitted
from wardbench.campus.counting.purposes import whom
from wardbench.campus.counting.rules import PURPOSES, Mode, Purpose, may_count
from wardbench.campus.people.rules import Actor
from wardbench.cohorts import Definition
from wardbench.core.disclosure import ExactRules, Figure
from wardbench.ward.cohorts.editing import content_hash


def look(definition: Definition, *, by: Actor, mode: Mode) -> Shown:
    """Count `definition` and what each of its rules does. ForbiddenError where `by` may not count in `mode`;
    InputError or UnsupportedError where the definition has no meaning; NotFoundError where there is nothing to count.
    """
    may_count(by, mode).require()
    of = whom(PURPOSES[mode])
    if mode is Mode.SANDBOX:
        # Nobody is in the twin, so that nobody's record was read and nothing is to be recorded.
        return shown(mode, sessions.look(of, definition), ExactRules(), of)
    return services.count(sessions.look(of, definition), of, by=by, mode=mode)


def look_in_study(definition: Definition, permitted: Permitted, *, by: Actor) -> tuple[Shown, Strip]:
    """Count `definition` exactly within a study, with age, sex and samples: on the record, of what its permit covers
    now. ForbiddenError with the permit's reason for anything else."""
    verdict = permitted.covers(content_hash(definition))
    verdict.require()
    of = whom(Purpose.RESEARCH)
    counted = sessions.look(of, definition)
    found = services.count(counted, of, by=by, mode=Mode.STUDY, permitted=verdict, study=permitted.study)
    return found, sessions.strip(of, definition, ExactRules())


def strip(definition: Definition, *, by: Actor, mode: Mode) -> Strip:
    """Age, sex and samples beside the count of `look`, which has been asked for in the same mode. Errors as there."""
    may_count(by, mode).require()
    return sessions.strip(whom(PURPOSES[mode]), definition, ExactRules())


@dataclass(frozen=True)
class OverlapShown:
    """Persons of two cohorts: in both, in the first alone, in the second alone."""

    both: Figure
    only_first: Figure
    only_second: Figure


def overlap(first: Definition, second: Definition, *, by: Actor, mode: Mode) -> OverlapShown:
    """Who is in both of two cohorts, after both were counted. Errors as in `look`."""
    for definition in (first, second):
        look(definition, by=by, mode=mode)
    found = sessions.overlap(whom(PURPOSES[mode]), first, second)
    groups = ExactRules().partition((found.both, found.only_first, found.only_second))
    return OverlapShown(*(group.count for group in groups))
