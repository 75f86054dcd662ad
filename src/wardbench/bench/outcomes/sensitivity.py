"""The same comparison with other choices of who is in it: does the answer hang on one of them?"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from wardbench.bench.outcomes.adjustment import Adjusted, adjust
from wardbench.bench.outcomes.arrays import Integers
from wardbench.bench.outcomes.balance import EITHER, before_and_after, discrimination, equipoise, preference
from wardbench.bench.outcomes.comparison import Arms, Comparison, compare, estimate
from wardbench.bench.outcomes.covariates import Matrix
from wardbench.bench.outcomes.protocol import Protocol
from wardbench.bench.outcomes.subjects import Subjects, observed_before
from wardbench.ward.cohorts.engines.arrays import Arrays

WITHOUT = "as recorded, without any adjustment"
"""Stands beside the others for what adjusting did, and is no answer."""


def further(
    protocol: Protocol,
    engine: Arrays,
    subjects: Subjects,
    matrix: Matrix,
    controls: list[Subjects],
    users: Integers,
    main: Comparison,
) -> Iterator[tuple[str, Comparison]]:
    """Those who might have had either treatment, those known to the hospital for longer, the later half of the years;
    and nobody made alike at all. The scores are those of the comparison itself."""
    preferred = preference(main.arms.score, subjects.treated)
    twice = 2 * protocol.washout_days
    choices = [
        (
            f"only preference scores of {EITHER[0]:g} to {EITHER[1]:g}",
            (preferred >= EITHER[0]) & (preferred <= EITHER[1]),
        ),
        *([(f"observed for {twice} days before", observed_before(engine, subjects, twice))] if twice else []),
        ("the later half of the calendar", subjects.index >= np.median(subjects.index)),
    ]
    for name, kept in choices:
        arms = _among(protocol, subjects, matrix, main.arms, kept)
        if arms is not None:
            yield name, compare(protocol, subjects, matrix, controls, users, arms)
    plain = Adjusted(np.ones(subjects.size), np.arange(subjects.size))
    unadjusted = Arms(
        main.arms.score, plain, main.arms.before, main.arms.before, main.arms.equipoise, main.arms.discrimination
    )
    yield WITHOUT, Comparison(unadjusted, None, (), (), estimate(protocol, subjects, plain, None))


def _among(protocol: Protocol, subjects: Subjects, matrix: Matrix, main: Arms, kept: Integers) -> Arms | None:
    """The arms made alike anew among those who are kept, all others without weight; None where an arm is empty."""
    treated = subjects.treated[kept]
    if not treated.any() or treated.all():
        return None
    found = adjust(protocol.adjustment, main.score[kept], treated, protocol.matching_ratio)
    weight, cluster = np.zeros(subjects.size), 2 * subjects.size + np.arange(subjects.size)
    weight[kept], cluster[kept] = found.weight, found.cluster
    after = before_and_after(matrix.values, subjects.treated, weight)[1]
    either, told = equipoise(main.score[kept], treated), discrimination(main.score[kept], treated)
    return Arms(main.score, Adjusted(weight, cluster), main.before, after, either, told)
