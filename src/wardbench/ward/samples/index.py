"""An index of specimens that is open: bitmaps mapped into memory, and selections that were worked out lately."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
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
from wardbench.ward.samples.files import FORMAT, DenseInfo, IndexFile, RangeInfo, WideInfo
from wardbench.ward.samples.layout import Layout, Words, at

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
        self.layout = Layout(self.array("layout"))
        self.dense = {info.name: info for info in self.file.dense}
        self.ranges = {info.name: info for info in self.file.ranges}
        self.wide = {info.name: Wide(self, info) for info in self.file.wide}
        self._kept: OrderedDict[object, Words] = OrderedDict()
        self._lock = Lock()

    @classmethod
    def open(cls, folder: str | Path) -> SampleIndex:
        """The index in `folder`; NotFoundError where there is none, InputError where a file was written to since."""
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

    @cached_property
    def bitmaps(self) -> npt.NDArray[np.uint64]:
        return self.array("bitmaps")

    @cached_property
    def continues(self) -> Words:
        """Specimens of the same sample as the one in the plane before."""
        return self.array("continues")

    @cached_property
    def present(self) -> Words:
        """Positions at which there is a specimen."""
        return self.array("present")

    @cached_property
    def named(self) -> Words | None:
        """Of the donors' positions those of donors, None where all are: what has no donor has a position too."""
        nameless = self.layout.donor_words and self.file.donors < self._owners
        return self.array("named") if nameless else None

    @cached_property
    def _owners(self) -> int:
        first = [self.present[tile.start : tile.start + tile.width] for tile in self.layout]
        return int(sum(np.bitwise_count(words).sum(dtype=np.int64) for words in first))

    @cached_property
    def row_at(self) -> npt.NDArray[np.int32]:
        return self.array("row_at")

    @cached_property
    def day_at(self) -> npt.NDArray[np.int32]:
        return self.array("day_at")

    @cached_property
    def persons(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Persons, rising, and the position of a donor that each is."""
        return self.array("persons"), self.array("person_donor")

    @cached_property
    def rows(self) -> pa.Table:
        """The specimens as they were given, in the order in which they are listed; mapped, not read."""
        path = self.folder / "rows.arrow"
        if not is_sealed(path):
            raise InputError(f"{path}: missing, or written to since it was made; make the index of specimens again.")
        return pa.ipc.open_file(pa.memory_map(str(path))).read_all()

    def bits_of(self, facet: str, value: str) -> Words | None:
        """The bitmap of a value of a facet that has bitmaps; None where no specimen has it."""
        info: DenseInfo = self.dense[facet]
        if value not in info.values:
            return None
        found: Words = self.bitmaps[info.first + info.values.index(value)]
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


class Wide:
    """A facet of many values; a donor whose specimens all have the same ones counts by the donor alone."""

    def __init__(self, index: SampleIndex, info: WideInfo) -> None:
        self._index = index
        self.name, self.values = info.name, info.values
        self.place = {value: number for number, value in enumerate(info.values)}
        self.starts = np.array(info.starts)
        self.mixed_starts = np.array(info.mixed_starts)

    @cached_property
    def donors(self) -> npt.NDArray[np.int64]:
        """Positions of donors, by value."""
        return self._index.array(f"{self.name}_donors")

    @cached_property
    def named(self) -> npt.NDArray[np.bool_] | None:
        named = self._index.named
        return None if named is None else at(named, self.donors)

    @cached_property
    def mixed(self) -> npt.NDArray[np.int64]:
        """Positions of the other specimens, by value, donor and sample."""
        return self._index.array(f"{self.name}_mixed")

    @cached_property
    def mixed_runs(self) -> tuple[Runs, Runs]:
        """Which of these are of the same sample, and of the same donor."""
        return self._runs("sample"), self._runs("donor")

    def _runs(self, of: str) -> Runs:
        number = self._index.array(f"{self.name}_mixed_{of}")
        last = int(number[-1]) + 1 if number.size else 0
        begins = np.append(number, last)[self.mixed_starts]
        return Runs(number, begins)


class Runs:
    """The number of the run of each row, and the first run of each value."""

    def __init__(self, number: npt.NDArray[np.int32], starts: npt.NDArray[np.int64]) -> None:
        self.number, self.starts = number, starts
