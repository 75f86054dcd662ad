"""Patients described: who they are, what was done for them, how their laboratory values went."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from wardbench.bench.outcomes.covariates import excluded
from wardbench.bench.outcomes.pathways import Pathways, pathways
from wardbench.bench.outcomes.protocol import Question
from wardbench.bench.outcomes.similar import Similar, similar
from wardbench.bench.outcomes.subjects import Subjects
from wardbench.bench.outcomes.trajectories import Trajectory, trajectories
from wardbench.ward.cohorts.engines.arrays import Arrays


@dataclass(frozen=True)
class Description:
    """Everybody who is followed, of both arms together."""

    similar: Similar
    pathways: Pathways
    trajectories: tuple[Trajectory, ...]


def describe(question: Question, engine: Arrays, subjects: Subjects, without: Collection[int] = ()) -> Description:
    """Persons in `without` are not among the others either."""
    if not subjects.size:
        return Description(Similar(0, 0, 0, (), (), ()), Pathways((), 0, ()), ())
    protocol = question.protocol
    first, horizon = protocol.follow_up.first_day, protocol.horizons[-1]
    return Description(
        similar(engine, subjects, excluded(engine, question), without),
        pathways(engine, subjects, first, horizon),
        trajectories(engine, subjects, first, horizon),
    )
