"""For every facet its values with their counts, each facet without its own choice; and what can be given of it all.

The counts are exact: whoever shows them sends them through `core.disclosure`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import numpy.typing as npt

from wardbench.ward.samples.counting import COLUMNS, Counting, Job, PerDonor, Tally, in_parallel
from wardbench.ward.samples.index import Runs, SampleIndex, Wide
from wardbench.ward.samples.layout import Words, at
from wardbench.ward.samples.query import FACETS, Giving, Query
from wardbench.ward.samples.selecting import Reason, givable, hindrances, loosened, select


@dataclass(frozen=True, slots=True)
class Counts:
    """`specimens` are tubes, aliquots among them. `samples` are what was taken at once: MIABIS counts specimens of one
    donor, collection, material and time as one. `donors` are donors with at least one."""

    specimens: int
    samples: int
    donors: int

    def __sub__(self, other: Counts) -> Counts:
        return Counts(self.specimens - other.specimens, self.samples - other.samples, self.donors - other.donors)


@dataclass(frozen=True)
class Availability:
    """`asked` is everything that the rest of the query selects, `given` what of it can be given.

    `lost` is what each reason keeps back (a specimen may have several); `more` how much more could be given if one
    thing were given up, each by itself: "thaws 2", "tier genetic", "reserved".
    """

    asked: Counts
    given: Counts
    lost: Mapping[Reason, Counts]
    more: Mapping[str, Counts]


@dataclass(frozen=True)
class Facets:
    """`total` is what the query selects; `values` are by facet, in the order of the index, those of no specimen too."""

    version: str
    total: Counts
    values: Mapping[str, Mapping[str, Counts]]
    availability: Availability | None


def facets(index: SampleIndex, query: Query, *, more: Mapping[str, Giving] | None = None) -> Facets:
    """All facets of a query; `more` are what-ifs by name in place of the usual ones (`loosened`)."""
    selection = select(index, query)
    chosen = list(selection.without)
    masks = [selection.all, *selection.without.values()]
    number = {facet: 1 + place for place, facet in enumerate(chosen)}
    totals = {"": selection.all, **_of_giving(index, query, selection.before, more)}
    kinds = groupby(index.dense.values(), lambda info: (number.get(info.name, 0), info.of_samples))
    alike = [(*kind, list(infos)) for kind, infos in kinds]
    jobs = [Job(index.bitmaps[infos[0].first : infos[-1].stop], mask, of_samples) for mask, of_samples, infos in alike]
    whole = [*masks, index.present]
    jobs.append(Job(np.stack(list(totals.values())), len(masks), False))
    counting = Counting(index, whole, jobs, {number.get(name, 0) for name in index.wide})
    *dense, sums = counting.run()

    def of_wide(facet: Wide) -> Tally:
        mask = number.get(facet.name, 0)
        return _wide(index, facet, whole[mask], counting.per_donor[mask])

    wide = in_parallel(of_wide, list(index.wide.values()))
    values = {
        info.name: _values(info.values, tally[info.first - infos[0].first : info.stop - infos[0].first])
        for (_, _, infos), tally in zip(alike, dense, strict=True)
        for info in infos
    }
    values |= {facet.name: _values(facet.values, tally) for facet, tally in zip(index.wide.values(), wide, strict=True)}
    found = _values(list(totals), sums)
    availability = None if query.giving is None else _availability(found)
    return Facets(index.version, found[""], {name: values[name] for name in FACETS}, availability)


def _of_giving(index: SampleIndex, query: Query, before: Words, more: Mapping[str, Giving] | None) -> dict[str, Words]:
    if query.giving is None:
        return {}
    usual = loosened(index, query.giving) if more is None else more
    lost = {f"lost {reason}": before & words for reason, words in hindrances(index, query.giving).items()}
    able = givable(index, query.giving)
    added = {f"more {name}": before & (able | givable(index, giving)) for name, giving in usual.items()}
    return {"asked": before, **lost, **added}


def _availability(found: Mapping[str, Counts]) -> Availability:
    given = found[""]
    lost = {Reason(name[5:]): counts for name, counts in found.items() if name.startswith("lost ")}
    more = {name[5:]: counts - given for name, counts in found.items() if name.startswith("more ")}
    return Availability(found["asked"], given, lost, more)


def _values(values: list[str], tally: Tally) -> dict[str, Counts]:
    return {value: Counts(*row) for value, row in zip(values, tally.tolist(), strict=True)}


def _wide(index: SampleIndex, wide: Wide, mask: Words, held: PerDonor) -> Tally:
    found = np.zeros((len(wide.values), COLUMNS), np.int64)
    specimens = held.specimens[wide.donors]
    has = specimens > 0
    found[:, 0] = _sums(specimens, wide.starts)
    found[:, 1] = _sums(held.samples[wide.donors], wide.starts)
    found[:, 2] = _sums((has if wide.named is None else has & wide.named).view(np.uint8), wide.starts)
    if wide.mixed.size:
        active = at(mask, wide.mixed)
        found[:, 0] += _sums(active.view(np.uint8), wide.mixed_starts)
        for column, runs in enumerate(wide.mixed_runs, start=1):
            found[:, column] += _runs(active, runs)
    return found


def _runs(active: npt.NDArray[np.bool_], runs: Runs) -> npt.NDArray[np.int64]:
    """How many runs of each value have an active row."""
    seen = np.zeros(int(runs.starts[-1]), np.bool_)
    seen[runs.number[active]] = True
    return _sums(seen.view(np.uint8), runs.starts)


def _sums(values: npt.NDArray[np.generic], starts: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The sums of values from each start to the next, the last of them the end; below 2**32."""
    filled = np.flatnonzero(starts[1:] > starts[:-1])
    found = np.zeros(starts.size - 1, np.int64)
    if filled.size:
        found[filled] = np.add.reduceat(values, starts[filled], dtype=np.uint32)
    return found
