"""Chance that depends on nothing but the seed, what is drawn, and for whom.

Every draw is a hash of (seed, name of the draw, person, number of the draw). So a person's life is the same whatever
the size of the campus, of a block, or the order of the code, and a whole block is drawn by one vectorised expression.
The mixing function is the finaliser of SplitMix64 (Steele, Lea, Flood 2014), applied twice.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.float64]
Ints: TypeAlias = npt.NDArray[np.int64]
Bools: TypeAlias = npt.NDArray[np.bool_]

_MULTIPLY_1 = np.uint64(0xBF58476D1CE4E5B9)
_MULTIPLY_2 = np.uint64(0x94D049BB133111EB)
_PERSON = np.uint64(0x9E3779B97F4A7C15)
_NUMBER = np.uint64(0xD1342543DE82EF95)


class Chance:
    """Draws for one seed. `person` and `number` broadcast against each other."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self._keys: dict[str, np.uint64] = {}

    def uniform(self, name: str, person: Ints, number: Ints | int = 0) -> Floats:
        """Between 0 and 1, never either of them."""
        with np.errstate(over="ignore"):
            bits = np.asarray(person).astype(np.uint64) * _PERSON
            bits = _mix(_mix(bits + self._key(name)) + np.asarray(number).astype(np.uint64) * _NUMBER)
        drawn: Floats = ((bits >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53
        return drawn

    def happens(self, name: str, probability: npt.ArrayLike, person: Ints, number: Ints | int = 0) -> Bools:
        chosen: Bools = self.uniform(name, person, number) < np.asarray(probability)
        return chosen

    def normal(self, name: str, person: Ints, number: Ints | int = 0) -> Floats:
        """Mean 0, standard deviation 1 (Box and Muller 1958)."""
        radius = np.sqrt(-2.0 * np.log(self.uniform(name, person, number)))
        turned: Floats = radius * np.cos(2.0 * np.pi * self.uniform(f"{name}, angle", person, number))
        return turned

    def exponential(self, name: str, person: Ints, number: Ints | int = 0) -> Floats:
        """Mean 1."""
        waited: Floats = -np.log(self.uniform(name, person, number))
        return waited

    def whole(self, name: str, low: int, high: int, person: Ints, number: Ints | int = 0) -> Ints:
        """A whole number from `low` to `high`, both included."""
        return low + (self.uniform(name, person, number) * (high - low + 1)).astype(np.int64)

    def choose(self, name: str, weights: Sequence[float] | Floats, person: Ints, number: Ints | int = 0) -> Ints:
        """The place of one of `weights`: one list for all, or a row of weights for each person."""
        cumulative = np.cumsum(np.asarray(weights, dtype=np.float64), axis=-1)
        drawn = self.uniform(name, person, number)
        if cumulative.ndim == 1:
            return np.searchsorted(cumulative[:-1] / cumulative[-1], drawn, side="right").astype(np.int64)
        chosen: Ints = (drawn[:, None] * cumulative[:, -1:] >= cumulative[:, :-1]).sum(axis=1).astype(np.int64)
        return chosen

    def _key(self, name: str) -> np.uint64:
        if name not in self._keys:
            digest = hashlib.blake2b(f"{self.seed}/{name}".encode(), digest_size=8).digest()
            self._keys[name] = np.uint64(int.from_bytes(digest, "little"))
        return self._keys[name]


def _mix(bits: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    bits = (bits ^ (bits >> np.uint64(30))) * _MULTIPLY_1
    bits = (bits ^ (bits >> np.uint64(27))) * _MULTIPLY_2
    return bits ^ (bits >> np.uint64(31))
