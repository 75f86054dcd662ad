"""Events of a study against the rates of a standard: either is persons of a store, or a file of counts by stratum."""

from __future__ import annotations

from collections.abc import Sequence

from wardbench.core.disclosure import Rules
from wardbench.core.errors import InputError
from wardbench.core.store import Snapshot
from wardbench.ward.benchmark.followed import Follow, followed
from wardbench.ward.benchmark.lines import File, Source
from wardbench.ward.benchmark.page import Report, made_of
from wardbench.ward.benchmark.standard_report import standard_report
from wardbench.ward.benchmark.strata_counts import AGES, Counts, counts_of, read_counts, standard_of
from wardbench.ward.cohorts import Cohort


def against(
    study: Cohort | Source,
    standard: Cohort | Source,
    rules: Rules,
    command: str,
    *,
    follow: Follow | None = None,
    ages: Sequence[int] = AGES,
) -> Report:
    """A study against a standard, each a cohort that is followed as `follow` says or a file of counts.

    InputError as `read_counts`, where a standard has several groups, or a stratum of the study is not in the standard.
    """
    files: list[File] = []
    definitions: list[tuple[str, str]] = []

    def counts(side: Cohort | Source, what: str) -> tuple[Counts, ...]:
        if isinstance(side, Cohort):
            assert follow is not None, "cohorts are followed"
            definitions.append((f"{what}: “{side.name}”", side.plan_hash))
            return (counts_of(followed(follow.snapshot, side, outcome=follow.outcome, within=follow.within),
                              side.name or what, ages),)  # fmt: skip
        groups, file = read_counts(side)
        files.append(file)
        return groups

    if follow is not None and follow.outcome is not None:
        definitions.append((f"Outcome: “{follow.outcome.name}”", follow.outcome.plan_hash))
    groups = counts(study, "Study")
    whole, *more = counts(standard, "Hospital")
    if more:
        raise InputError(f"{standard}: a standard has one group.")
    named = (standard.name or "the hospital") if isinstance(standard, Cohort) else standard.stem
    snapshot: Snapshot | None = None if follow is None else follow.snapshot
    made = made_of(command, "" if snapshot else "files", snapshot=snapshot, files=files, definitions=definitions)
    return standard_report(
        groups, standard_of(whole, rules), rules, made, title=f"Standardised to {named}",
        unit="of the population" if snapshot is None else "person-years",
    )  # fmt: skip
