"""Results of nodes by content: in memory as long as there is room, and on disk when they were long in the making.

On disk a result is named by its node's digest below the snapshot's version, so that it can never be stale; `FORM` is
part of the place, and goes up when the arrays of a node change their meaning or order.
"""

from __future__ import annotations

import os
import tempfile
import zlib
from collections import OrderedDict
from collections.abc import Callable, Iterable
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from wardbench.ward.cohorts.engines.arrays.days import Array
from wardbench.ward.cohorts.engines.arrays.rows import NAMES, Rows
from wardbench.ward.cohorts.plan import Relation

FORM = 1
MEMORY = 1 << 30
DISK = 2 << 30

Mask = tuple[Relation, Array]


class Kept:
    """The rows of nodes, and of nodes that select from another which rows they keep."""

    def __init__(self, *, memory: int = MEMORY, disk: Disk | None = None) -> None:
        self._memory, self._disk = memory, disk
        self._rows: OrderedDict[Relation, Rows] = OrderedDict()
        self._masks: OrderedDict[Relation, Mask] = OrderedDict()

    def rows(self, node: Relation) -> Rows | None:
        if node in self._rows:
            self._rows.move_to_end(node)
            return self._rows[node]
        found = self._disk.rows(node) if self._disk else None
        if found is not None:
            self._rows[node] = found
        return found

    def keep_rows(self, node: Relation, rows: Rows, seconds: float) -> None:
        self._rows[node] = rows
        if self._disk is not None and seconds >= self._disk.worth:
            self._disk.keep_rows(node, rows)

    def mask(self, node: Relation, base: Relation | None) -> Mask | None:
        """What `node` keeps of `base`; None where it is not known."""
        if node in self._masks:
            self._masks.move_to_end(node)
            return self._masks[node]
        found = self._disk.mask(node) if self._disk and base is not None else None
        if found is None or base is None:
            return None
        self._masks[node] = base, found
        return self._masks[node]

    def keep_mask(self, node: Relation, mask: Mask, seconds: float) -> None:
        self._masks[node] = mask
        if self._disk is not None and seconds >= self._disk.worth:
            self._disk.keep_mask(node, mask[1])

    def forget(self, done: Callable[[Relation], bool]) -> None:
        """Let go of the results of nodes that are `done` with."""
        for held in (self._rows, self._masks):
            for node in [node for node in held if done(node)]:
                del held[node]

    def trim(self) -> None:
        """Let go of what was used longest ago until the rest has room in memory."""
        masks = sum(mask.nbytes for _, mask in self._masks.values())
        while self._masks and masks > self._memory // 4:
            _, (_, mask) = self._masks.popitem(last=False)
            masks -= mask.nbytes
        while self._rows and _reachable(self._rows.values()) > self._memory - masks:
            self._rows.popitem(last=False)


def _reachable(held: Iterable[Rows]) -> int:
    """Bytes of all arrays that rows hold, those of rows they were taken from included, each once."""
    seen: dict[int, Rows] = {}
    stack = list(held)
    while stack:
        rows = stack.pop()
        if id(rows) not in seen:
            seen[id(rows)] = rows
            stack.extend(rows.sources)
    return sum(rows.nbytes for rows in seen.values())


class Disk:
    """A folder of results, the least recently used removed when they are more than `limit` bytes."""

    def __init__(self, folder: Path, *, limit: int = DISK, worth: float = 0.02) -> None:
        self._folder = folder / f"nodes-{FORM}"
        self._limit = limit
        self.worth = worth
        """How many seconds a result took to make to be kept."""

    def rows(self, node: Relation) -> Rows | None:
        found = self._open(node, "rows")
        return None if found is None else Rows(found.pop("size").item(), found, unique=bool(found.pop("unique")))

    def mask(self, node: Relation) -> Array | None:
        found = self._open(node, "mask")
        if found is None:
            return None
        return np.unpackbits(found["mask"], count=int(found["size"])).astype(bool)

    def keep_rows(self, node: Relation, rows: Rows) -> None:
        columns = {name: rows[name] for name in NAMES if rows.has(name)}
        self._write(node, "rows", size=np.array(rows.size), unique=np.array(rows.unique), **columns)

    def keep_mask(self, node: Relation, mask: Array) -> None:
        self._write(node, "mask", size=np.array(mask.size), mask=np.packbits(mask))

    def _path(self, node: Relation, what: str) -> Path:
        return self._folder / f"{node.digest}.{what}.npz"

    def _open(self, node: Relation, what: str) -> dict[str, Array] | None:
        path = self._path(node, what)
        try:
            with np.load(path, allow_pickle=False) as found:
                arrays = {name: found[name] for name in found.files}
            path.touch()
        except (OSError, ValueError, EOFError, BadZipFile, NotImplementedError, RuntimeError, zlib.error):
            # Damaged in whatever way: made again, as if it were not there.
            return None
        return arrays if {"size", "mask" if what == "mask" else "unique"} <= arrays.keys() else None

    def _write(self, node: Relation, what: str, **arrays: Array) -> None:
        """Write a result; where the disk refuses, it is made again another time."""
        if sum(array.nbytes for array in arrays.values()) > self._limit // 8:
            return
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=self._folder, prefix=".") as folder:
                draft = Path(folder) / "result.npz"
                np.savez(draft, **arrays)  # type: ignore[arg-type]
                self._make_room(draft.stat().st_size)
                draft.replace(self._path(node, what))
        except OSError:
            return

    def _make_room(self, size: int) -> None:
        files = [(stat.st_mtime, stat.st_size, path) for path in self._folder.glob("*.npz") if (stat := _stat(path))]
        there = sum(bytes for _, bytes, _ in files)
        for _, bytes, path in sorted(files):
            if there + size <= self._limit:
                return
            path.unlink(missing_ok=True)
            there -= bytes


def _stat(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except FileNotFoundError:
        return None
