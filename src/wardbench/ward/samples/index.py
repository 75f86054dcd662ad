"""An index of specimens that is open: bitmaps mapped into memory, and selections that were worked out lately."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import fields
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from wardbench.core.errors import InputError, NotFoundError
from wardbench.core.store.seals import is_sealed
from wardbench.ward.samples.bitmaps import Bitmaps
from wardbench.ward.samples.files import FORMAT, HINDERING, IndexFile, RangeInfo
from wardbench.ward.samples.layout import Layout, Words

KEPT = 64 << 20
"""Bytes of selections that are kept."""


class SampleIndex:
    """One version of an index. Threads may share it: nothing in it changes but what is kept."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        try:
            self.file = msgspec.json.decode((folder / "index.json").read_bytes(), type=IndexFile)
        except FileNotFoundError:
            raise NotFoundError(f"{folder}: there is no index of specimens here.") from None
        except msgspec.DecodeError as error:
            raise InputError(f"{folder / 'index.json'}: not the description of an index ({error}).") from None
        if self.file.format != FORMAT:
            raise InputError(
                f"{folder / 'index.json'}: format {self.file.format}; this version of Wardbench reads format {FORMAT}."
            )
        self.layout = Layout(**{field.name: self.array(field.name) for field in fields(Layout)})
        self.facets = {info.name: info for info in self.file.facets}
        self.ranges = {info.name: info for info in self.file.ranges}
        self._kept: OrderedDict[object, Words] = OrderedDict()
        self._hindering: dict[str, Words] = {}
        self._lock = Lock()

    @classmethod
    def open(cls, folder: str | Path) -> SampleIndex:
        """The index in `folder`; NotFoundError where there is none, InputError where a file was written to since."""
        # What is compiled is there before the first question.
        from wardbench.ward.samples import kernels  # noqa: F401

        return cls(Path(folder))

    @property
    def version(self) -> str:
        return self.file.version

    def array(self, name: str) -> npt.NDArray[Any]:
        path = self.folder / f"{name}.npy"
        if not is_sealed(path):
            raise InputError(f"{path}: missing, or written to since it was made; make the index of specimens again.")
        array = np.load(path, mmap_mode="r")
        return array.view(np.ndarray) if array.size else np.zeros(array.shape, array.dtype)

    def map_all(self) -> None:
        """Map all that is mapped when it is first asked for; the folder may be removed then."""
        for name in ("bitmaps", "present", "row_at", "day_at", "persons", "rows", "slices"):
            getattr(self, name)
        for reason in HINDERING:
            self.hindering(reason)

    @cached_property
    def bitmaps(self) -> Bitmaps:
        """Of all values of all facets."""
        return Bitmaps(self.array("words"), self.array("numbers"), self.array("parts"))

    @cached_property
    def present(self) -> Words:
        """Positions at which there is a specimen."""
        return self.array("present")

    def hindering(self, reason: str) -> Words:
        """What a reason that asks for nothing else keeps from being given: one of `HINDERING`."""
        if reason not in self._hindering:
            self._hindering[reason] = self.array(reason)
        return self._hindering[reason]

    @cached_property
    def row_at(self) -> npt.NDArray[np.int32]:
        return self.array("row_at")

    @cached_property
    def day_at(self) -> npt.NDArray[np.int32]:
        return self.array("day_at")

    @cached_property
    def persons(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Persons, rising, and the first and the last position of a donor that each is."""
        return self.array("persons"), self.array("person_first"), self.array("person_last")

    @cached_property
    def rows(self) -> pa.Table:
        """The specimens as they were given, in the order in which they are listed; mapped, not read."""
        path = self.folder / "rows.arrow"
        if not is_sealed(path):
            raise InputError(f"{path}: missing, or written to since it was made; make the index of specimens again.")
        return pa.ipc.open_file(pa.memory_map(str(path))).read_all()

    def having(self, facet: str, values: Iterable[str]) -> Words:
        """The specimens that have one of these values of a facet; values that there are not are passed over."""
        info = self.facets[facet]
        found = np.zeros(self.layout.words, np.uint64)
        for value in values:
            if value in info.values:
                self.bitmaps.add_to(found, info.first + info.values.index(value))
        return found

    @cached_property
    def slices(self) -> dict[str, tuple[npt.NDArray[np.uint64], npt.NDArray[np.int64], RangeInfo]]:
        """For each facet of numbers its slices, the values that occur, and what they are."""
        return {
            name: (self.array(f"{name}_slices"), self.array(f"{name}_values"), info)
            for name, info in self.ranges.items()
        }

    def kept(self, key: object, make: Callable[[], Words]) -> Words:
        """A selection by its content; it is shared, so nobody writes to it."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        made = make()
        made.flags.writeable = False
        with self._lock:
            self._kept[key] = made
            while len(self._kept) > 1 and sum(words.nbytes for words in self._kept.values()) > KEPT:
                self._kept.popitem(last=False)
        return made

    def forget(self) -> None:
        """Let go of all that is kept."""
        with self._lock:
            self._kept.clear()
