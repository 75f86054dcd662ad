"""Units on a funnel: those of a file, or those that saw the persons of a cohort."""

from __future__ import annotations

from wardbench.core.disclosure import Rules
from wardbench.ward.benchmark.followed import Follow, followed
from wardbench.ward.benchmark.funnel import Way
from wardbench.ward.benchmark.funnel_report import funnel_report, read_units, units_of
from wardbench.ward.benchmark.lines import Source
from wardbench.ward.benchmark.page import Report, made_of
from wardbench.ward.cohorts import Cohort


def units_of_file(file: Source, rules: Rules, command: str, *, way: Way = "cqc") -> Report:
    """The units of a file. InputError as `read_units` and `funnel`."""
    units, read = read_units(file)
    made = made_of(command, units.source, files=[read])
    return funnel_report(units, rules, made, title=f"Units in {file.name}", what="what was observed", way=way)


def units_of_cohort(
    members: Cohort,
    follow: Follow,
    rules: Rules,
    command: str,
    *,
    by: str,
    adjust: str,
    seed: int = 1,
    way: Way = "cqc",
) -> Report:
    """The units (`by` provider or care_site) that saw the persons of a cohort on the first day. InputError as
    `followed`, `units_of` and `funnel`."""
    persons = followed(follow.snapshot, members, outcome=follow.outcome, within=follow.within, by=by)
    units, area = units_of(persons, adjust, seed=seed)
    definitions = [(f"Cohort: “{members.name}”", members.plan_hash)]
    if follow.outcome is not None:
        definitions.append((f"Outcome: “{follow.outcome.name}”", follow.outcome.plan_hash))
    what = f"{'death' if follow.outcome is None else f'“{follow.outcome.name}”'} within {follow.within} days"
    title = f"{members.name or 'Cohort'}: {what}, by {by.replace('_', ' ')}"
    made = made_of(command, "", snapshot=follow.snapshot, definitions=definitions)
    left_out = (
        f"Who started less than {follow.within} days before the last day of the records is left out, whatever became "
        "of them, and so is who was lost from sight before."
    )
    if follow.outcome is not None:
        left_out += " Who died without it is counted as without it."
    return funnel_report(units, rules, made, title=title, what=what, area=area, left_out=left_out, way=way)
