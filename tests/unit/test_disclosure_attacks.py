"""Attacks on counts, played many times over: how often does somebody guess a secret of one person?

The attacker knows everything about everybody but one bit of one person (who has it with chance one half), asks what a
policy lets them ask, and has learned from as many games as they like in which they knew the answer. One half is a
guess, one is certainty. Each game is scored on games that were not learned from.

Positive controls come first: where a policy is known to leak, the attack has to find it, or these tests say nothing.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt
import pytest

from wardbench.core.disclosure import ReleaseRules
from wardbench.core.disclosure.feasibility import FeasibilityRules

GAMES = 8000
"""So that what is measured on half of them is right to 0.016, and a leak of 0.57 is told from chance."""
BUDGET = 20
Answers = npt.NDArray[np.float64]
Policy = Callable[[int], float]
FEW = 5.0
"""What an attacker puts in place of "fewer than 10"."""

_numbers = itertools.count()


def feasibility(persons: int) -> float:
    """The policy itself; every question here is one that was never asked before."""
    figure = _RULES.count(persons, b"%d" % next(_numbers))
    return FEW if figure.value is None else figure.value


_RULES = FeasibilityRules(bytes(range(32)), "v1")


def release(persons: int) -> float:
    figure = ReleaseRules().total(persons)
    return FEW if figure.value is None else figure.value


def exact(persons: int) -> float:
    return float(persons)


def played(ask: Callable[[int, np.random.Generator], list[float]], seed: int) -> tuple[Answers, npt.NDArray[np.int64]]:
    """The answers of many games, and the secret of each."""
    chance = np.random.default_rng(seed)
    secrets = chance.integers(0, 2, GAMES)
    return np.array([ask(int(secret), chance) for secret in secrets]), secrets


def accuracy(answers: Answers, secrets: npt.NDArray[np.int64]) -> float:
    """How often the best of several attackers is right on games it has not seen.

    Each looks at the answers in another way (all of them, their mean, how often one is above the middle), learns on
    the first half which values go with the secret, and is chosen on the second quarter's own evidence.
    """
    learn, choose, score = np.split(np.arange(GAMES), [GAMES // 4, GAMES // 2])
    views = [answers, answers.mean(1, keepdims=True), np.median(answers, 1, keepdims=True), answers[:, :1]]
    views += [(answers > 0).mean(1, keepdims=True), np.abs(answers).max(1, keepdims=True)]
    best, found = -1.0, 0.5
    for view in views:
        guess = _learned(view[learn], secrets[learn])
        right = float((guess(view[choose]) == secrets[choose]).mean())
        if right > best:
            best, found = right, float((guess(view[score]) == secrets[score]).mean())
    return found


def _learned(view: Answers, secrets: npt.NDArray[np.int64]) -> Callable[[Answers], npt.NDArray[np.int64]]:
    """Fisher's discriminant: the direction in which the two groups differ most, cut where most are told apart."""
    groups = [view[secrets == bit] for bit in (0, 1)]
    middle = groups[1].mean(0) - groups[0].mean(0)
    spread = sum(np.cov(group, rowvar=False).reshape(view.shape[1], -1) for group in groups)
    direction = np.linalg.lstsq(spread + 1e-9 * np.eye(view.shape[1]), middle, rcond=None)[0]
    projected = view @ direction
    cuts = np.quantile(projected, np.linspace(0.02, 0.98, 49))
    rights = [((projected > cut) == secrets).mean() for cut in cuts]
    cut = cuts[int(np.argmax(rights))]
    return lambda other: (other @ direction > cut).astype(np.int64)


def upper(found: float) -> float:
    """The upper end of a 95 percent interval of an accuracy that was scored on half of the games."""
    return found + 1.96 * math.sqrt(0.25 / (GAMES / 2))


def difference_pair(policy: Policy, pairs: int) -> Callable[[int, np.random.Generator], list[float]]:
    """Everybody but the target, and everybody: subtract. The people around the target are others each time."""

    def ask(secret: int, chance: np.random.Generator) -> list[float]:
        bases = chance.integers(15, 400, pairs)
        return [policy(int(base) + secret) - policy(int(base)) for base in bases]

    return ask


def rewrites(policy: Policy, pairs: int) -> Callable[[int, np.random.Generator], list[float]]:
    """The same pair of questions, written in many ways that mean the same and are not seen to be the same."""

    def ask(secret: int, chance: np.random.Generator) -> list[float]:
        base = int(chance.integers(15, 400))
        return [policy(base + secret) - policy(base) for _ in range(pairs)]

    return ask


def existence(policy: Policy, times: int) -> Callable[[int, np.random.Generator], list[float]]:
    """Is there anybody with the target's own attributes and the secret?"""

    def ask(secret: int, chance: np.random.Generator) -> list[float]:
        return [policy(secret) for _ in range(times)]

    return ask


def padding(policy: Policy, pairs: int) -> Callable[[int, np.random.Generator], list[float]]:
    """Others are added until one person more would tip the rounding, then the target is added."""

    def ask(secret: int, chance: np.random.Generator) -> list[float]:
        bases = 5 * chance.integers(4, 60, pairs) + 2
        return [policy(int(base) + secret) - policy(int(base)) for base in bases]

    return ask


def known_rest(policy: Policy, times: int) -> Callable[[int, np.random.Generator], list[float]]:
    """The strongest: the attacker knows the count without the target and spends the whole budget on the target."""

    def ask(secret: int, chance: np.random.Generator) -> list[float]:
        bases = chance.integers(40, 400, times)
        return [policy(int(base) + secret) - int(base) for base in bases]

    return ask


GAMES_PLAYED = {
    "difference pair": lambda policy: difference_pair(policy, 1),
    "many bases": lambda policy: difference_pair(policy, BUDGET // 2),
    "rewrites": lambda policy: rewrites(policy, BUDGET // 2),
    "existence": lambda policy: existence(policy, BUDGET),
    "padding": lambda policy: padding(policy, BUDGET // 2),
}


@pytest.fixture(autouse=True)
def _the_same_noise_each_time() -> Iterator[None]:
    global _numbers
    _numbers = itertools.count()
    yield


@pytest.mark.parametrize("game", GAMES_PLAYED)
def test_exact_counts_give_everything_away(game: str) -> None:
    assert accuracy(*played(GAMES_PLAYED[game](exact), 1)) >= 0.95


def test_a_refusal_that_depends_on_the_data_gives_everything_away() -> None:
    """The policy "refuse what differs from an earlier question by a few persons": the refusal is the answer."""

    def ask(secret: int, chance: np.random.Generator) -> list[float]:
        base = int(chance.integers(15, 400))
        return [feasibility(base), -1.0 if secret else feasibility(base)]

    assert accuracy(*played(ask, 2)) >= 0.95


@pytest.mark.parametrize("game", ["many bases", "padding"])
def test_hiding_and_rounding_alone_do_not_protect(game: str) -> None:
    """Why feasibility counts have noise, and the mode for release is not for whoever asks again and again."""
    assert accuracy(*played(GAMES_PLAYED[game](release), 3)) >= 0.75


@pytest.mark.parametrize("game", GAMES_PLAYED)
def test_feasibility_counts_give_next_to_nothing_away(game: str) -> None:
    found = accuracy(*played(GAMES_PLAYED[game](feasibility), 4))
    assert upper(found) <= 0.57, f"{game}: {found:.3f}"


def test_who_knows_everybody_else_learns_little_more() -> None:
    """Each answer carries 0.01 of Fisher information about one person, so that with 20 the best possible attack is
    right in 0.588 of the games: Phi(sqrt(20) * 0.1 / 2). Beyond the games of the policy; told in the manual.
    """
    found = accuracy(*played(known_rest(feasibility, BUDGET), 5))
    assert found >= 0.5 and upper(found) <= 0.61, f"{found:.3f}"


def test_the_formal_bound_is_what_the_manual_says() -> None:
    epsilon = BUDGET * 0.1
    assert round(math.exp(epsilon) / (1 + math.exp(epsilon)), 2) == 0.88
