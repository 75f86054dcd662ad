"""What is compiled is loaded when it is needed, and works where nothing can be kept of it."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
from numba import types

from wardbench.ward.samples import kernels


def test_the_command_line_begins_without_the_compiler() -> None:
    asked = "import sys, wardbench.cli, wardbench.ward.samples; sys.exit('numba' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", asked], check=False).returncode == 0


def test_a_loop_that_cannot_be_kept_on_disk_is_compiled_all_the_same() -> None:
    nowhere: dict[str, Any] = {}
    exec("def loop(found):\n    found[0] = 7", nowhere)
    loop = kernels._compiled(types.int64[::1])(nowhere["loop"])
    found = np.zeros(1, np.int64)
    loop(found)
    assert found[0] == 7 and loop.nopython_signatures


def test_fields_are_counted_by_their_last_bits() -> None:
    """Of all words of eight bits with all ways to divide them: a field counts where any of its bits is set."""
    words, ends = (grid.reshape(-1).astype(np.uint64) for grid in np.meshgrid(np.arange(256), np.arange(256)))
    found = np.zeros((1, 3), np.int64)
    long = np.zeros(0, np.int32)
    for begin in range(0, words.size, 4096):
        word, end = words[begin : begin + 4096], ends[begin : begin + 4096]
        parts, within = np.array([[0, word.size]]), np.zeros(1, np.int64)
        kernels.count(word, np.zeros(0, np.uint32), parts, within, word[None], end, end, long, long, 0, found)
        assert found[0].tolist() == [
            sum(bits.bit_count() for bits in word.tolist()), *[sum(map(fields, word.tolist(), end.tolist()))] * 2
        ]  # fmt: skip


def fields(word: int, ends: int) -> int:
    found, any_set = 0, False
    for bit in range(8):
        any_set |= bool(word >> bit & 1)
        if ends >> bit & 1:
            found += any_set
            any_set = False
    return found
