"""The whole of a question: who, what happened to them, and where it deserves one, the comparison and its variants."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from wardbench.bench.outcomes.comparison import Comparison, compare
from wardbench.bench.outcomes.covariates import Matrix, extract, users_before
from wardbench.bench.outcomes.protocol import DEATH, Adjustment, Estimand, Question
from wardbench.bench.outcomes.subjects import Subjects, assemble, follow
from wardbench.core.progress import Progress, silent
from wardbench.core.store import Snapshot

WAYS: tuple[Adjustment, ...] = ("matching", "overlap", "iptw")
ESTIMANDS: tuple[Estimand, ...] = ("intention-to-treat", "as-treated")


@dataclass(frozen=True)
class Variant:
    """The same question answered in another way; `comparison` is None where nobody was left to compare."""

    name: str
    comparison: Comparison


@dataclass(frozen=True)
class Analysis:
    """What was found. `comparison` is None where the protocol has no comparator or an arm is empty."""

    question: Question
    snapshot_version: str
    subjects: Subjects
    matrix: Matrix
    comparison: Comparison | None
    variants: tuple[Variant, ...]


def analyse(question: Question, snapshot: Snapshot, *, progress: Progress = silent) -> Analysis:
    """Answer a question on a snapshot. Estimates are made only where every gate of the protocol's own way is passed."""
    progress(0, 5, "running the cohorts")
    subjects = assemble(question, snapshot)
    progress(1, 5, "reading what was recorded before")
    matrix = extract(question, snapshot, subjects)
    both = bool(subjects.treated.any() and not subjects.treated.all())
    if question.comparator is None or not both:
        return Analysis(question, snapshot.version, subjects, matrix, None, ())
    progress(2, 5, "following negative controls")
    controls = follow(question, snapshot, subjects, question.negative_controls)
    users = users_before(question, snapshot, subjects)
    progress(3, 5, "adjusting and judging")
    protocol = question.protocol
    comparison = compare(protocol, subjects, matrix, controls, users)
    variants = []
    if comparison.estimates is not None:
        progress(4, 5, "asking in other ways")
        for way in WAYS:
            if way != protocol.adjustment:
                asked = _changed(question, adjustment=way)
                variants.append(
                    Variant(way, compare(asked.protocol, subjects, matrix, controls, users, comparison.score))
                )
        for estimand in ESTIMANDS:
            if estimand != protocol.estimand:
                asked = _changed(question, estimand=estimand)
                others = assemble(asked, snapshot)
                same = np.isin(subjects.person, others.person)
                if len(others.person) == int(same.sum()):
                    there = Matrix(matrix.values[same], matrix.columns)
                    followed = follow(asked, snapshot, others, question.negative_controls)
                    variants.append(
                        Variant(
                            estimand,
                            compare(asked.protocol, others, there, followed, users[same], comparison.score[same]),
                        )
                    )
    return Analysis(question, snapshot.version, subjects, matrix, comparison, tuple(variants))


def _changed(question: Question, **change: object) -> Question:
    import msgspec

    return replace(question, protocol=msgspec.structs.replace(question.protocol, **change))


def outcome_in_words(question: Question) -> str:
    return DEATH if question.outcome is None else question.outcome.name
