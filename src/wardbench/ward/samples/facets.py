"""For every facet its values with their counts, each facet without its own choice; and what can be given of it all.

The counts are exact: whoever shows them sends them through `core.disclosure`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from wardbench.ward.samples.counting import Meet, Tally, count
from wardbench.ward.samples.index import SampleIndex
from wardbench.ward.samples.query import Query
from wardbench.ward.samples.selecting import Reason, hindrances, loosened, select


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


def facets(index: SampleIndex, query: Query) -> Facets:
    """All facets of a query."""
    selection = select(index, query)
    selections = {"": selection.all, **selection.without, **_of_giving(index, query, selection.before)}
    number = {name: place for place, name in enumerate(selections)}
    within = np.repeat(
        [number.get(name, 0) for name in index.facets], [len(info.values) for info in index.facets.values()]
    )
    totals, tally = count(index.layout, list(selections.values()), index.bitmaps, within)
    found = _values(list(selections), totals)
    values = {name: _values(info.values, tally[info.first : info.stop]) for name, info in index.facets.items()}
    return Facets(index.version, found[""], values, None if query.giving is None else _availability(found))


def _of_giving(index: SampleIndex, query: Query, before: Meet) -> dict[str, Meet]:
    if query.giving is None:
        return {}
    lost = {
        f"lost {reason}": Meet((*before.inside, words)) for reason, words in hindrances(index, query.giving).items()
    }
    more = {
        f"more {name}": Meet(before.inside, tuple(hindrances(index, giving).values()))
        for name, giving in loosened(index, query.giving).items()
    }
    return {"asked": before, **lost, **more}


def _availability(found: Mapping[str, Counts]) -> Availability:
    given = found[""]
    lost = {Reason(name[5:]): counts for name, counts in found.items() if name.startswith("lost ")}
    more = {name[5:]: counts - given for name, counts in found.items() if name.startswith("more ")}
    return Availability(found["asked"], given, lost, more)


def _values(values: list[str], tally: Tally) -> dict[str, Counts]:
    return {value: Counts(*row) for value, row in zip(values, tally.tolist(), strict=True)}
