"""Does the effect differ between patients? Subgroups that the protocol named beforehand, with a test of interaction.

A subgroup keeps the weights of the whole comparison. Its ratio is shown beside what it shrinks to when the subgroups
are taken as drawn from one distribution (DerSimonian and Laird, Control Clin Trials 1986;7:177): a ratio of a few
patients that stands far off is mostly chance.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from wardbench.bench.outcomes import diagnostics
from wardbench.bench.outcomes.adjustment import Adjusted
from wardbench.bench.outcomes.arrays import Integers
from wardbench.bench.outcomes.balance import standardised_differences
from wardbench.bench.outcomes.comparison import Arms, Ratio, hazard_ratio
from wardbench.bench.outcomes.covariates import FEMALE, MALE, sex_and_age
from wardbench.bench.outcomes.protocol import OLDER, Question
from wardbench.bench.outcomes.subjects import OUTCOME, Subjects, in_cohort
from wardbench.core.errors import InputError
from wardbench.ward.cohorts.engines.arrays import Arrays

FEWEST_PERSONS = 50
"""In each arm of a subgroup."""
FEWEST_OUTCOMES = 10
"""In each arm of a subgroup: of fewer a ratio would give away how many they were."""
INTERACTION = 0.05


@dataclass(frozen=True)
class Group:
    """Some of the subjects; `ratio` is None where it is not shown, for the reason in `why`."""

    name: str
    persons: int
    outcomes: int
    ratio: Ratio | None
    why: str = ""
    shrunk: float = 0.0
    """The ratio as a logarithm, pulled towards that of all groups."""


@dataclass(frozen=True)
class Subgroups:
    """Groups by one thing, and the p of the test that the effect is the same in all (Cochran's Q); None: not tested."""

    name: str
    groups: tuple[Group, ...]
    p: float | None


def subgroups(question: Question, engine: Arrays, subjects: Subjects, arms: Arms) -> tuple[Subgroups, ...]:
    """The subgroups of a protocol in its order, each a pair of groups."""
    return tuple(
        judged(name, [_estimated(part, of, subjects, arms) for part, of in parts])
        for name, parts in _parts(question, engine, subjects)
    )


def judged(name: str, groups: list[Group]) -> Subgroups:
    """The groups with what each shrinks to, and the test of interaction."""
    known = [(place, one.ratio) for place, one in enumerate(groups) if one.ratio is not None]
    if len(known) < 2:
        return Subgroups(name, tuple(groups), None)
    log, error = (np.array([getattr(ratio, of) for _, ratio in known]) for of in ("log", "error"))
    # It takes its time to load, and patients are described without it.
    from scipy import special

    weight = 1 / error**2
    middle = float(np.average(log, weights=weight))
    apart = float(weight @ (log - middle) ** 2)
    spare = len(known) - 1
    between = max(0.0, (apart - spare) / float(weight.sum() - (weight**2).sum() / weight.sum()))
    middle = float(np.average(log, weights=1 / (error**2 + between)))
    for (place, ratio), own in zip(known, between / (between + error**2), strict=True):
        one = groups[place]
        shrunk = middle + float(own) * (ratio.log - middle)
        groups[place] = Group(one.name, one.persons, one.outcomes, ratio, "", shrunk)
    return Subgroups(name, tuple(groups), float(special.chdtrc(spare, apart)))


def _parts(question: Question, engine: Arrays, subjects: Subjects) -> Iterator[tuple[str, list[tuple[str, Integers]]]]:
    sex, age = sex_and_age(engine, subjects)
    for asked, cohort in question.subgroups:
        if cohort is not None:
            inside = in_cohort(engine, subjects, cohort)
            yield cohort.name, [(cohort.name, inside), (f"not {cohort.name}", ~inside)]
        elif asked == "sex":
            yield "Sex", [("Female", sex == FEMALE), ("Male", sex == MALE)]
        else:
            yield "Age", [(f"below {OLDER}", (age >= 0) & (age < OLDER)), (f"{OLDER} or more", age >= OLDER)]


def _estimated(name: str, of: Integers, subjects: Subjects, arms: Arms) -> Group:
    among, weight = subjects.among(of), arms.adjusted.weight[of]
    used = weight > 0
    had = used & (among.ended == OUTCOME)
    outcomes = int(np.count_nonzero(had))
    in_an_arm = min(int(np.count_nonzero(had & (among.treated == arm))) for arm in (True, False))
    fewest = min(int(np.count_nonzero(used & (among.treated == arm))) for arm in (True, False))

    def without(why: str) -> Group:
        return Group(name, int(np.count_nonzero(used)), outcomes, None, why)

    if fewest < FEWEST_PERSONS or in_an_arm < FEWEST_OUTCOMES:
        return without("too few persons or outcomes")
    logit = np.log(arms.score[of] / (1 - arms.score[of]))[:, None]
    apart = standardised_differences(logit, among.treated, weight)
    if not diagnostics.balance(apart, among.treated, weight).passed:
        return without("the arms are not alike among them")
    try:
        ratio, _ = hazard_ratio(among, Adjusted(weight, arms.adjusted.cluster[of]))
    except InputError:
        return without("too few persons or outcomes")
    return Group(name, int(np.count_nonzero(used)), outcomes, ratio)
