"""Arrays of numbers as Arrow columns and back, without copying.

pyarrow has functions for both (`array`, `scalar`, `to_numpy`), but they load pandas first to ask whether they are given
something of its own, which takes longer than to find a cohort.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa


def column(values: npt.NDArray[Any]) -> pa.Array:
    """Whole numbers or fractions, none missing; the column shares their memory, so that nobody may change them."""
    held = np.ascontiguousarray(values)
    return pa.Array.from_buffers(pa.from_numpy_dtype(held.dtype), held.size, [None, pa.py_buffer(held)])


def whole_numbers(column: pa.ChunkedArray) -> npt.NDArray[Any]:
    """The values of a column of signed whole numbers, or of its days since 1970. ValueError where one is missing."""
    held = column.combine_chunks()
    if held.null_count:
        raise ValueError("a value is missing")
    kind = np.dtype(f"i{held.type.bit_width // 8}")
    return np.frombuffer(held.buffers()[1] or b"", kind, len(held), held.offset * kind.itemsize)
