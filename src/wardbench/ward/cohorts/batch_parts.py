"""What a batch has done so far, in a folder beside its result, so that a killed one goes on where it was.

A part holds the rows of some definitions, and a description of them that is written after it: a part without one does
not count. What was done counts again only for the same plan on the same version of the data.
"""

from __future__ import annotations

import secrets
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pyarrow as pa

from wardbench.core.store.files import write_atomically

ROWS = 2_000_000
SECONDS = 5.0


class Done(msgspec.Struct, frozen=True):
    """One definition that was run: its rows begin at `offset` of its part."""

    id: int
    plan: str
    offset: int
    rows: int
    subjects: int
    seconds: float


class _Part(msgspec.Struct, frozen=True):
    version: str
    done: list[Done]


@dataclass(frozen=True)
class _Place:
    path: Path
    done: Done


class Parts:
    """The parts of a batch that writes to `out` on `version`; those of an earlier run that was stopped included."""

    def __init__(self, out: Path, version: str, schema: pa.Schema) -> None:
        self._folder = out.with_name(f".{out.name}.parts")
        self._version, self._schema = version, schema
        self._held: dict[tuple[int, str], tuple[Done, pa.Table]] = {}
        self._held_rows = 0
        self._flushed = time.monotonic()
        self._places: dict[tuple[int, str], _Place] = dict(self._earlier())

    def find(self, id: int, plan: str) -> Done | None:
        """What an earlier run, or this one, has of a definition."""
        if (id, plan) in self._held:
            return self._held[id, plan][0]
        place = self._places.get((id, plan))
        return place.done if place else None

    def add(self, done: Done, rows: pa.Table) -> None:
        self._held[done.id, done.plan] = msgspec.structs.replace(done, offset=self._held_rows), rows
        self._held_rows += rows.num_rows
        if self._held_rows >= ROWS or time.monotonic() - self._flushed >= SECONDS:
            self._flush()

    def rows(self, id: int, plan: str) -> pa.Table:
        """The rows of a definition that was added or found."""
        if (id, plan) in self._held:
            return self._held[id, plan][1]
        place = self._places[id, plan]
        with pa.memory_map(str(place.path)) as source:
            return pa.ipc.open_file(source).read_all().slice(place.done.offset, place.done.rows)

    def remove(self) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)

    def _flush(self) -> None:
        self._folder.mkdir(exist_ok=True)
        path = self._folder / f"{secrets.token_hex(8)}.arrow"
        with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, self._schema) as writer:
            for _, rows in self._held.values():
                writer.write_table(rows)
        described = _Part(self._version, [done for done, _ in self._held.values()])
        write_atomically(path.with_suffix(".json"), msgspec.json.encode(described))
        self._places.update({(done.id, done.plan): _Place(path, done) for done in described.done})
        self._held, self._held_rows = {}, 0
        self._flushed = time.monotonic()

    def _earlier(self) -> Iterator[tuple[tuple[int, str], _Place]]:
        for path in sorted(self._folder.glob("*.json")):
            rows = path.with_suffix(".arrow")
            try:
                part = msgspec.json.decode(path.read_bytes(), type=_Part)
                with pa.memory_map(str(rows)) as source:
                    whole = pa.ipc.open_file(source).read_all().num_rows
            except (OSError, msgspec.DecodeError, pa.ArrowInvalid):
                continue
            if part.version == self._version and whole == sum(done.rows for done in part.done):
                yield from (((done.id, done.plan), _Place(rows, done)) for done in part.done)
