"""What the page of a withdrawal shows of each thing that it reaches, and what is true of several said once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils import timezone

from wardbench.campus.people.rules import Actor, Verdict
from wardbench.campus.releases import withdrawal_rules
from wardbench.campus.releases.models import WithdrawalTask
from wardbench.campus.releases.reaching import Reach
from wardbench.campus.releases.withdrawal_rules import ANSWERS, Facts


@dataclass(frozen=True)
class Row:
    """A thing, or `count` specimens that look alike to whoever may not see their labels.

    `may` is whether they may say what became of it, `said` why nobody can now (None where somebody can).
    """

    task: WithdrawalTask
    facts: Facts
    may: Verdict
    said: Verdict | None
    count: int = 1


@dataclass(frozen=True)
class Shown:
    """The rows of a withdrawal, and why the reader may not answer for things that others can answer for: once each."""

    rows: Sequence[Row]
    why_not: Sequence[Verdict]


def shown(reached: Sequence[Reach], *, by: Actor, labels: bool) -> Shown:
    """What a withdrawal reaches as somebody sees it; without `labels`, specimens that cannot be told apart are one
    row."""
    rows: list[Row] = []
    alike: dict[object, int] = {}
    why_not: dict[str, Verdict] = {}
    for one in reached:
        may = withdrawal_rules.may_answer(by, one.facts)
        nobody = (one.facts.kind, one.facts.where) not in ANSWERS
        if not one.facts.done and not may and not nobody:
            why_not.setdefault(str(may), may)
        row = Row(one.task, one.facts, may, may if nobody and not may else None)
        key = None if labels or may or one.task.specimen is None else _looks(one)
        if key is not None and key in alike:
            first = rows[alike[key]]
            rows[alike[key]] = Row(first.task, first.facts, first.may, first.said, first.count + 1)
            continue
        if key is not None:
            alike[key] = len(rows)
        rows.append(row)
    return Shown(rows, list(why_not.values()))


def _looks(one: Reach) -> tuple[object, ...]:
    """All that a row without labels shows of a specimen."""
    task, specimen = one.task, one.task.specimen
    assert specimen is not None
    done = timezone.localtime(task.done).replace(second=0, microsecond=0) if task.done else None
    return (
        task.kind, specimen.material, specimen.kind, task.study_id, task.outcome, task.words, done, task.done_by_id,
        one.facts.where,
    )  # fmt: skip
