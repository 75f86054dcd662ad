"""What is wrong, or probably wrong, with a definition: findings, each with its path.

Without a store the definition alone is looked at; a store adds what its vocabulary and its records say.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from wardbench.core.store import Snapshot
from wardbench.ward.cohorts.checks import course, rules, sets, store, values
from wardbench.ward.cohorts.checks.finding import SEVERITIES, Checked, Finding
from wardbench.ward.cohorts.checks.located import locate
from wardbench.ward.cohorts.definition import Definition
from wardbench.ward.cohorts.lower import lower
from wardbench.ward.cohorts.plan import CohortPlan, concept_sets


def check_definition(definition: Definition, snapshot: Snapshot | None = None) -> tuple[Finding, ...]:
    """What there is to say about `definition`, the worst first, then in the order of the checks.

    InputError or UnsupportedError as `lower` where the definition has no meaning at all.
    """
    plan = lower(definition)
    if snapshot is None:
        found = list(_of(Checked(definition, plan)))
    else:
        every = tuple(dict.fromkeys(definition.concept_sets.values()))
        with snapshot.connect() as con:
            checked = Checked(definition, plan, store.members_of(con, every))
            found = [*_of(checked), *store.findings(checked, con, every, snapshot)]
    return tuple(sorted(dict.fromkeys(found), key=lambda finding: SEVERITIES.index(finding.severity)))


def empty_concept_sets(
    definitions: Sequence[tuple[Definition, CohortPlan]], snapshot: Snapshot
) -> dict[int, Emptiness]:
    """By the id of a definition, the concept sets that it asks for and that have no concept in this store's vocabulary.

    Definitions without such a set are left out.
    """
    every = tuple(dict.fromkeys(one for _, plan in definitions for one in concept_sets(plan)))
    with snapshot.connect() as con:
        members = store.members_of(con, every)
    found = {}
    for definition, plan in definitions:
        asked, names = concept_sets(plan), definition.concept_set_names
        empty = tuple(names.get(one, "a concept set without a name") for one in asked if not members[one])
        if empty:
            found[definition.id] = Emptiness(empty, len(empty) == len(asked))
    return found


@dataclass(frozen=True)
class Emptiness:
    """The names of the empty concept sets of a definition, and whether it asks for no others."""

    names: tuple[str, ...]
    all: bool

    def __str__(self) -> str:
        shown = ", ".join(f"“{name}”" for name in self.names[:3]) + (", ..." if len(self.names) > 3 else "")
        return f"no concept of this store's vocabulary is in {shown}"


def _of(checked: Checked) -> Iterator[Finding]:
    located = locate(checked.definition, checked.plan)
    yield from sets.findings(checked)
    yield from values.findings(checked)
    yield from rules.findings(checked, located)
    yield from course.findings(checked, located)


__all__ = ["SEVERITIES", "Emptiness", "Finding", "check_definition", "empty_concept_sets"]
