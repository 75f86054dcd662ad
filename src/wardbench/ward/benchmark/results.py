"""Results of one analyte in one unit, one of each person, by a stated rule."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from wardbench.core.errors import InputError
from wardbench.ward.benchmark.indirect import Floats

Strings = npt.NDArray[np.str_]
Integers = npt.NDArray[np.int64]

CHOICES = ("first", "last", "random")
"""Which result of a person counts: the first is the least moved by what was done about it."""
STRATA = ("sex", "age", "device")
AGES = (18, 40, 60)
MOST_STRATA = 24
EVERYBODY = "Everybody"
NO_DAY = np.iinfo(np.int64).min


@dataclass(frozen=True)
class Results:
    """n results of one analyte. `person` tells persons apart, `sex` is female, male or empty, `age` in completed years
    (NaN where unknown), `device` a name or empty, `day` since 1970 (`NO_DAY` where unknown), `healthy` whether the
    person was in the healthy group on that day. `source` says in words where they are from, `left_out` how many were
    not used and why, `named_persons` whether persons were told apart at all.
    """

    analyte: str
    unit: str
    value: Floats
    person: Integers
    sex: Strings
    age: Floats
    device: Strings
    day: Integers
    healthy: npt.NDArray[np.bool_]
    source: str
    left_out: tuple[tuple[str, int], ...] = ()
    named_persons: bool = True

    def __len__(self) -> int:
        return len(self.value)

    def where(self, which: npt.NDArray[np.bool_] | Integers) -> Results:
        """Some of them, by flags or places."""
        columns = ("value", "person", "sex", "age", "device", "day", "healthy")
        parts = {name: getattr(self, name)[which] for name in columns}
        return Results(
            self.analyte, self.unit, source=self.source, left_out=self.left_out,
            named_persons=self.named_persons, **parts,
        )  # fmt: skip

    def one_each(self, choice: str, *, seed: int = 1) -> Results:
        """One result of each person: the first, the last or a random one; InputError for another word.

        Of several on one day the one that stands first (or last) counts; persons keep the order of their numbers.
        """
        if choice not in CHOICES:
            raise InputError(f"--choose: {choice!r} is none of {', '.join(CHOICES)}.")
        if choice == "random":
            second: Integers = np.random.default_rng(seed).permutation(len(self)).astype(np.int64)
        else:
            second = self.day
        order = np.lexsort((np.arange(len(self)), second, self.person))
        persons = self.person[order]
        ends = persons[1:] != persons[:-1]
        edge = np.array([True])
        kept = np.concatenate([ends, edge]) if choice == "last" else np.concatenate([edge, ends])
        return self.where(order[kept[: len(order)]])


@dataclass(frozen=True)
class Stratum:
    """Persons alike in sex, age or device, by their places among results."""

    name: str
    places: Integers


def strata_of(results: Results, by: Sequence[str], ages: Sequence[int] = AGES) -> tuple[Stratum, ...]:
    """Everybody, then each combination of what is in `by` that somebody has; ages in bands that begin at `ages`.

    InputError where a word of `by` is not known, the data know nothing of it, ages do not rise, or too many come out.
    """
    names = names_of_strata(results, by, ages)
    found = [Stratum(EVERYBODY, np.arange(len(results)))]
    if not by:
        return tuple(found)
    different = sorted(set(names.tolist()), key=_by_numbers)
    if len(different) > MOST_STRATA:
        raise InputError(f"--by: gives {len(different)} groups; at most {MOST_STRATA} are told apart.")
    if len(different) > 1:
        found += [Stratum(name, np.flatnonzero(names == name)) for name in different]
    return tuple(found)


def names_of_strata(results: Results, by: Sequence[str], ages: Sequence[int] = AGES) -> Strings:
    """For each result the name of its group, `EVERYBODY` where none are told apart. InputError where a word of `by` is
    not known or ages do not rise."""
    for word in by:
        if word not in STRATA:
            raise InputError(f"--by: {word!r} is none of {', '.join(STRATA)}.")
    if list(ages) != sorted(set(ages)) or any(age < 1 for age in ages):
        raise InputError("--ages: ages are above 0 and rise, as in 18,40,60.")
    if not by:
        return np.full(len(results), EVERYBODY, dtype=np.str_)
    labels: dict[str, Callable[[], list[str]]] = {
        "sex": lambda: [_SEXES[sex] for sex in results.sex.tolist()],
        "age": lambda: _bands(results.age, ages),
        "device": lambda: [device or "device not recorded" for device in results.device.tolist()],
    }
    columns = [labels[word]() for word in STRATA if word in by]
    return np.array([", ".join(parts) for parts in zip(*columns, strict=True)], dtype=np.str_)


_SEXES = {"female": "women", "male": "men", "": "sex not recorded"}


def _by_numbers(name: str) -> list[str | int]:
    """Sorts names as people do, 5 before 18."""
    return [int(part) if part.isdecimal() else part for part in re.split(r"(\d+)", name)]


def _bands(age: Floats, ages: Sequence[int]) -> list[str]:
    starts = [0, *ages]
    names = [f"{low} to {high - 1:02d} years" for low, high in zip(starts, ages, strict=False)]
    names.append(f"{starts[-1]} years and over")
    place = np.searchsorted(ages, age, side="right")
    return [
        "age not recorded" if unknown else names[number]
        for number, unknown in zip(place.tolist(), np.isnan(age).tolist(), strict=True)
    ]
