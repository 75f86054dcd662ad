"""What is asked of specimens, as data: a choice per facet, whose specimens, and what makes one fit to be given.

A `Query` means the same wherever it is counted or listed. It is checked when it is made, and is written and read
strictly (`to_json`, `from_json`); the persons of a cohort are not part of what is written.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

import msgspec
import numpy as np
import numpy.typing as npt

from wardbench.core.consent import Tier
from wardbench.core.errors import InputError
from wardbench.ward.samples.schema import DIMENSIONS

UNKNOWN = ""
"""The value of what nobody noted, in every facet."""

CATEGORIES = (
    "collection", "material", "temperature", "kind", "status", "sex", "tube", "delay", "delay_after",
    "consent", "chapter", "diagnosis",
)  # fmt: skip
"""Facets of words. A specimen has one value in each, but any number of `consent` (tiers), `chapter` and `diagnosis`
(chapters and three-character categories of ICD-10)."""
RANGES = ("age", "collected", "amount", "thaws")
"""Facets of numbers: years, days since 1970, smallest units of a dimension, times."""
FACETS = (*CATEGORIES, *RANGES)


@dataclass(frozen=True, order=True)
class Range:
    """Numbers from `low` to `high`, both included; None leaves an end open. An amount needs its dimension.

    What nobody noted lies in no range, but in the one that is `unknown`, which holds nothing else.
    """

    low: int | None = None
    high: int | None = None
    dimension: str = ""
    unknown: bool = False

    def __post_init__(self) -> None:
        if self.unknown and (self.low, self.high, self.dimension) != (None, None, ""):
            raise InputError("range: what is not known has no ends.")
        if self.low is not None and self.high is not None and self.low > self.high:
            raise InputError("range: it ends before it begins.")


Choice: TypeAlias = frozenset[str] | tuple[Range, ...]
"""Of a facet of words the values of which one is enough; of a facet of numbers the ranges of which one is enough."""


@dataclass(frozen=True)
class Giving:
    """What makes a specimen fit to be given: stored or out of storage, something left, not kept back for diagnosis.

    `need` are the tiers of consent of the use; `most_thaws` how often it may have been thawed, None for any number;
    `reserved` counts those too that are promised to somebody. `withdrawn` names specimens (by `specimen` of the rows)
    whose donors do not allow the use any more, since the index was made; it is not part of what is written.
    """

    need: frozenset[Tier] = frozenset({Tier.STORAGE, Tier.RESEARCH})
    most_thaws: int | None = None
    reserved: bool = False
    withdrawn: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        if self.most_thaws is not None and self.most_thaws < 0:
            raise InputError("most_thaws: it is 0 or more.")


@dataclass(frozen=True, eq=False)
class Patients:
    """Persons, each on a day of their own (since 1970), and the days around it on which material was taken.

    A person may stand in it several times; one of the days is enough. `first` and `last` are days after the anchor
    (before it where negative), both included, None for an open end; without any, the anchors do not matter.
    """

    persons: npt.NDArray[np.int64]
    anchors: npt.NDArray[np.int32] | None = None
    first: int | None = None
    last: int | None = None

    def __post_init__(self) -> None:
        if self.windowed and (self.anchors is None or self.anchors.shape != self.persons.shape):
            raise InputError("patients: a window of days needs a day for each person.")
        if self.first is not None and self.last is not None and self.first > self.last:
            raise InputError("patients: the window ends before it begins.")

    @property
    def windowed(self) -> bool:
        return self.first is not None or self.last is not None

    @property
    def digest(self) -> str:
        """Names it by its content."""
        said = hashlib.sha256(f"{self.first} {self.last}\n".encode())
        said.update(self.persons.astype("<i8").tobytes())
        if self.windowed and self.anchors is not None:
            said.update(self.anchors.astype("<i4").tobytes())
        return said.hexdigest()


@dataclass(frozen=True)
class Query:
    """`chosen` holds a choice for each facet that is narrowed, in the order of `FACETS`; make it with `Query.of`.

    Without `giving` every specimen counts that ever was, also those that are gone.
    """

    chosen: tuple[tuple[str, Choice], ...] = ()
    patients: Patients | None = None
    giving: Giving | None = field(default_factory=Giving)

    @classmethod
    def of(
        cls,
        chosen: Mapping[str, Choice] | None = None,
        *,
        patients: Patients | None = None,
        giving: Giving | None = Giving(),
    ) -> Query:
        """A query from choices by facet; InputError for a facet that there is not, or a choice of the wrong kind."""
        chosen = dict(chosen or {})
        for facet, choice in chosen.items():
            _check(facet, choice)
        return cls(tuple((facet, chosen[facet]) for facet in FACETS if facet in chosen), patients, giving)

    def choosing(self, facet: str, choice: Choice | None) -> Query:
        """The same with another choice in one facet, or none."""
        chosen = {name: given for name, given in self.chosen if name != facet}
        return Query.of(
            chosen if choice is None else {**chosen, facet: choice}, patients=self.patients, giving=self.giving
        )

    def but(self, **changes: Any) -> Query:
        """The same with other `patients` or another `giving`."""
        return replace(self, **changes)


def _check(facet: str, choice: Choice) -> None:
    if facet not in FACETS:
        raise InputError(f"query: {facet}: no such facet; there are {', '.join(FACETS)}.")
    if facet in CATEGORIES:
        if not isinstance(choice, frozenset) or not choice or not all(isinstance(value, str) for value in choice):
            raise InputError(f"query: {facet}: choose one or more values.")
        return
    if not isinstance(choice, tuple) or not choice or not all(isinstance(part, Range) for part in choice):
        raise InputError(f"query: {facet}: choose one or more ranges.")
    for part in choice:
        if facet == "amount" and not part.unknown and part.dimension not in DIMENSIONS:
            raise InputError(f"query: amount: say of which dimension: {', '.join(DIMENSIONS)}.")
        if facet != "amount" and part.dimension:
            raise InputError(f"query: {facet}: it has no dimension.")


FORM = 1
"""Goes up when what is written means something else."""


class _Range(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    low: int | None = None
    high: int | None = None
    dimension: str = ""
    unknown: bool = False


class _Giving(msgspec.Struct, forbid_unknown_fields=True):
    need: list[str]
    most_thaws: int | None
    reserved: bool


class _Query(msgspec.Struct, forbid_unknown_fields=True):
    form: int
    words: dict[str, list[str]]
    ranges: dict[str, list[_Range]]
    giving: _Giving | None


def to_json(query: Query) -> bytes:
    """`query` as JSON, the same bytes for the same meaning; InputError where it is about the persons of a cohort."""
    if query.patients is not None:
        raise InputError("query: the persons of a cohort are not written; name the cohort instead.")
    giving = query.giving
    words = {facet: sorted(choice) for facet, choice in query.chosen if isinstance(choice, frozenset)}
    ranges = {
        facet: [_Range(part.low, part.high, part.dimension, part.unknown) for part in sorted(set(choice), key=_order)]
        for facet, choice in query.chosen
        if isinstance(choice, tuple)
    }
    need = None if giving is None else _Giving(sorted(giving.need), giving.most_thaws, giving.reserved)
    return msgspec.json.encode(_Query(FORM, words, ranges, need))


def from_json(content: bytes | str) -> Query:
    """The query that was written; InputError where anything in it is not known."""
    try:
        read = msgspec.json.decode(content, type=_Query)
        if read.form != FORM:
            raise InputError(f"query: form {read.form}; this version of Wardbench reads form {FORM}.")
        need = read.giving
        giving = None if need is None else Giving(frozenset(map(Tier, need.need)), need.most_thaws, need.reserved)
    except (msgspec.DecodeError, ValueError) as error:
        raise InputError(f"query: {error}.") from None
    if both := read.words.keys() & read.ranges.keys():
        raise InputError(f"query: {min(both)}: chosen twice.")
    words: dict[str, Choice] = {facet: frozenset(values) for facet, values in read.words.items()}
    ranges: dict[str, Choice] = {
        facet: tuple(Range(part.low, part.high, part.dimension, part.unknown) for part in parts)
        for facet, parts in read.ranges.items()
    }
    return Query.of({**words, **ranges}, giving=giving)


def _order(part: Range) -> tuple[bool, str, int, int]:
    low = -(1 << 62) if part.low is None else part.low
    return part.unknown, part.dimension, low, (1 << 62) if part.high is None else part.high
