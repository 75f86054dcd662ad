"""Pick lists of cases and controls that are alike: as close in age, storage and thaws as can be, within the same sex.

Each case gets the same number of controls, and each donor is in the list once, whatever specimens they have. Controls
are assigned so that the sum of squared distances is the smallest there is (successive shortest paths, as Jonker and
Volgenant 1987 order them), not one case after the other: what is nearest to the first case may be all that the second
one has, and lists are short enough to afford it. Distances are in standard deviations. Of equal assignments the same
one is found each time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from wardbench.core.errors import InputError

MOST_PLACES = 1_000
MOST_CANDIDATES = 20_000

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Candidates:
    """Specimens by name, the donor of each, what has to be equal (`exact`) and what should be close (`close`)."""

    specimens: Sequence[str]
    donors: Sequence[str]
    exact: Mapping[str, Sequence[str]]
    close: Mapping[str, Sequence[float]]

    def __post_init__(self) -> None:
        columns = [self.donors, *self.exact.values(), *self.close.values()]
        if any(len(column) != len(self.specimens) for column in columns):
            raise InputError("matching: each column has a value for each specimen.")
        if len(self.specimens) > MOST_CANDIDATES:
            raise InputError(f"matching: more than {MOST_CANDIDATES:,} specimens; narrow the query.")
        if any(not np.isfinite(np.asarray(column, np.float64)).all() for column in self.close.values()):
            raise InputError("matching: a value to be close in is not known; leave out what lacks one.")


@dataclass(frozen=True)
class Set:
    """A case and its controls, by the names of specimens, the nearest control first."""

    case: str
    controls: tuple[str, ...]


@dataclass(frozen=True)
class Balance:
    """How far cases and controls are apart in one covariate: differences of means in standard deviations.

    `before` of all candidates, `after` of the list; None where one side is empty, infinite where nothing varies and
    means differ.
    """

    covariate: str
    before: float | None
    after: float | None


@dataclass(frozen=True)
class PickList:
    """The sets, in the order of the cases; `unmatched` are cases for which there were not enough controls."""

    sets: tuple[Set, ...]
    unmatched: tuple[str, ...]
    balance: tuple[Balance, ...]
    cost: float


def match(cases: Candidates, controls: Candidates, *, count: int, each: int = 1) -> PickList:
    """`count` cases, the first ones that are of different donors, with `each` controls of further donors.

    Where there are too few donors who are equal in all of `exact`, the last cases that lack some are left out.
    InputError where the sides have different columns, or there would be more than `MOST_PLACES` controls.
    """
    if cases.exact.keys() != controls.exact.keys() or cases.close.keys() != controls.close.keys():
        raise InputError("matching: cases and controls are compared by the same columns.")
    if count < 1 or each < 1 or count * each > MOST_PLACES:
        raise InputError(f"matching: ask for 1 to {MOST_PLACES:,} controls in all.")
    chosen = _first_of_donors(cases, count)
    taken = {cases.donors[row] for row in chosen}
    free = [row for row, donor in enumerate(controls.donors) if donor not in taken]
    table = _Table.of(cases, controls, chosen, free)
    found, cost = table.assigned(each)
    matched = [row for row in chosen if row in found]
    sets = tuple(Set(cases.specimens[row], tuple(controls.specimens[one] for one in found[row])) for row in matched)
    unmatched = tuple(cases.specimens[row] for row in chosen if row not in found)
    picked = [one for row in matched for one in found[row]]
    return PickList(sets, unmatched, _balance(cases, controls, matched, picked), cost)


def _first_of_donors(cases: Candidates, count: int) -> list[int]:
    found: dict[str, int] = {}
    for row, donor in enumerate(cases.donors):
        found.setdefault(donor, row)
    return list(found.values())[:count]


def _stratum(side: Candidates, row: int) -> tuple[str, ...]:
    return tuple(side.exact[name][row] for name in sorted(side.exact))


def _scaled(cases: Candidates, controls: Candidates) -> tuple[Floats, Floats]:
    """The covariates of both sides in standard deviations of both together; what never varies is left out."""
    own, others = (_matrix(side) for side in (cases, controls))
    deviation = np.concatenate([own, others]).std(axis=0)
    varies = deviation > 0
    return own[:, varies] / deviation[varies], others[:, varies] / deviation[varies]


def _matrix(side: Candidates) -> Floats:
    columns = [np.asarray(side.close[name], np.float64) for name in sorted(side.close)]
    return np.stack(columns, axis=1) if columns else np.zeros((len(side.specimens), 0))


@dataclass(frozen=True)
class _Table:
    """What each case (a row) costs with each donor of controls, infinite where they may not be together.

    A donor's nearest specimen stands for the donor: nobody is picked twice, so that this loses nothing.
    """

    cases: list[int]
    cost: Floats
    nearest: npt.NDArray[np.int64]

    @classmethod
    def of(cls, cases: Candidates, controls: Candidates, chosen: list[int], free: list[int]) -> _Table:
        own, others = _scaled(cases, controls)
        strata = {key: number for number, key in enumerate(dict.fromkeys(_stratum(cases, row) for row in chosen))}
        mine = np.array([strata[_stratum(cases, row)] for row in chosen], np.int64)
        groups: dict[str, list[int]] = {}
        for row in free:
            groups.setdefault(controls.donors[row], []).append(row)
        cost = np.full((len(chosen), len(groups)), np.inf)
        nearest = np.full(cost.shape, -1, np.int64)
        for column, rows in enumerate(groups.values()):
            away = ((own[chosen][:, None, :] - others[rows][None, :, :]) ** 2).sum(axis=2)
            theirs = np.array([strata.get(_stratum(controls, row), -1) for row in rows])
            away[mine[:, None] != theirs[None, :]] = np.inf
            nearest[:, column] = np.asarray(rows)[away.argmin(axis=1)]
            cost[:, column] = away.min(axis=1)
        return cls(chosen, cost, nearest)

    def assigned(self, each: int) -> tuple[dict[int, list[int]], float]:
        """The controls of each case, nearest first, and what they cost in all; a case that lacks one is not in it."""
        left = list(range(len(self.cases)))
        # Where there are fewer donors than places, the rest of the places are held by nobody.
        nobody = np.full((len(left), max(len(left) * each - self.cost.shape[1], 0)), np.inf)
        cost = np.concatenate([self.cost, nobody], axis=1)
        finite = np.isfinite(cost)
        # Dearer than any list that lacks fewer controls.
        lacking = 1.0 + float(cost[finite].max(initial=0.0)) * len(left) * each
        while left:
            columns = cheapest(np.where(finite, cost, lacking)[left], each=each).reshape(len(left), each)
            short = [place for place, row in enumerate(left) if not finite[row, columns[place]].all()]
            if not short:
                break
            # The last case that lacks a control is left out, so that what it held is there for the others.
            del left[short[-1]]
        found = {}
        for place, row in enumerate(left):
            order = np.lexsort((columns[place], self.cost[row, columns[place]]))
            found[self.cases[row]] = self.nearest[row, columns[place][order]].tolist()
        spent = sum(float(self.cost[row, columns[place]].sum()) for place, row in enumerate(left))
        return found, spent


def cheapest(cost: Floats, *, each: int = 1) -> npt.NDArray[np.int64]:
    """`each` columns of its own for each row, so that the sum of costs is the smallest; there are enough columns.

    The columns of the first row come first. Each place of a row is added by the shortest path to a free column, over
    costs that prices of rows and columns keep from being negative; a step looks at all columns at once.
    """
    rows, columns = cost.shape[0] * each, cost.shape[1]
    row_price, column_price = np.zeros(rows), np.zeros(columns)
    owner = np.full(columns, -1, np.int64)
    for added in range(rows):
        distance = np.full(columns, np.inf)
        came_from = np.full(columns, -1, np.int64)
        done = np.zeros(columns, np.bool_)
        row, reached, last = added, 0.0, -1
        while True:
            through = reached + cost[row // each] - row_price[row] - column_price
            nearer = ~done & (through < distance)
            distance[nearer] = through[nearer]
            came_from[nearer] = last
            column = int(np.where(done, np.inf, distance).argmin())
            reached = float(distance[column])
            if owner[column] < 0:
                break
            done[column] = True
            row, last = int(owner[column]), column
        change = reached - distance[done]
        row_price[owner[done]] += change
        column_price[done] -= change
        row_price[added] += reached
        while (before := int(came_from[column])) >= 0:
            owner[column] = owner[before]
            column = before
        owner[column] = added
    found = np.empty(rows, np.int64)
    held = np.flatnonzero(owner >= 0)
    found[owner[held]] = held
    return found


def _balance(cases: Candidates, controls: Candidates, own: list[int], others: list[int]) -> tuple[Balance, ...]:
    found = []
    for name in cases.close:
        left, right = (np.asarray(side.close[name], np.float64) for side in (cases, controls))
        found.append(Balance(name, difference(left, right), difference(left[own], right[others])))
    for name in cases.exact:
        left_words, right_words = (np.asarray(side.exact[name], np.str_) for side in (cases, controls))
        for word in np.unique(np.concatenate([left_words, right_words])).tolist():
            left, right = (words == word for words in (left_words, right_words))
            before = difference(left.astype(float), right.astype(float))
            after = difference(left[own].astype(float), right[others].astype(float))
            found.append(Balance(f"{name} {word}", before, after))
    return tuple(found)


def difference(left: Floats, right: Floats) -> float | None:
    """The standardised difference of means: over the root of the mean of both variances (Austin 2009)."""
    if not left.size or not right.size:
        return None
    apart = float(left.mean() - right.mean())
    spread = float(np.sqrt((left.var() + right.var()) / 2))
    if spread:
        return apart / spread
    return 0.0 if not apart else float(np.copysign(np.inf, apart))
