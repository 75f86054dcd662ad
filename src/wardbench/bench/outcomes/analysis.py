"""The whole of a question: who, what happened to them, and where it deserves one, the comparison and its variants."""

from __future__ import annotations

from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import msgspec
import numpy as np

from wardbench.bench.outcomes.arrays import Floats, Integers
from wardbench.bench.outcomes.comparison import Comparison, compare, make_alike
from wardbench.bench.outcomes.covariates import Matrix, extract, users_before
from wardbench.bench.outcomes.description import Description, describe
from wardbench.bench.outcomes.protocol import DEATH, Adjustment, Estimand, Question
from wardbench.bench.outcomes.sensitivity import further
from wardbench.bench.outcomes.subgroups import Subgroups, subgroups
from wardbench.bench.outcomes.subjects import Eligible, Subjects, eligible, follow, followed, lasts
from wardbench.core.errors import InputError
from wardbench.core.progress import Progress, silent
from wardbench.core.store import Snapshot
from wardbench.ward.cohorts.engines.arrays import Arrays

WAYS: tuple[Adjustment, ...] = ("matching", "overlap", "iptw")
LATER = 30
"""Days by which outcomes are counted later, for what was under way when treatment began."""
ESTIMANDS: tuple[Estimand, ...] = ("intention-to-treat", "as-treated")


@dataclass(frozen=True)
class Variant:
    """The same question answered in another way."""

    name: str
    comparison: Comparison


@dataclass(frozen=True)
class Analysis:
    """What was found. `comparison` is None where the protocol has no comparator or an arm is empty."""

    question: Question
    snapshot_version: str
    subjects: Subjects
    description: Description
    matrix: Matrix | None
    """None where nothing is compared."""
    comparison: Comparison | None
    variants: tuple[Variant, ...]
    subgroups: tuple[Subgroups, ...] = ()
    objected: bool = False
    """Whether persons who objected to the use of their data were left out."""


def analyse(
    question: Question, snapshot: Snapshot, *, without: Collection[int] = (), progress: Progress = silent
) -> Analysis:
    """Answer a question on a snapshot. Estimates are made only where every gate of the protocol's own way is passed.
    InputError where patients are to be followed as treated and no treatment ever ends, or who had the outcome before is
    to stay in and no outcome ever ends.

    Persons in `without` are left out of everything, as who objected to the use of their data has to be.
    """
    progress(0, 5, "running the cohorts")
    engine = Arrays(snapshot)
    who = eligible(question, engine, without)
    ends = bool(np.any(who.members.stop < who.seen))
    if question.protocol.estimand == "as-treated" and len(who.seen) and not ends:
        raise InputError(
            "estimand: as treated, but no membership of these cohorts ends before observation does; give them an end "
            "of treatment, or ask as started."
        )
    if not question.protocol.exclude_prior_outcome and who.outcome is not None and lasts(who.outcome, engine):
        raise InputError(
            "exclude_prior_outcome: false, but no membership of the outcome's cohort ends before observation does, so "
            "that whoever had it before could not have it again; give that cohort an end, or leave them out."
        )
    subjects = followed(question.protocol, who)
    progress(1, 5, "reading what was recorded before")
    if question.comparator is None or not subjects.in_both_arms:
        description = describe(question, engine, subjects, without)
        return Analysis(question, snapshot.version, subjects, description, None, None, (), objected=bool(without))
    # Both read for a second or two, each for itself.
    with ThreadPoolExecutor(1) as beside:
        described = beside.submit(describe, question, engine, subjects, without)
        matrix = extract(question, engine, subjects)
    description = described.result()
    progress(2, 5, "following negative controls")
    controls = follow(question, engine, subjects, question.negative_controls)
    users = users_before(question, engine, subjects)
    progress(3, 5, "adjusting and judging")
    comparison = compare(question.protocol, subjects, matrix, controls, users)
    found = Analysis(question, snapshot.version, subjects, description, matrix, comparison, (), objected=bool(without))
    if comparison.estimates is None:
        return found
    progress(4, 5, "asking in other ways")
    variants = [
        Variant(
            way,
            _compared(_changed(question, adjustment=way), subjects, matrix, controls, users, comparison.arms.score),
        )
        for way in WAYS
        if way != question.protocol.adjustment
    ]
    for estimand in ESTIMANDS:
        if estimand != question.protocol.estimand and ends:
            variants += _with_follow_up(estimand, _changed(question, estimand=estimand), engine, who, found, users)
    later = _later(question)
    if later is not None:
        variants += _with_follow_up(f"outcomes from {LATER} days later on", later, engine, who, found, users)
    others = further(question.protocol, engine, subjects, matrix, controls, users, comparison)
    variants += [Variant(name, other) for name, other in others]
    groups = subgroups(question, engine, subjects, comparison.arms)
    return replace(found, variants=tuple(variants), subgroups=groups)


def _later(question: Question) -> Question | None:
    """The question about outcomes from a month later on, by the same days after time zero; None where that is short."""
    follow_up, horizons = question.protocol.follow_up, question.protocol.horizons
    if horizons[0] <= 2 * LATER:
        return None
    first = msgspec.structs.replace(follow_up, first_day=follow_up.first_day + LATER)
    return _changed(question, follow_up=first, horizons=tuple(day - LATER for day in horizons))


def _with_follow_up(
    name: str, asked: Question, engine: Arrays, who: Eligible, found: Analysis, users: Integers
) -> list[Variant]:
    """The question with another follow-up; nothing where it leaves nobody in one arm."""
    others = followed(asked.protocol, who)
    if not others.in_both_arms:
        return []
    controls = follow(asked, engine, others, asked.negative_controls)
    matrix, protocol = found.matrix, asked.protocol
    if matrix is None or found.comparison is None or not np.isin(others.person, found.subjects.person).all():
        matrix, users = extract(asked, engine, others), users_before(asked, engine, others)
        return [Variant(name, compare(protocol, others, matrix, controls, users))]
    # Who they are does not depend on how long they are followed.
    arms = found.comparison.arms
    if others.size < found.subjects.size:
        place = np.searchsorted(found.subjects.person, others.person)
        matrix, users = Matrix(matrix.values[place], matrix.columns), users[place]
        arms = make_alike(protocol, others, matrix, arms.score[place])
    return [Variant(name, compare(protocol, others, matrix, controls, users, arms))]


def _compared(
    asked: Question,
    subjects: Subjects,
    matrix: Matrix,
    controls: list[Subjects],
    users: Integers,
    score: Floats,
) -> Comparison:
    arms = make_alike(asked.protocol, subjects, matrix, score)
    return compare(asked.protocol, subjects, matrix, controls, users, arms)


def _changed(question: Question, **change: object) -> Question:
    return replace(question, protocol=msgspec.structs.replace(question.protocol, **change))


def outcome_in_words(question: Question) -> str:
    return DEATH if question.outcome is None else question.outcome.name
