"""What is worked out at once from what somebody brings: nothing of the hospital's is read, and nothing is kept.

The record says that it was done and from how many lines; neither values nor the report are written anywhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from wardbench.campus.audit.services import record, verb
from wardbench.campus.outcomes import rules, specs
from wardbench.campus.outcomes.specs import DISPERSIONS
from wardbench.campus.people.roles import gettext_noop
from wardbench.campus.people.rules import Actor
from wardbench.core.disclosure import rules_for
from wardbench.core.errors import InputError
from wardbench.ward.benchmark.lines import File, Sent, read_lines

if TYPE_CHECKING:
    from wardbench.ward.benchmark.page import Report

FEWEST_PAIRS = 10
MOST_LINES = 1_000
"""Of a table that is looked at while somebody waits; the command takes more."""


def compare_methods(pairs: Sent, x: str, y: str, unit: str, *, by: Actor) -> Report:
    """Two methods by pairs in the columns `x` and `y` (empty: the first two). InputError names what is wrong with them;
    ForbiddenError for who is not signed in."""
    from wardbench.ward.benchmark import page
    from wardbench.ward.benchmark.methods_report import methods_report, read_pairs

    rules.may_compare(by).require()
    columns = _few(pairs).columns
    if len(columns) < 2:
        raise InputError(_("{file}: line 1: there is a column for each of two methods.").format(file=pairs.name))
    x = x or next(name for name in columns if name.lower() != y.lower())
    y = y or next(name for name in columns if name.lower() != x.lower())
    if x.lower() == y.lower():
        raise InputError(_("y: name another column than for x."))
    first, second, left_out, file = read_pairs(pairs, x, y)
    if not FEWEST_PAIRS <= len(first) <= MOST_LINES:
        raise InputError(
            gettext_noop("Two methods are compared by {fewest} to {most} pairs."),
            fewest=FEWEST_PAIRS,
            most=f"{MOST_LINES:,}",
        )
    unit = unit or "units"
    words = ("methods", pairs.name, "--x", x, "--y", y, "--unit", unit, "--mode", "exact")
    made = page.made_of(page.command_of(words), f"the pairs in {pairs.name}", files=[file])
    found = methods_report((first, second), (x, y), unit, left_out, rules_for("exact"), made)
    _record_compared(len(first), by=by)
    return found


def rates_of_files(study: Sent, standard: Sent, *, by: Actor) -> Report:
    """Events of a study against the rates of a standard, both tables of counts by stratum. InputError and
    ForbiddenError as `compare_methods`."""
    from wardbench.ward.benchmark import page
    from wardbench.ward.benchmark.rates import against

    rules.may_compare(by).require()
    for table in (study, standard):
        _few(table)
    words = ("standardise", "--csv", study.name, "--standard", standard.name, "--mode", "exact")
    found = against(study, standard, rules_for("exact"), page.command_of(words))
    _record_worked_out("rates", by=by)
    return found


def funnel_of_file(units: Sent, dispersion: str = DISPERSIONS[0], *, by: Actor) -> Report:
    """Units of a table on a funnel plot. InputError as `compare_methods` and `specs.way`; ForbiddenError."""
    from wardbench.ward.benchmark import page
    from wardbench.ward.benchmark.units import units_of_file

    rules.may_compare(by).require()
    way = specs.way(dispersion)
    _few(units)
    words = ("funnel", "--csv", units.name, "--dispersion", way, "--mode", "exact")
    found = units_of_file(units, rules_for("exact"), page.command_of(words), way=way)
    _record_worked_out("funnel", by=by)
    return found


def _few(table: Sent) -> File:
    file = read_lines(table)
    if len(file.lines) > MOST_LINES:
        raise InputError(_("{file}: {most} lines at most.").format(file=table.name, most=f"{MOST_LINES:,}"))
    return file


@verb("outcomes.work_out")
def _record_worked_out(what: str, *, by: Actor) -> None:
    record("outcomes.work_out", "person", by.id, by=by, of=what)


@verb("outcomes.compare_methods")
def _record_compared(pairs: int, *, by: Actor) -> None:
    record("outcomes.compare_methods", "person", by.id, by=by, pairs=pairs)
