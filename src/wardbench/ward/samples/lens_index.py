"""Donors and specimens in columns, so that a query of the Sample Locator is a few operations on whole arrays.

What a query means is said by `lens.selects` and `lens.lists`, of one donor and one specimen at a time; the tests hold
the two against one another.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from wardbench.ward.samples.lens import CRITERIA, Criterion, Node, Person, is_code, is_day
from wardbench.ward.samples.lens_report import NOBODY, UNKNOWN, Group, Report

Mask = npt.NDArray[np.bool_]
Places = npt.NDArray[np.int32]
AGE = "donor_age"
"""What depends on the day on which it is asked."""


@dataclass(frozen=True)
class Values:
    """Values of one thing that is asked: of which donor or specimen each is, and the value as a number (a code by its
    place among `words`, a day by its ordinal)."""

    of: Places
    values: npt.NDArray[np.float64]
    words: Mapping[str, int]

    @classmethod
    def made(cls, pairs: Iterable[tuple[int, Any]], *, codes: bool = True, days: bool = False) -> Values:
        words: dict[str, int] = {}
        of: list[int] = []
        values: list[float] = []
        for place, value in pairs:
            of.append(place)
            values.append(words.setdefault(value, len(words)) if codes else value.toordinal() if days else value)
        return cls(np.asarray(of, np.int32), np.asarray(values, np.float64), words)

    def hits(self, asked: Criterion) -> Places:
        """Of which donors or specimens a value fits what is asked; for NOT_EQUALS those that it is not true of."""
        if isinstance(asked.value, frozenset):
            wanted = [self.words[one] for one in asked.value if one in self.words]
            return self.of[np.isin(self.values, wanted)]
        low, high = (one.toordinal() if isinstance(one, datetime.date) else one for one in asked.value)
        fits = np.ones(self.values.size, bool)
        whole = asked.kind == "BETWEEN"
        if low is not None:
            fits &= self.values >= low if whole else self.values > low
        if high is not None:
            fits &= self.values <= high if whole else self.values < high
        return self.of[fits]

    def counted(self, those: Mask, names: Callable[[str], str] = str) -> dict[str, int]:
        """How often each word is a value of `those`."""
        places = self.values[those[self.of]].astype(np.int64)
        counts = np.bincount(places, minlength=len(self.words)).tolist()
        found: dict[str, int] = {}
        for word, place in self.words.items():
            if counts[place]:
                found[names(word)] = found.get(names(word), 0) + counts[place]
        return found


class Donors:
    """Donors with their specimens, in the order in which they were given."""

    def __init__(self, people: Sequence[Person]) -> None:
        tubes = [tube for one in people for tube in one.tubes]
        held = np.fromiter((len(one.tubes) for one in people), np.int64, len(people))
        self._count, self._tubes = len(people), len(tubes)
        self._donor: Places = np.repeat(np.arange(len(people), dtype=np.int32), held)
        self._born = [one.born for one in people]
        years = [(0, 0) if born is None else (born.year, born.month * 100 + born.day) for born in self._born]
        self._year, self._month_day = np.asarray(years, np.int64).reshape(-1, 2).T
        self._of: dict[str, Values] = {}
        for key, asked in CRITERIA.items():
            tube, donor = asked.tube, asked.donor
            if key == AGE:
                continue
            if tube is not None:
                pairs = ((at, value) for at, one in enumerate(tubes) for value in tube(one))
            else:
                pairs = ((at, value) for at, one in enumerate(people) for value in donor(one, datetime.date.min))
            self._of[key] = Values.made(pairs, codes=is_code(key), days=is_day(key))
        self._genders = Values.made((at, one.gender or UNKNOWN) for at, one in enumerate(people))
        keepers = (one.tubes[0].custodian or NOBODY if one.tubes else NOBODY for one in people)
        self._custodians = Values.made(enumerate(keepers))
        self._conditions = Values.made((at, code) for at, one in enumerate(people) for code, _on in one.conditions)
        self._kinds = Values.made((at, one.kind) for at, one in enumerate(tubes))

    def answer(self, query: Node, today: datetime.date) -> Report:
        """The report of a query; exact."""
        those = self._selected(query, self._ages(today))
        listed = those[self._donor]
        of_tubes = self._listed(query)
        if of_tubes is not None:
            listed = listed & of_tubes
        codes = self._conditions.counted(those)
        decades = Values.made(enumerate(self._decades(today)))
        strata = {
            "gender": self._genders.counted(those),
            "Age": decades.counted(those),
            "Custodian": self._custodians.counted(those),
        }
        return Report(
            Group("patients", int(those.sum()), strata),
            Group("diagnosis", sum(codes.values()), {"diagnosis": codes}),
            Group("specimen", int(listed.sum()), {"sample_kind": self._kinds.counted(listed)}),
        )

    def _ages(self, today: datetime.date) -> Values:
        known = np.flatnonzero(self._year > 0).astype(np.int32)
        years = self._years(today)[known]
        return Values(known, years.astype(np.float64), {})

    def _years(self, today: datetime.date) -> npt.NDArray[np.int64]:
        later = (today.month * 100 + today.day) < self._month_day
        return np.asarray(today.year - self._year - later, np.int64)

    def _decades(self, today: datetime.date) -> Iterable[str]:
        years = (self._years(today) // 10 * 10).tolist()
        return (UNKNOWN if born is None else str(decade) for born, decade in zip(self._born, years, strict=True))

    def _selected(self, node: Node, ages: Values) -> Mask:
        if isinstance(node, Criterion):
            found = np.zeros(self._count, bool)
            hits = (ages if node.key == AGE else self._of[node.key]).hits(node)
            found[self._donor[hits] if CRITERIA[node.key].tube is not None else hits] = True
            return ~found if node.kind == "NOT_EQUALS" else found
        masks = [self._selected(part, ages) for part in node.parts]
        if not masks:
            return np.ones(self._count, bool)
        return np.asarray(np.logical_and.reduce(masks) if node.all else np.logical_or.reduce(masks))

    def _listed(self, node: Node) -> Mask | None:
        """None where nothing is asked of specimens."""
        if isinstance(node, Criterion):
            if CRITERIA[node.key].tube is None:
                return None
            found = np.zeros(self._tubes, bool)
            found[self._of[node.key].hits(node)] = True
            return ~found if node.kind == "NOT_EQUALS" else found
        masks = [mask for part in node.parts if (mask := self._listed(part)) is not None]
        if not masks:
            return None
        return np.asarray(np.logical_and.reduce(masks) if node.all else np.logical_or.reduce(masks))
