"""From the table of specimens to an index: what is worked out once so that every question is arrays of bits.

The same specimens give the same index, whatever the order of the table; its version is the digest of its files. It is
written beside its place and moved there at once, so that a reader finds a whole index or none.
"""

from __future__ import annotations

import hashlib
import tempfile
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
from wardbench.ward.samples.chapters import category_of, chapter_of
from wardbench.ward.samples.files import FORMAT, DenseInfo, IndexFile, RangeInfo, WideInfo, name_of
from wardbench.ward.samples.layout import WORD, Words, lay_out, pack
from wardbench.ward.samples.query import UNKNOWN
from wardbench.ward.samples.schema import DIMENSIONS, checked

Ints = npt.NDArray[np.int64]
WORDS_IN_CODES = ("collection", "material", "temperature", "kind", "status", "sex", "tube", "delay", "delay_after")
WIDE = {"chapter": chapter_of, "diagnosis": category_of}
FLAGS = ("reserved", "retained")
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
            if not _is_whole(final):
                sync_tree(folder)
                if final.exists():
                    final.rename(Path(draft) / "damaged")
                folder.rename(final)
                sync(parent)
    except OSError as error:
        raise StorageError(f"{parent}: the index of specimens cannot be written ({error.strerror}).") from error
    return final


def _is_whole(folder: Path) -> bool:
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
        names = _rank(table.column("specimen"))
        sort_owner = np.where(nobody, len(self.named_donors), owner)
        kind = words["collection"].codes.astype(np.int64) * len(words["material"].words) + words["material"].codes
        order = _order(sort_owner, kind, collected, names)
        self.rows = _ordered(table, order)
        owner, kind, collected, nobody = owner[order], kind[order], collected[order], nobody[order]
        owner[nobody] = len(self.named_donors) + np.arange(int(nobody.sum()))
        self.owner: Ints = owner
        self.words = {name: _Codes(held.words, held.codes[order]) for name, held in words.items()}
        same = (owner[1:] == owner[:-1]) & (kind[1:] == kind[:-1]) & (collected[1:] == collected[:-1])
        self.continues = np.concatenate([[False], same]) if owner.size else np.zeros(0, np.bool_)
        self.counts = np.bincount(owner) if owner.size else np.zeros(0, np.int64)
        self.layout, self.donor_at, self.place = lay_out(self.counts)

    @cached_property
    def row_at(self) -> npt.NDArray[np.int32]:
        """The row of each position, -1 where there is none."""
        found = np.full(self.layout.words * WORD, -1, np.int32)
        found[self.place] = np.arange(self.place.size)
        return found

    def bits(self, flags: npt.NDArray[np.bool_]) -> Words:
        """A bitmap from one flag a row."""
        placed = np.zeros(self.layout.words * WORD, np.bool_)
        placed[self.place] = flags
        return pack(placed)

    def at_positions(self, values: npt.NDArray[Any], missing: int) -> npt.NDArray[Any]:
        placed = np.full(self.layout.words * WORD, missing, values.dtype)
        placed[self.place] = values
        return placed

    def donor_bits(self, flags: npt.NDArray[np.bool_]) -> Words:
        placed = np.zeros(self.layout.donor_words * WORD, np.bool_)
        placed[self.donor_at] = flags
        return pack(placed)

    def is_of_samples(self, codes: npt.NDArray[Any]) -> bool:
        """Whether all specimens of a sample have the same value."""
        return bool((codes[1:] == codes[:-1])[self.continues[1:]].all())

    def days(self) -> npt.NDArray[np.int32]:
        days = self.rows.column("collected").cast(pa.int64())
        seconds = _whole(days, np.iinfo(np.int64).min)
        return np.where(seconds == np.iinfo(np.int64).min, NO_DAY, seconds // 86_400).astype(np.int32)


def _write(building: _Building, folder: Path) -> str:
    made: list[tuple[bool, str, list[str], list[Words]]] = []

    def add(name: str, values: list[str], maps: list[Words], of_samples: bool) -> None:
        made.append((not of_samples, name, values, maps))

    for name, held in building.words.items():
        used = np.flatnonzero(np.bincount(held.codes, minlength=1))
        placed = building.at_positions(held.codes, -1)
        add(
            name,
            [held.words[code] for code in used],
            [pack(placed == code) for code in used],
            building.is_of_samples(held.codes),
        )
    consent = building.rows.column("consent").to_numpy().astype(np.int32)
    tiers = [building.bits((consent >> bit & 1).astype(np.bool_)) for bit in range(len(Tier))]
    add("consent", [tier.value for tier in Tier], tiers, building.is_of_samples(consent))
    ranges = []
    for name in ("age", "collected", "amount", "thaws"):
        info, maps, of_samples = _write_range(building, name, folder)
        ranges.append(info)
        add(name, [name_of(band) for band in info.ranges] + [UNKNOWN], maps, of_samples)
    dense: list[DenseInfo] = []
    bitmaps: list[Words] = []
    # Facets that are counted in the same way stand together, so that they are counted at once.
    for differs, name, values, maps in sorted(made, key=lambda facet: facet[0]):
        dense.append(DenseInfo(name, values, len(bitmaps), not differs))
        bitmaps.extend(maps)
    np.save(folder / "bitmaps.npy", _stacked(bitmaps, building.layout.words))
    bitmaps.clear()
    made.clear()
    wide = [_write_wide(building, name, folder) for name in WIDE]
    _write_rest(building, folder)
    samples = int(np.count_nonzero(~building.continues))
    donors = len(building.named_donors)
    names = sorted(path.name for path in folder.iterdir())
    file = IndexFile(FORMAT, "", names, building.rows.num_rows, samples, donors, dense, ranges, wide)
    return _close(file, folder)


def _write_range(building: _Building, name: str, folder: Path) -> tuple[RangeInfo, list[Words], bool]:
    """Slices by which any range of a column is found in as many operations as its values have bits.

    Values are replaced by their place among those that occur, from 1; 0 is not known. Slices are kept inverted.
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
    np.save(folder / f"{name}_slices.npy", _stacked(slices, building.layout.words))
    np.save(folder / f"{name}_values.npy", held)
    info = RangeInfo(name, starts, [])
    bands, maps = [], []
    band_of = np.zeros(numbers.size, np.int32)
    for band in bands_of(name, held):
        low, high = info.codes(held, band)
        within = (placed >= low) & (placed < high)
        if within.any():
            bands.append(band)
            maps.append(pack(within))
            band_of[(codes >= low) & (codes < high)] = len(bands)
    maps.append(building.bits(~known))
    return RangeInfo(name, starts, bands), maps, building.is_of_samples(band_of)


def _parts(building: _Building, name: str, known: npt.NDArray[np.bool_]) -> list[tuple[int, npt.NDArray[np.bool_]]]:
    """Amounts are ordered within their dimension; all other numbers are of one kind."""
    if name != "amount":
        return [(0, known)]
    held = _codes(building.rows.column("dimension"))
    code = {word: place for place, word in enumerate(held.words)}
    return [(part, known & (held.codes == code.get(dimension, -1))) for part, dimension in enumerate(DIMENSIONS)]


def _write_wide(building: _Building, name: str, folder: Path) -> WideInfo:
    """Which donors have a value, where all their specimens have the same values; and single specimens of the others."""
    values, row, code = _pairs(building, name)
    owner = building.owner[row]
    size = max(len(values), 1)
    has = _distinct(owner * size + code)
    kinds = np.bincount(has // size, minlength=building.counts.size)
    even = np.bincount(owner, minlength=building.counts.size) == kinds * building.counts
    donor, value = has // size, has % size
    chosen = np.flatnonzero(even[donor])
    by_value = np.lexsort((building.donor_at[donor[chosen]], value[chosen]))
    np.save(folder / f"{name}_donors.npy", building.donor_at[donor[chosen]][by_value])
    mixed = np.flatnonzero(~even[owner])
    sample = np.cumsum(~building.continues) - 1
    # Rows stand by donor and sample already, so that a stable order by value is by value, donor and sample.
    order = mixed[np.argsort(code[mixed], kind="stable")]
    np.save(folder / f"{name}_mixed.npy", building.place[row[order]])
    np.save(folder / f"{name}_mixed_sample.npy", _numbered(code[order], sample[row[order]]))
    np.save(folder / f"{name}_mixed_donor.npy", _numbered(code[order], owner[order]))
    starts = np.searchsorted(value[chosen][by_value], np.arange(len(values) + 1))
    mixed_starts = np.searchsorted(code[order], np.arange(len(values) + 1))
    return WideInfo(name, values, starts.tolist(), mixed_starts.tolist())


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
    return np.asarray(keys[np.append(True, keys[1:] != keys[:-1])[: keys.size]])


def _numbered(*keys: Ints) -> npt.NDArray[np.int32]:
    """The number of each run of rows with the same keys, from 0."""
    new = np.zeros(keys[0].size, np.bool_)
    for key in keys:
        new[1:] |= key[1:] != key[:-1]
    return np.cumsum(new, dtype=np.int32)


def _write_rest(building: _Building, folder: Path) -> None:
    np.save(folder / "layout.npy", building.layout.table)
    np.save(folder / "row_at.npy", building.row_at)
    np.save(folder / "day_at.npy", building.at_positions(building.days(), NO_DAY))
    np.save(folder / "continues.npy", building.bits(building.continues))
    np.save(folder / "present.npy", building.bits(np.ones(building.place.size, np.bool_)))
    named = np.arange(building.counts.size) < len(building.named_donors)
    np.save(folder / "named.npy", building.donor_bits(named))
    for name in FLAGS:
        np.save(folder / f"{name}.npy", building.bits(building.rows.column(name).to_numpy()))
    persons, donor = _persons(building)
    np.save(folder / "persons.npy", persons)
    np.save(folder / "person_donor.npy", building.donor_at[donor])
    with pa.OSFile(str(folder / "rows.arrow"), "wb") as sink, pa.ipc.new_file(sink, building.rows.schema) as writer:
        writer.write_table(building.rows)


def _persons(building: _Building) -> tuple[Ints, Ints]:
    """Each person with each of their donors, by person."""
    column = building.rows.column("person_id")
    known = column.is_valid().to_numpy() & (building.owner < len(building.named_donors))
    pairs = np.unique(np.stack([_whole(column, 0)[known], building.owner[known]], axis=1), axis=0)
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


def _stacked(maps: list[Words], words: int) -> npt.NDArray[np.uint64]:
    return np.stack(maps) if maps else np.zeros((0, words), np.uint64)


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


def _rank(names: pa.ChunkedArray) -> Ints:
    """The place of each name among all."""
    if len(names) < 2 or pc.all(pc.less(names.slice(0, len(names) - 1), names.slice(1))).as_py():
        return np.arange(len(names))
    rank = np.empty(len(names), np.int64)
    rank[pc.sort_indices(names).to_numpy()] = np.arange(len(names))
    return rank


def _order(*keys: Ints) -> Ints:
    """The order of rows by these keys; as they stand where they are in order already."""
    later = np.zeros(max(keys[0].size - 1, 0), np.bool_)
    equal = ~later
    for key in keys:
        later |= equal & (key[1:] < key[:-1])
        equal &= key[1:] == key[:-1]
    return np.lexsort(keys[::-1]) if later.any() else np.arange(keys[0].size)
