"""Mode `feasibility`: one count for whoever plans a study, safe although they may ask again and again.

Hiding and rounding do not protect against somebody who asks many questions and subtracts the answers. So every answer
gets noise before anything else happens to it: from the two-sided geometric distribution, P(k) proportional to
exp(-|k| / 10), which gives epsilon = 0.1 of differential privacy for each question (a person changes a count by one).
The noise follows from a secret key, the snapshot and the question itself: the same question has the same answer for
everybody and for ever, and nobody averages it away by asking again. Then what is below ten, zero included, is "fewer
than 10", and the rest is rounded to five. How many questions somebody may ask is not decided here: with 20 of them the
total is epsilon = 2.

The sampler is exact: integers only, no logarithm of a float in which the last bits would tell (Canonne, Kamath and
Steinke 2020, algorithm 2, https://arxiv.org/abs/2004.00010).
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from wardbench.core.disclosure.figures import Figure, whole_number

SCALE = 10
"""One over epsilon: the noise's P(k) is proportional to exp(-|k| / SCALE)."""
THRESHOLD = 10
BASE = 5


@dataclass(frozen=True)
class FeasibilityRules:
    """Answers of a site: `key` is its secret (32 bytes or more), `snapshot` the version of the data asked about."""

    key: bytes
    snapshot: str
    mode: str = "feasibility"
    label: str = "An estimate for planning: with noise, rounded"

    def __post_init__(self) -> None:
        if len(self.key) < 32:
            raise ValueError("the key has 32 bytes or more")

    @property
    def notes(self) -> tuple[str, ...]:
        return (
            "A random number was added to the count before it was rounded to the nearest 5; it is the same each time "
            "this question is asked. In one answer of three it is more than 10 persons, in one of a hundred more than "
            "45.",
            f"Fewer than {THRESHOLD} persons, nobody included, always read “fewer than {THRESHOLD}”.",
            "For a rare disease this tells you little. Ask for a permit: within a study you count exactly.",
        )

    def count(self, persons: int, question: bytes) -> Figure:
        """The answer to `question`, in its canonical form, that so many persons satisfy."""
        return self._shown(persons + self._noise(question))

    def cells(self, persons: Mapping[str, int], question: bytes) -> dict[str, Figure]:
        """The answers for fixed categories of which a person is in one at most: together they cost one question."""
        return {
            category: self._shown(count + self._noise(question + b"\x00" + category.encode()))
            for category, count in persons.items()
        }

    def _noise(self, question: bytes) -> int:
        version = self.snapshot.encode()
        seed = hmac.digest(self.key, len(version).to_bytes(4, "big") + version + question, hashlib.sha256)
        return two_sided_geometric(Bits(seed))

    @staticmethod
    def _shown(noisy: int) -> Figure:
        # The floor is on the noisy value: on the true one it would tell which side of it the truth lies.
        if noisy < THRESHOLD:
            return Figure(None, f"fewer than {THRESHOLD}")
        return whole_number(BASE * ((noisy + BASE // 2) // BASE))


class Bits:
    """An endless stream of random bits that a seed of 32 bytes decides: HMAC-SHA256 of a counter."""

    def __init__(self, seed: bytes) -> None:
        self._bits = self._stream(seed)

    @staticmethod
    def _stream(seed: bytes) -> Iterator[int]:
        number = 0
        while True:
            block = int.from_bytes(hmac.digest(seed, number.to_bytes(8, "big"), hashlib.sha256), "big")
            for _ in range(256):
                yield block & 1
                block >>= 1
            number += 1

    def below(self, end: int) -> int:
        """A whole number from 0 to `end` - 1, each as likely."""
        width = (end - 1).bit_length()
        while True:
            value = 0
            for _ in range(width):
                value = value << 1 | next(self._bits)
            if value < end:
                return value


def two_sided_geometric(bits: Bits) -> int:
    """A whole number k with probability proportional to exp(-|k| / SCALE)."""
    while True:
        rest = bits.below(SCALE)
        if not _by_exponential(rest, SCALE, bits):
            continue
        tens = 0
        while _by_exponential(1, 1, bits):
            tens += 1
        size = rest + SCALE * tens
        if bits.below(2) == 0:
            return size
        if size:
            return -size


def _by_exponential(numerator: int, denominator: int, bits: Bits) -> bool:
    """True with probability exp(-numerator / denominator), of a fraction from 0 to 1; algorithm 1 of the paper."""
    drawn = 1
    while bits.below(denominator * drawn) < numerator:
        drawn += 1
    return drawn % 2 == 1
