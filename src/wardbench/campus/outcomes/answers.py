"""What the engine answers to a question: the report, the page that can be saved, and the first sentence."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from wardbench.bench.outcomes.analysis import analyse
from wardbench.bench.outcomes.applicability import applicability
from wardbench.bench.outcomes.protocol import Protocol, question
from wardbench.bench.outcomes.report import render, report_command, report_of
from wardbench.campus.outcomes import yardstick_answers
from wardbench.campus.outcomes.rules import Kind
from wardbench.core.progress import Progress
from wardbench.core.store import Snapshot
from wardbench.ward.benchmark import page
from wardbench.ward.benchmark.without import said_of

Spec = Mapping[str, Any]


@dataclass(frozen=True)
class Answer:
    """`report` has a `verdict`, and what the campus's own page shows of it; `answerable` whether there is an answer."""

    report: dict[str, Any]
    page: str
    answerable: bool


def answer(kind: Kind, spec: Spec, snapshot: Snapshot, without: Collection[int], mode: str, tell: Progress) -> Answer:
    """Answer `spec` on a snapshot, where the persons `without` objected."""
    if kind is Kind.OUTCOMES:
        return of_outcomes(spec, snapshot, without, mode, tell)
    report = said_of(yardstick_answers.ANSWERS[kind](spec, snapshot, without, mode, tell), without)
    return Answer(msgspec.json.decode(page.canonical_json(report)), page.render(report), True)


def of_outcomes(spec: Spec, snapshot: Snapshot, without: Collection[int], mode: str, tell: Progress) -> Answer:
    """`spec` is a protocol."""
    asked = question(msgspec.convert(spec, Protocol), Path())
    found = analyse(asked, snapshot, without=without, progress=tell)
    objected = Path("objected.txt") if without else None
    command = report_command(
        Path(f"{asked.digest[:12]}.json"), Path("STORE"), Path("report.html"), mode, snapshot.version, objected
    )
    report = report_of(found, snapshot, mode=mode, command=command)
    kept = applicability(found, snapshot)
    told = {**msgspec.to_builtins(report), "model": None if kept is None else msgspec.to_builtins(kept)}
    return Answer(told, render(report), report.figures.answerable)
