"""What lies in the folder of an index, as `index.json` describes it."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from wardbench.ward.samples.query import Range
from wardbench.ward.samples.schema import DIMENSIONS

FORMAT = 3
HINDERING = ("elsewhere", "depleted", "reserved", "retained")
"""Reasons against giving that are the same for every use, each with a bitmap of its own."""


class FacetInfo(msgspec.Struct, frozen=True):
    """A facet: its values, of which the bitmaps are those from `first` on."""

    name: str
    values: list[str]
    first: int

    @property
    def stop(self) -> int:
        return self.first + len(self.values)


class RangeInfo(msgspec.Struct, frozen=True):
    """A facet of numbers: where the values of each part (dimension) start among all, and the bands that are counted.

    What is not known is counted after the last band.
    """

    name: str
    starts: list[int]
    ranges: list[Range]

    def band(self, wanted: Range) -> int | None:
        """Which of the facet's values a range is, where it is one."""
        bands = [*self.ranges, Range(unknown=True)]
        return bands.index(wanted) if wanted in bands else None

    def codes(self, values: npt.NDArray[Any], wanted: Range) -> tuple[int, int]:
        """The codes from the first up to below the second are those of values within a range; 0 is not known."""
        if wanted.unknown:
            return 0, 1
        part = DIMENSIONS.index(wanted.dimension) if wanted.dimension else 0
        held = values[self.starts[part] : self.starts[part + 1]]
        low = 0 if wanted.low is None else int(np.searchsorted(held, wanted.low))
        high = held.size if wanted.high is None else int(np.searchsorted(held, wanted.high, side="right"))
        return 1 + self.starts[part] + low, 1 + self.starts[part] + high


class IndexFile(msgspec.Struct, frozen=True):
    """`index.json`; `files` are all others of the folder."""

    format: int
    version: str
    files: list[str]
    specimens: int
    samples: int
    donors: int
    facets: list[FacetInfo]
    ranges: list[RangeInfo]


def name_of(band: Range) -> str:
    """A band as the value of a facet: "volume 0..99999", "90..", empty for what is not known; `range_of` reads it."""
    if band.unknown:
        return ""
    ends = "..".join("" if end is None else str(end) for end in (band.low, band.high))
    return f"{band.dimension} {ends}" if band.dimension else ends


def range_of(name: str) -> Range:
    """The band that `name_of` named, or what is not known where it is empty."""
    if not name:
        return Range(unknown=True)
    dimension, _, ends = name.rpartition(" ")
    low, _, high = ends.partition("..")
    return Range(int(low) if low else None, int(high) if high else None, dimension)
