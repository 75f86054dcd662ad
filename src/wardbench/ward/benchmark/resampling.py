"""How far a reference interval would move with other patients and other choices of the method: a bootstrap.

Each draw takes the persons again with replacement (as Poisson weights, Hanley and MacGibbon, Comput Methods Programs
Biomed 2006;83:57; the weights of a bin add up to a Poisson number of its own) and fits the model again from where the
whole was best. The number of bins, the cost of a bin with
too many results and the screen's reach are drawn too: they are choices of the method, and limits that hang on them are
less certain than chance alone makes them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import optimize, special

from wardbench.ward.benchmark.indirect import CENTRAL, Floats, Model, bins, caps, cost, usable

DRAWS = 200
Z = float(special.ndtri(0.5 + CENTRAL / 2))
SOME_BINS = (40, 50, 60, 75, 90)
SOME_CAPS = (0.5, 1.1, 3.0)
SOME_REACHES = (3.9, 4.64, 5.4)
STEPS = np.array([0.35, 0.06, 0.06, 0.06])
"""How far the search looks around at first: the power, the logarithms of both limits, the share."""


@dataclass(frozen=True)
class Draws:
    """Limits of as many fits as were drawn, (draws, 2): lower and upper."""

    limits: Floats

    def interval(self, level: float = 0.95) -> tuple[tuple[float, float], tuple[float, float]]:
        """From where to where each limit lies in so many of the draws: of the lower limit, of the upper."""
        tail = (1 - level) / 2
        low, high = np.quantile(self.limits, (tail, 1 - tail), axis=0)
        return (float(low[0]), float(high[0])), (float(low[1]), float(high[1]))


def resample(results: Floats, model: Model, *, draws: int = DRAWS, seed: int = 1) -> Draws:
    """Fit n results again `draws` times from `model`, their best; the same seed gives the same draws."""
    values = np.sort(usable(results))
    random = np.random.default_rng(seed)
    edges = {(many, reach): bins(values, many=many, reach=reach) for many in SOME_BINS for reach in SOME_REACHES}
    counts = {key: np.diff(np.searchsorted(values, cut)) for key, cut in edges.items()}
    found = []
    for _ in range(draws):
        key = (SOME_BINS[random.integers(len(SOME_BINS))], SOME_REACHES[random.integers(len(SOME_REACHES))])
        cap = SOME_CAPS[random.integers(len(SOME_CAPS))]
        found.append(again(random.poisson(counts[key]).astype(float), edges[key], model, cap))
    return Draws(np.array(found))


def again(counts: Floats, edges: Floats, model: Model, cap: float) -> tuple[float, float]:
    """The limits that explain counts of b bins best, looked for from `model` on by Nelder and Mead's method."""
    low, high = model.limits()
    total = counts.sum()
    log_edges = np.log(edges)
    first = np.array([model.power, np.log(max(low, edges[0] / 4)), np.log(high), model.share])

    def cost_of(at: Floats) -> float:
        power, lower, upper, share = at.tolist()
        if not (-0.3 <= power <= 1.8 and lower < upper and 0.2 <= share <= 1.1):
            return np.inf
        below, above = (float(transformed(end, power)) for end in (lower, upper))
        mean, deviation = (below + above) / 2, (above - below) / (2 * Z)
        scores = (transformed(log_edges, power) - mean) / deviation
        reached = special.ndtr(scores)
        return float(cost(counts, share * total * (reached[1:] - reached[:-1]), caps(scores, cap)))

    simplex = np.vstack([first, first + np.diag(STEPS * np.where(first > 1, -1, 1))])
    best = optimize.minimize(
        cost_of, first, method="Nelder-Mead", options={"initial_simplex": simplex, "xatol": 1e-3, "fatol": 0.02}
    )
    return float(np.exp(best.x[1])), float(np.exp(best.x[2]))


def transformed(logs: Floats | float, power: float) -> Floats:
    """Box and Cox's transformation of what the logarithms are of; continuous in the power."""
    return np.asarray(logs if abs(power) < 1e-6 else np.expm1(power * logs) / power)
