"""A blinded panel: stored specimens of known values, spread over the measuring range, under codes that tell nothing.

A specimen's value is the result of its donor that was measured nearest to when it was taken. One specimen of a donor is
chosen at most, and only what can be given. Half the places at least are spread evenly over the range (by ratios where
it spans more than tenfold); each decision limit gets two, one on either side of it.
"""

from __future__ import annotations

import base64
import csv
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from scipy import optimize

from wardbench.core.errors import InputError, NotFoundError
from wardbench.core.results import written_whole
from wardbench.core.store import Snapshot
from wardbench.ward.benchmark.recorded import Analyte, results_of
from wardbench.ward.benchmark.results import Results
from wardbench.ward.samples import Query, SampleIndex, find

FEWEST, MOST = 4, 200
MOST_CANDIDATES = 100_000
NEAR = 0.1
"""How far from a decision limit a specimen beside it may lie, as a share of the limit."""
EPOCH = date(1970, 1, 1)


@dataclass(frozen=True)
class Candidate:
    """A specimen that can be given, its donor, and the value measured nearest to its day, so many days apart."""

    specimen: str
    person: int
    material: str
    collected: date
    value: float
    days: int


@dataclass(frozen=True)
class Place:
    """A place of the panel: its code, the specimen behind it, and why that was chosen."""

    code: str
    candidate: Candidate
    why: str


def candidates(
    snapshot: Snapshot,
    index: SampleIndex,
    analyte: Analyte,
    query: Query,
    *,
    days: int,
    without: Collection[int] = (),
) -> tuple[Candidate, ...]:
    """Specimens of a query (which says what can be given) with a value at most `days` days from when they were taken;
    none of a person in `without`. NotFoundError where there is none."""
    results = results_of(snapshot, analyte, without=without)
    found = nearest(find(index, query, limit=MOST_CANDIDATES).rows, results, days=days)
    if not found:
        raise NotFoundError(f"No specimen that can be given has a result of {analyte.name} within {days} days.")
    return found


def nearest(specimens: pa.Table, results: Results, *, days: int) -> tuple[Candidate, ...]:
    """Of specimens (a table as `wardbench.ward.samples.SCHEMA` has it) those with a result of their donor's at most
    `days` days from when they were taken."""
    rows = specimens.select(["specimen", "person_id", "material", "collected"])
    order = np.lexsort((results.day, results.person))
    person, day, value = results.person[order], results.day[order], results.value[order]
    found = []
    for row in rows.to_pylist():
        if row["person_id"] is None or row["collected"] is None:
            continue
        taken = (row["collected"].date() - EPOCH).days
        first, last = np.searchsorted(person, row["person_id"]), np.searchsorted(person, row["person_id"], side="right")
        if first == last:
            continue
        closest = first + int(np.argmin(np.abs(day[first:last] - taken)))
        apart = int(day[closest]) - taken
        if abs(apart) <= days:
            collected = EPOCH + timedelta(taken)
            found.append(
                Candidate(row["specimen"], row["person_id"], row["material"], collected, float(value[closest]), apart)
            )
    return tuple(found)


def choose(
    offered: Sequence[Candidate], many: int, *, decisions: Sequence[float] = (), seed: int = 1
) -> tuple[Place, ...]:
    """A panel of so many places in the order of their codes; the same seed gives the same panel.

    InputError for fewer than 4 or more than 200 places, too many decision limits for them, or too few donors.
    """
    if not FEWEST <= many <= MOST:
        raise InputError(f"--places: a panel has {FEWEST} to {MOST} places.")
    if any(limit <= 0 for limit in decisions) or 4 * len(decisions) > many:
        raise InputError("--decisions: limits above 0, two places each, and not more than half of all places.")
    random = np.random.default_rng(seed)
    shuffled = [offered[at] for at in random.permutation(len(offered))]
    if len({one.person for one in shuffled}) < many:
        raise InputError(f"--places: only {len({one.person for one in shuffled})} donors have a specimen with a value.")
    values = np.array([one.value for one in shuffled])
    targets = [*_beside(decisions), *_spread(values, many - 2 * len(decisions))]
    chosen = _assigned(shuffled, values, targets)
    codes = _codes(many, random)
    places = [Place("", one, why) for one, (_, why) in zip(chosen, targets, strict=True)]
    mixed = [places[at] for at in random.permutation(many)]
    return tuple(Place(code, one.candidate, one.why) for code, one in zip(codes, mixed, strict=True))


def _beside(decisions: Sequence[float]) -> list[tuple[float, str]]:
    return [
        (limit * (1 + side * NEAR / 2), f"{'above' if side > 0 else 'below'} the decision limit {limit:g}")
        for limit in decisions
        for side in (-1, 1)
    ]


def _spread(values: npt.NDArray[np.float64], many: int) -> list[tuple[float, str]]:
    """Even steps over the range that the values have."""
    low, high = float(values.min()), float(values.max())
    steps = np.geomspace(low, high, many) if high > 10 * low else np.linspace(low, high, many)
    return [(float(step), "spread over the range") for step in steps]


def _assigned(
    offered: Sequence[Candidate], values: npt.NDArray[np.float64], targets: Sequence[tuple[float, str]]
) -> list[Candidate]:
    """For each target a specimen, of different donors, so that all together lie as near as can be."""
    donors, owner = np.unique(np.array([one.person for one in offered]), return_inverse=True)
    cost = np.full((len(targets), len(donors)), np.inf)
    best = np.zeros((len(targets), len(donors)), dtype=int)
    for row, (target, why) in enumerate(targets):
        away = np.abs(np.log(values / target))
        # Of two specimens beside a limit one has to lie on either side: the wrong one is a last resort.
        side = 1 if why.startswith("above") else -1 if why.startswith("below") else 0
        limit = target / (1 + side * NEAR / 2)
        away = away + np.where(side * (values - limit) < 0, 10.0, 0.0)
        order = np.lexsort((away, owner))
        first = np.concatenate([[True], owner[order][1:] != owner[order][:-1]])
        cost[row], best[row] = away[order[first]], order[first]
    rows, columns = optimize.linear_sum_assignment(cost)
    return [offered[best[row, column]] for row, column in zip(rows, columns, strict=True)]


def _codes(many: int, random: np.random.Generator) -> list[str]:
    """Different codes of eight letters and digits that no eye takes for one another."""
    found: dict[str, None] = {}
    while len(found) < many:
        found[base64.b32encode(random.bytes(5)).decode("ascii")] = None
    return sorted(found)


def write_panel(places: Sequence[Place], analyte: Analyte, panel: Path, key: Path) -> None:
    """Two files: the codes for whoever measures, and the key for the biobank, which nobody else may read."""
    with written_whole(key) as draft:
        draft.touch(mode=0o600)
        with draft.open("w", encoding="utf-8", newline="") as handle:
            writer = csv.writer(handle, lineterminator="\n")
            writer.writerow(["code", "specimen", "material", "collected", "value", "unit", "days_apart", "why"])
            for one in places:
                held = one.candidate
                cells = [
                    held.material,
                    held.collected.isoformat(),
                    f"{held.value:.10g}",
                    analyte.unit,
                    held.days,
                    one.why,
                ]
                writer.writerow([one.code, held.specimen, *cells])
    with written_whole(panel) as draft, draft.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle, lineterminator="\n")
        writer.writerow(["place", "code", "analyte", "unit", "value"])
        writer.writerows([n, one.code, analyte.name, analyte.unit, ""] for n, one in enumerate(places, 1))
