"""From the table of specimens to an index: what is worked out once so that every question is arrays of bits.

The same specimens give the same index, whatever the order of the table; its version is the digest of its files. It is
written beside its place and moved there at once, so that a reader finds a whole index or none.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from wardbench.core.consent import Tier
from wardbench.core.errors import StorageError
from wardbench.core.store.files import sha256_of, sync, sync_tree
from wardbench.core.store.seals import is_sealed, seal
from wardbench.ward.samples.bands import bands_of
from wardbench.ward.samples.bitmaps import Bitmaps
from wardbench.ward.samples.chapters import category_of, chapter_of
from wardbench.ward.samples.files import FORMAT, HINDERING, FacetInfo, IndexFile, RangeInfo, name_of
from wardbench.ward.samples.layout import WORD, Ints, Words, begins, lay_out, pack, setting
from wardbench.ward.samples.query import CATEGORIES, FACETS, UNKNOWN
from wardbench.ward.samples.schema import DIMENSIONS, GIVEABLE, checked

WORDS_IN_CODES = ("collection", "material", "temperature", "kind", "status", "sex", "tube", "delay", "delay_after")
WIDE = {"chapter": chapter_of, "diagnosis": category_of}
NO_DAY = np.iinfo(np.int32).min


def write_index(table: pa.Table, parent: Path) -> Path:
    """Write the index of `table` (`schema.SCHEMA`) into a folder of `parent` named by its version; the folder.

    InputError where the table is not as it should be, StorageError where the disk refuses.
    """
    try:
        parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=parent, prefix=".") as draft:
            folder = Path(draft) / "index"
            folder.mkdir()
            version = build_index(table, folder)
            final = parent / version
            if not is_whole(final):
                sync_tree(folder)
                if final.exists():
                    final.rename(Path(draft) / "damaged")
                folder.rename(final)
                sync(parent)
    except OSError as error:
        raise StorageError(f"{parent}: the index of specimens cannot be written ({error.strerror}).") from error
    return final


def is_whole(folder: Path) -> bool:
    """Whether there is an index in a folder of which nothing is missing, and nothing was written to since."""
    try:
        described = msgspec.json.decode((folder / "index.json").read_bytes(), type=IndexFile)
    except (OSError, msgspec.DecodeError):
        return False
    return all(is_sealed(folder / name) for name in described.files)


def build_index(table: pa.Table, folder: Path) -> str:
    """Write the index of `table` into an empty folder, file by file; its version."""
    return _write(_Building(checked(table)), folder)


@dataclass(frozen=True)
class _Codes:
    """A column of words: the words in order, the first one for what is not known, and the place of each row's."""

    words: list[str]
    codes: npt.NDArray[np.int32]


class _Building:
    """The rows in their order: by donor, sample, name. Rows without a donor stand last, each by itself."""

    def __init__(self, table: pa.Table) -> None:
        donors = _codes(table.column("donor"))
        self.named_donors = donors.words[1:]
        owner = donors.codes.astype(np.int64) - 1
        nobody = owner < 0
        words = {name: _codes(table.column(name)) for name in WORDS_IN_CODES}
        collected = _whole(table.column("collected").cast(pa.int64()), np.iinfo(np.int64).min)
        sort_owner = np.where(nobody, len(self.named_donors), owner)
        kind = words["collection"].codes.astype(np.int64) * len(words["material"].words) + words["material"].codes
        order = _order(sort_owner, kind, collected, table.column("specimen"))
        self.rows = _ordered(table, order)
        owner, kind, collected, nobody = owner[order], kind[order], collected[order], nobody[order]
        owner[nobody] = len(self.named_donors) + np.arange(int(nobody.sum()))
        self.owner: Ints = owner
        self.words = {name: _Codes(held.words, held.codes[order]) for name, held in words.items()}
        same = (owner[1:] == owner[:-1]) & (kind[1:] == kind[:-1]) & (collected[1:] == collected[:-1])
        self.continues = np.concatenate([[False], same]) if owner.size else np.zeros(0, np.bool_)
        self.layout, self.place = lay_out(owner, self.continues, len(self.named_donors), self._alike())

    @cached_property
    def row_at(self) -> npt.NDArray[np.int32]:
        """The row of each position, -1 where there is none."""
        found = np.full(self.layout.words * WORD, -1, np.int32)
        found[self.place] = np.arange(self.place.size)
        return found

    def _alike(self) -> Ints:
        """The donors, those of whom the first specimen is alike beside one another."""
        first = np.flatnonzero(begins(self.owner))
        counts = np.diff(np.append(first, self.owner.size))
        consent = self.rows.column("consent").to_numpy()[first]
        return np.lexsort((counts, consent, *(self.words[name].codes[first] for name in ("sex", "collection"))))

    def bits(self, rows: Ints) -> Words:
        """The bitmap of these rows."""
        return setting(self.layout.words, self.place[rows])

    def at_positions(self, values: npt.NDArray[Any], missing: int) -> npt.NDArray[Any]:
        placed = np.full(self.layout.words * WORD, missing, values.dtype)
        placed[self.place] = values
        return placed

    def days(self) -> npt.NDArray[np.int32]:
        days = self.rows.column("collected").cast(pa.int64())
        seconds = _whole(days, np.iinfo(np.int64).min)
        return np.where(seconds == np.iinfo(np.int64).min, NO_DAY, seconds // 86_400).astype(np.int32)


def _write(building: _Building, folder: Path) -> str:
    facets: list[FacetInfo] = []
    ranges: list[RangeInfo] = []
    made: list[Bitmaps] = []
    for name in FACETS:
        if name in CATEGORIES:
            values, rows = _of_words(building, name)
        else:
            info, rows = _write_range(building, name, folder)
            ranges.append(info)
            values = [*map(name_of, info.ranges), UNKNOWN]
        facets.append(FacetInfo(name, values, facets[-1].stop if facets else 0))
        made.append(Bitmaps.of(map(building.bits, rows), building.layout.tiles))
    for name, array in vars(Bitmaps.joined(made)).items():
        np.save(folder / f"{name}.npy", array)
    made.clear()
    _write_rest(building, folder)
    samples = int(np.count_nonzero(~building.continues))
    donors = len(building.named_donors)
    names = sorted(path.name for path in folder.iterdir())
    return _close(IndexFile(FORMAT, "", names, building.rows.num_rows, samples, donors, facets, ranges), folder)


def _of_words(building: _Building, name: str) -> tuple[list[str], Iterable[Ints]]:
    """The values of a facet of words, and the rows of each."""
    if name == "consent":
        tiers = building.rows.column(name).to_numpy()
        return [tier.value for tier in Tier], [np.flatnonzero(tiers >> bit & 1) for bit in range(len(Tier))]
    if name in WIDE:
        values, row, code = _pairs(building, name)
        return values, (row[chosen] for chosen in _by_code(code, len(values)))
    held = building.words[name]
    used = np.flatnonzero(np.bincount(held.codes, minlength=1))
    by_code = _by_code(held.codes, len(held.words))
    return [held.words[code] for code in used], [rows for rows in by_code if rows.size]


def _by_code(codes: npt.NDArray[Any], size: int) -> Iterator[Ints]:
    """The places of each code below `size`."""
    order = np.argsort(codes.astype(np.min_scalar_type(size)), kind="stable")
    return iter(np.split(order, np.cumsum(np.bincount(codes, minlength=size))[:-1]))


def _write_range(building: _Building, name: str, folder: Path) -> tuple[RangeInfo, list[Ints]]:
    """The bands of a facet of numbers, the rows of each, and after them those of what is not known.

    Also writes slices by which any range is found in as many operations as the column's values have bits. Values are
    replaced by their place among those that occur, from 1; 0 is not known. Slices are kept inverted.
    """
    column = building.rows.column(name)
    if name == "collected":
        known, numbers = building.days() != NO_DAY, building.days().astype(np.int64)
    else:
        known, numbers = column.is_valid().to_numpy(), _whole(column.cast(pa.int64()), 0)
    starts = [0]
    codes = np.zeros(numbers.size, np.int32)
    values = []
    for part, chosen in _parts(building, name, known):
        distinct, inverse = np.unique(numbers[chosen], return_inverse=True)
        codes[chosen] = inverse + 1 + starts[part]
        values.append(distinct)
        starts.append(starts[part] + distinct.size)
    held = np.concatenate(values)
    placed = building.at_positions(codes, 0)
    slices = [pack((placed >> bit & 1) == 0) for bit in range(int(held.size).bit_length())]
    np.save(folder / f"{name}_slices.npy", np.array(slices, np.uint64).reshape(len(slices), building.layout.words))
    np.save(folder / f"{name}_values.npy", held)
    info = RangeInfo(name, starts, [])
    bands, rows = [], []
    for band in bands_of(name, held):
        low, high = info.codes(held, band)
        within = np.flatnonzero((codes >= low) & (codes < high))
        if within.size:
            bands.append(band)
            rows.append(within)
    return RangeInfo(name, starts, bands), [*rows, np.flatnonzero(~known)]


def _parts(building: _Building, name: str, known: npt.NDArray[np.bool_]) -> list[tuple[int, npt.NDArray[np.bool_]]]:
    """Amounts are ordered within their dimension; all other numbers are of one kind."""
    if name != "amount":
        return [(0, known)]
    held = _codes(building.rows.column("dimension"))
    code = {word: place for place, word in enumerate(held.words)}
    return [(part, known & (held.codes == code.get(dimension, -1))) for part, dimension in enumerate(DIMENSIONS)]


def _pairs(building: _Building, name: str) -> tuple[list[str], Ints, Ints]:
    """Each row with each of its values, once, by row: the values in order, and row and value of each pair."""
    lists = building.rows.column("diagnoses")
    lists = lists.chunk(0) if lists.num_chunks else pa.array([], lists.type)
    held = _codes(pa.chunked_array([pc.list_flatten(lists)], pa.string()))
    row = pc.list_parent_indices(lists).to_numpy().astype(np.int64)
    mapped = [UNKNOWN, *(WIDE[name](word) for word in held.words[1:])]
    values = sorted(set(mapped))
    place = {value: number for number, value in enumerate(values)}
    code = np.array([place[value] for value in mapped], np.int64)[held.codes]
    none = np.flatnonzero(np.bincount(row, minlength=building.rows.num_rows) == 0)
    keys = _distinct(np.concatenate([row * len(values) + code, none * len(values)]))
    return values, keys // len(values), keys % len(values)


def _distinct(keys: Ints) -> Ints:
    """Each key once, rising."""
    keys = np.sort(keys)
    return np.asarray(keys[begins(keys)])


def _write_rest(building: _Building, folder: Path) -> None:
    for name, array in vars(building.layout).items():
        np.save(folder / f"{name}.npy", array)
    np.save(folder / "row_at.npy", building.row_at)
    np.save(folder / "day_at.npy", building.at_positions(building.days(), NO_DAY))
    np.save(folder / "present.npy", building.bits(np.arange(building.place.size)))
    for name, flags in _hindering(building).items():
        np.save(folder / f"{name}.npy", building.bits(np.flatnonzero(flags)))
    persons, donor = _persons(building)
    np.save(folder / "persons.npy", persons)
    np.save(folder / "person_first.npy", building.place[np.searchsorted(building.owner, donor)])
    np.save(folder / "person_last.npy", building.place[np.searchsorted(building.owner, donor, side="right") - 1])
    with pa.OSFile(str(folder / "rows.arrow"), "wb") as sink, pa.ipc.new_file(sink, building.rows.schema) as writer:
        writer.write_table(building.rows)


def _hindering(building: _Building) -> dict[str, npt.NDArray[np.bool_]]:
    """Which rows each reason of `HINDERING` keeps from being given."""
    status, amount = building.words["status"], _whole(building.rows.column("amount"), 1)
    here = [place for place, word in enumerate(status.words) if word in (*GIVEABLE, "used_up")]
    used_up = [place for place, word in enumerate(status.words) if word == "used_up"]
    flags = (
        ~np.isin(status.codes, here),
        np.isin(status.codes, used_up) | (amount == 0),
        building.rows.column("reserved").to_numpy(),
        building.rows.column("retained").to_numpy(),
    )
    return dict(zip(HINDERING, flags, strict=True))


def _persons(building: _Building) -> tuple[Ints, Ints]:
    """Each person with each of their donors, by person."""
    column = building.rows.column("person_id")
    known = column.is_valid().to_numpy() & (building.owner < len(building.named_donors))
    person, owner = _whole(column, 0)[known], building.owner[known]
    other = begins(person) | begins(owner)
    pairs = np.unique(np.stack([person[other], owner[other]], axis=1), axis=0)
    return pairs[:, 0], pairs[:, 1]


def _close(file: IndexFile, folder: Path) -> str:
    """Describe and seal what was written; its version."""
    digest = hashlib.sha256(msgspec.json.encode(file))
    for name in file.files:
        digest.update(f"{name} {sha256_of(folder / name)}\n".encode())
    version = digest.hexdigest()[:16]
    description = msgspec.structs.replace(file, version=version)
    (folder / "index.json").write_bytes(msgspec.json.format(msgspec.json.encode(description), indent=1))
    for name in file.files:
        seal(folder / name)
    return version


def _codes(column: pa.ChunkedArray) -> _Codes:
    """Words in order; those of a column of dictionaries or of texts."""
    if not pa.types.is_dictionary(column.type):
        column = pc.dictionary_encode(column)
    column = column.unify_dictionaries()
    if not len(column):
        return _Codes([UNKNOWN], np.zeros(0, np.int32))
    words = column.chunk(0).dictionary
    indices = _whole(pa.chunked_array([chunk.indices for chunk in column.chunks]), -1)
    used = np.bincount(indices + 1, minlength=len(words) + 1)[1:] > 0
    order = pc.sort_indices(words).to_numpy()
    order = order[used[order]]
    place = np.zeros(len(words) + 1, np.int32)
    place[order] = np.arange(1, order.size + 1)
    return _Codes([UNKNOWN, *words.take(order).to_pylist()], place[indices])


def _whole(column: pa.ChunkedArray, missing: int) -> npt.NDArray[Any]:
    filled = pc.fill_null(column, pa.scalar(missing, column.type))
    return np.asarray(filled.to_numpy())


def _ordered(table: pa.Table, order: Ints) -> pa.Table:
    """The rows in this order, the words of each column in theirs."""
    columns = {}
    for name in table.column_names:
        column = table.column(name)
        if pa.types.is_dictionary(column.type):
            held = _codes(column)
            codes = pa.array(held.codes[order] - 1, mask=held.codes[order] == 0)
            columns[name] = pa.DictionaryArray.from_arrays(codes, pa.array(held.words[1:], pa.string()))
        else:
            columns[name] = column.take(pa.array(order)).combine_chunks()
    return pa.table(columns)


def _order(owner: Ints, kind: Ints, collected: Ints, names: pa.ChunkedArray) -> Ints:
    """The order of rows by owner, kind, day and name. Rows of an owner that stand in it already are left as they stand,
    as nearly all do in those of an index of which some changed: names are dear to sort."""
    order = np.argsort(owner, kind="stable") if np.any(owner[1:] < owner[:-1]) else np.arange(owner.size)
    owner, kind, collected, names = owner[order], kind[order], collected[order], names.take(pa.array(order))
    wrong = np.zeros(max(owner.size - 1, 0), np.bool_)
    equal = owner[1:] == owner[:-1]
    for key in (kind, collected):
        wrong |= equal & (key[1:] < key[:-1])
        equal &= key[1:] == key[:-1]
    wrong |= equal & pc.less(names.slice(1), names.slice(0, max(len(names) - 1, 0))).to_numpy()
    mixed = np.zeros(int(owner.max(initial=0)) + 1, np.bool_)
    mixed[owner[1:][wrong]] = True
    again = np.flatnonzero(mixed[owner])
    rank = np.empty(again.size, np.int64)
    rank[pc.sort_indices(names.take(pa.array(again))).to_numpy()] = np.arange(again.size)
    order[again] = order[again][np.lexsort((rank, collected[again], kind[again], owner[again]))]
    return order
