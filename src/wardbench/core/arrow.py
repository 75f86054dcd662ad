"""Arrays of numbers as Arrow columns, without copying.

`pyarrow.array` would do the same, but loads pandas first to ask whether it was given a series, which takes longer than
to find a cohort.
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
