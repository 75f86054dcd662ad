"""What is wrong, or probably wrong, with a definition: findings, each with its path.

Without a store the definition alone is looked at; a store adds what its vocabulary and its records say.
"""

from __future__ import annotations

from collections.abc import Iterator

from wardbench.core.store import Snapshot
from wardbench.ward.cohorts.checks import course, rules, sets, store, values
from wardbench.ward.cohorts.checks.finding import SEVERITIES, Checked, Finding
from wardbench.ward.cohorts.checks.located import locate
from wardbench.ward.cohorts.definition import Definition
from wardbench.ward.cohorts.lower import lower


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


def _of(checked: Checked) -> Iterator[Finding]:
    located = locate(checked.definition, checked.plan)
    yield from sets.findings(checked)
    yield from values.findings(checked)
    yield from rules.findings(checked, located)
    yield from course.findings(checked, located)


__all__ = ["SEVERITIES", "Finding", "check_definition"]
