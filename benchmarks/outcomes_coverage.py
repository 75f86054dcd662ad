"""Does a comparison find what was planted? Over many synthetic campuses: how often 95 % intervals hold the truth.

Each seed is a campus of its own (`wardbench.synthetic.arms`: carvedilol against bisoprolol, the sicker given carvedilol
more often; 0.75 given age, sex and class), compared by the engine's own steps: propensity scores, adjustment, gates,
estimates. The truth is that of the estimand: the difference of the shares dead by the last day and the marginal hazard
ratio, both from the generator's own hazards with both drugs for everybody, among those whom the way of adjusting is
about. `naive` is the same without adjustment. With a planted null (`null_*`) a hazard ratio of 1 should be outside the
interval about once in twenty. `answered` is how often every gate was passed, so that the estimate would be seen.
"""

from __future__ import annotations

import argparse
import json
from typing import Any

import numpy as np
from scipy import sparse

from wardbench.bench.outcomes.adjustment import Adjusted
from wardbench.bench.outcomes.comparison import compare, hazard_ratio, make_alike, risk
from wardbench.bench.outcomes.covariates import Covariate, Matrix
from wardbench.bench.outcomes.hazards import arm_ratio
from wardbench.bench.outcomes.protocol import Protocol
from wardbench.bench.outcomes.subjects import FREE, OUTCOME, Subjects
from wardbench.synthetic.arms import Arms, heart_failure_arms, truth_of
from wardbench.synthetic.stories.heart_failure import HAZARD_RATIO

DAY = 1095
ABOUT = {"matching": "treated", "overlap": "overlap", "iptw": "everybody"}
FOR_TRUTH = 600_000
"""Persons of the campus from which the truth is taken; about one in eleven starts either drug."""


def subjects_of(arms: Arms) -> tuple[Subjects, Matrix]:
    n = np.arange(arms.size)
    ended = np.where(arms.died, OUTCOME, FREE)
    subjects = Subjects(n, arms.treated, arms.index, arms.index, arms.days.astype(float), ended, ())
    kept = arms.covariates[:, (arms.covariates.sum(axis=0) >= 2) & ~arms.covariates.all(axis=0)]
    columns = tuple(Covariate("person", 0, f"covariate {place}", None) for place in range(kept.shape[1]))
    return subjects, Matrix(sparse.csc_array(kept.astype(float)), columns)


def truths(persons: int, ratio: float, ways: list[str]) -> dict[str, tuple[float, float]]:
    """For each way of adjusting: the risk difference and the logarithm of the marginal hazard ratio."""
    everybody, found = heart_failure_arms(999_983, persons, DAY, ratio), {}
    for way in ways:
        truth = truth_of(everybody, DAY, ratio, ABOUT[way])
        fit = arm_ratio(
            np.concatenate(truth.days).astype(float),
            np.concatenate(truth.died),
            np.repeat([True, False], everybody.size),
            np.concatenate([truth.weight, truth.weight]),
        )
        found[way] = truth.risks[0] - truth.risks[1], fit.log
    return found


def measure(seeds: int, persons: int, ratio: float, ways: list[str], for_truth: int) -> dict[str, Any]:
    """Shares of seeds whose interval holds the truth, by way, for both measures; and the naive comparison's."""
    known = truths(for_truth, ratio, ways)
    held = {f"{way}_{what}": 0 for way in ways for what in ("risk", "ratio", "answered")}
    naive = {"naive_risk": 0, "naive_ratio": 0}
    logs: dict[str, list[float]] = {name: [] for name in (*ways, "naive")}
    sizes = []
    for seed in range(1, seeds + 1):
        subjects, matrix = subjects_of(heart_failure_arms(seed, persons, DAY, ratio))
        sizes.append(subjects.size)
        everybody = Adjusted(np.ones(subjects.size), np.arange(subjects.size))
        score = None
        for way in ways:
            protocol = Protocol(name=way, target="t", comparator="c", outcome="death", adjustment=way)  # type: ignore[arg-type]
            arms = make_alike(protocol, subjects, matrix, score)
            score = arms.score
            for name, adjusted in ((way, arms.adjusted), *((("naive", everybody),) if way == ways[0] else ())):
                difference, log = known[way]
                at, found = risk(subjects, adjusted, DAY), hazard_ratio(subjects, adjusted)[0]
                counts = naive if name == "naive" else held
                counts[f"{name}_risk"] += abs(at.difference - difference) <= 1.96 * at.error
                counts[f"{name}_ratio"] += abs(found.log - log) <= 1.96 * found.error
                logs[name].append(found.log)
            held[f"{way}_answered"] += compare(protocol, subjects, matrix, [], None, arms).estimates is not None
    shares = {name: round(count / seeds, 3) for name, count in {**held, **naive}.items()}
    return {
        **shares,
        **{f"{name}_mean_ratio": round(float(np.exp(np.mean(values))), 3) for name, values in logs.items()},
        **{f"{way}_true_ratio": round(float(np.exp(log)), 3) for way, (_, log) in known.items()},
        **{f"{way}_true_difference": round(difference, 4) for way, (difference, _) in known.items()},
        "patients": round(float(np.mean(sizes))),
    }


def run(seeds: int, persons: int, ways: list[str], for_truth: int) -> dict[str, Any]:
    planted = measure(seeds, persons, HAZARD_RATIO, ways, for_truth)
    absent = measure(seeds, persons, 1.0, ways, for_truth)
    return {
        "benchmark": "outcomes_coverage",
        "seeds": seeds,
        "conditional_ratio": HAZARD_RATIO,
        **planted,
        **{f"null_{name}": value for name, value in absent.items() if name.endswith(("_risk", "_ratio"))},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description="How often the intervals of a comparison hold what was planted.")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--seeds", type=int, default=200)
    parser.add_argument("--persons", type=int, default=8_000, help="of each campus; one in eleven is compared")
    parser.add_argument("--for-truth", type=int, default=FOR_TRUTH, help="persons of the campus of the truth")
    parser.add_argument("--ways", nargs="+", choices=list(ABOUT), default=list(ABOUT))
    arguments = parser.parse_args()
    result = run(arguments.seeds, arguments.persons, arguments.ways, arguments.for_truth)
    if arguments.json:
        print(json.dumps(result))
        return
    for name, value in result.items():
        print(f"{name:26} {value}")


if __name__ == "__main__":
    main()
