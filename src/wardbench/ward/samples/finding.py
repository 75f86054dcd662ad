"""The specimens of a query, page by page: by donor, sample and name, so that a page is the same each time."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from wardbench.core.errors import InputError
from wardbench.ward.samples.index import SampleIndex
from wardbench.ward.samples.layout import WORD, Words, ones, unpack
from wardbench.ward.samples.query import Query
from wardbench.ward.samples.selecting import select

PAGE = 50
MOST = 100_000


@dataclass(frozen=True)
class Found:
    """A page: `rows` have the columns of `schema.SCHEMA`; `total` specimens there are in all, the first is `offset`."""

    version: str
    total: int
    offset: int
    rows: pa.Table


def find(index: SampleIndex, query: Query, *, offset: int = 0, limit: int = PAGE) -> Found:
    """The specimens from `offset` (0 for the first) on, `limit` at most; InputError where these make no page."""
    if offset < 0 or not 1 <= limit <= MOST:
        raise InputError(f"page: it starts at 0 or later and has 1 to {MOST:,} specimens.")
    words = select(index, query).all.words()
    return Found(index.version, ones(words), offset, index.rows.take(rows_of(index, words)[offset : offset + limit]))


def rows_of(index: SampleIndex, words: Words) -> npt.NDArray[np.int64]:
    """The rows of a bitmap in `SampleIndex.rows`, rising."""
    chosen = np.zeros(index.file.specimens, np.bool_)
    for low, high in pairwise(index.layout.tiles.tolist()):
        active = unpack(words[low:high]).view(np.bool_)
        chosen[index.row_at[low * WORD : high * WORD][active]] = True
    return np.flatnonzero(chosen)
