"""The inventory as a table for `ward.samples`: one row for each specimen, with what its donor allows in bits.

What the database holds goes into columns as it is, some thousand specimens at once and donor by donor, so that little
is held besides the table itself and no specimen becomes an object.
"""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Collection as Several
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import islice
from operator import and_
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from django.db import connection
from django.db.models import QuerySet, TextField
from django.db.models.functions import Cast
from django.utils import timezone

from wardbench.campus.biobank import consents, descent, places
from wardbench.campus.biobank.amounts import UNITS
from wardbench.campus.biobank.models import Collection, DonorLink, Specimen
from wardbench.campus.samples import recorded
from wardbench.campus.samples.recorded import Recorded
from wardbench.core.consent import Basis, Tier, bits, mask
from wardbench.ward.samples import SCHEMA
from wardbench.ward.samples.schema import MOST_THAWS, OLDEST

FORM = 2
"""Raised whenever the same inventory makes another table: what an earlier version projected is not taken over then."""
CHUNK = 20_000
MOST_NAMED = 500
"""Specimens that one question names."""
QUARTER = 900
"""Seconds; what a zone's clocks differ by changes at whole quarters of an hour."""
SEXES = {"Female": "female", "Male": "male", "Undifferentiated": "other"}
_AS_THEY_ARE = (
    *("collected", "thaws", "amount", "unit", "material", "kind", "status", "tube", "sprec", "diagnosis", "retained"),
    "reserved",
)
_OF_DONORS = ("donor__sex", "donor__birth_year", "donor__link__person_id")
_NAMES = ("id", "donor_id", "collection_id", "box_id")
T = TypeVar("T")


def _type_of(field: pa.Field) -> pa.DataType:
    kept = field.name == "specimen" or not pa.types.is_string(field.type)
    return field.type if kept else pa.dictionary(pa.int32(), pa.string())


PROJECTED = pa.schema([pa.field(field.name, _type_of(field), nullable=field.nullable) for field in SCHEMA])
"""`ward.samples.SCHEMA` with words as dictionaries, as an index keeps its rows."""


def table() -> pa.Table:
    """Every specimen of the inventory as it is now, in the columns of `PROJECTED`."""
    persons = DonorLink.objects.values_list("person_id", flat=True)
    around = _Around.read(recorded.diagnoses(persons.iterator(chunk_size=CHUNK)))
    found = _values(Specimen.objects.order_by("donor_id", "id")).iterator(chunk_size=CHUNK)
    return pa.Table.from_batches([around.batch(rows) for rows in _parts(found, CHUNK)], schema=PROJECTED)


def table_of(specimens: Several[uuid.UUID]) -> pa.Table:
    """These specimens as they are now, in the columns of `PROJECTED`; what is not there any more is left out."""
    linked = DonorLink.objects.values_list("person_id", flat=True)
    persons = {one for ids in _parts(specimens, MOST_NAMED) for one in linked.filter(donor__specimens__in=ids)}
    around = _Around.read(recorded.diagnoses(persons))
    found = (row for ids in _parts(specimens, MOST_NAMED) for row in _values(Specimen.objects.filter(id__in=ids)))
    return pa.Table.from_batches([around.batch(rows) for rows in _parts(found, CHUNK)], schema=PROJECTED)


def renewed(rows: pa.Table, specimens: Several[uuid.UUID]) -> pa.Table:
    """`rows`, those of an index, with these specimens as they are now; `rows` itself where that is the same."""
    theirs = pc.is_in(rows.column("specimen"), value_set=pa.array(map(str, specimens), pa.string()))
    was, now = rows.filter(theirs), table_of(specimens)
    if _plain(was).equals(_plain(now)):
        return rows
    return pa.concat_tables([rows.filter(pc.invert(theirs)), now.cast(rows.schema)])


def _parts(things: Iterable[T], size: int) -> Iterator[tuple[T, ...]]:
    remaining = iter(things)
    while part := tuple(islice(remaining, size)):
        yield part


def _plain(rows: pa.Table) -> pa.Table:
    return rows.cast(SCHEMA).sort_by("specimen")


def _values(found: QuerySet[Specimen]) -> QuerySet[Specimen, tuple[Any, ...]]:
    """What is read of specimens: `_NAMES` as the database spells them, `_AS_THEY_ARE`, and `_OF_DONORS`."""
    spelled = {f"{name}_text": Cast(name, TextField()) for name in _NAMES}
    return found.annotate(**spelled).values_list(*spelled, *_AS_THEY_ARE, *_OF_DONORS)


def _spelled(one: uuid.UUID) -> str:
    """How the database spells an id."""
    return str(one) if connection.features.has_native_uuid_field else one.hex


def _names(texts: Sequence[str | None]) -> pa.Array:
    """Ids as the database spells them, as everybody does."""
    names = pa.array(texts, pa.string())
    if connection.features.has_native_uuid_field:
        return names
    ends = ((0, 8), (8, 12), (12, 16), (16, 20), (20, 32))
    return pc.binary_join_element_wise(*(pc.utf8_slice_codeunits(names, low, high) for low, high in ends), "-")


@dataclass(frozen=True)
class _Around:
    """What there is besides specimens and donors: of each collection its code and basis, of each container how cold it
    is, by their ids as the database spells them; and what was on record of persons."""

    collections: Mapping[str, tuple[uuid.UUID, str, Basis]]
    temperatures: Mapping[str | None, str]
    known: Recorded

    @classmethod
    def read(cls, known: Recorded) -> _Around:
        said = Collection.objects.order_by().values_list("id", "code", "basis")
        return cls(
            {_spelled(one): (one, code, Basis(basis)) for one, code, basis in said},
            {_spelled(one): cold for one, cold in places.temperatures().items() if cold},
            known,
        )

    def batch(self, rows: Sequence[tuple[Any, ...]]) -> pa.RecordBatch:
        read = dict(zip((*_NAMES, *_AS_THEY_ARE, *_OF_DONORS), zip(*rows, strict=True), strict=True))
        sexes, born, persons = (read[name] for name in _OF_DONORS)
        taken = _local(read["collected"])
        allowed = self._allowed(read["id"], read["donor_id"], read["collection_id"])
        has_unit = np.array([unit != "" for unit in read["unit"]], np.bool_)
        amount = pc.if_else(pa.array(has_unit), pa.array(read["amount"], pa.int64()), None)
        dimensions = [UNITS[unit].dimension.value if unit else None for unit in read["unit"]]
        split = {text: text.split("-") for text in set(read["sprec"])}
        codes = [parts if len(parts := split[text]) == 7 else [None] * 7 for text in read["sprec"]]
        columns = {
            "specimen": _names(read["id"]),
            "donor": _names(read["donor_id"]),
            "person_id": persons,
            "collection": [self.collections[one][1] for one in read["collection_id"]],
            "material": read["material"],
            "temperature": list(map(self.temperatures.get, read["box_id"])),
            "kind": read["kind"],
            "status": read["status"],
            "collected": taken,
            "age": _ages(taken, born),
            "sex": list(map(SEXES.get, sexes)),
            "diagnoses": self._diagnoses(read["diagnosis"], persons, taken, allowed),
            "amount": amount,
            "dimension": pc.if_else(pc.is_valid(amount), pa.array(dimensions, pa.string()), None),
            "thaws": np.minimum(np.array(read["thaws"], np.int64), MOST_THAWS).astype(np.int16),
            "tube": [tube or None for tube in read["tube"]],
            "delay": [parts[2] for parts in codes],
            "delay_after": [parts[5] for parts in codes],
            "consent": allowed,
            "reserved": [by is not None for by in read["reserved"]],
            "retained": read["retained"],
        }
        return pa.RecordBatch.from_arrays(
            [_array(columns[field.name], field.type) for field in PROJECTED], schema=PROJECTED
        )

    def _allowed(
        self, specimens: Sequence[str], donors: Sequence[str | None], collections: Sequence[str]
    ) -> npt.NDArray[np.uint16]:
        """The tiers that donors allow in bits: of what is of several of them those that all allow, none of what is of
        nobody known."""
        nobodys = [uuid.UUID(one) for one, donor in zip(specimens, donors, strict=True) if donor is None]
        mixed = descent.sources_of(nobodys)
        named = {donor: frozenset({uuid.UUID(donor)}) for donor in donors if donor is not None}
        said = consents.said_by(frozenset().union(*named.values(), *mixed.values()))
        found: dict[tuple[frozenset[uuid.UUID], str], int] = {}
        allowed = np.zeros(len(specimens), np.uint16)
        for at, (specimen, donor, one) in enumerate(zip(specimens, donors, collections, strict=True)):
            pair = mixed[uuid.UUID(specimen)] if donor is None else named[donor], one
            if pair not in found:
                collection, _code, basis = self.collections[one]
                tiers = [bits(said.given(each, collection, basis)) for each in pair[0]]
                found[pair] = reduce(and_, tiers) if tiers else 0
            allowed[at] = found[pair]
        return allowed

    def _diagnoses(
        self, own: Sequence[str], persons: Sequence[int | None], taken: pa.Array, allowed: npt.NDArray[np.uint16]
    ) -> pa.Array:
        """Of each specimen its own diagnosis, and what was on record of its donor by the end of the day that it was
        taken, by code. The record is read where the donor allows its use, and where the day is known."""
        open_to = np.array([person is not None for person in persons], np.bool_) & taken.is_valid().to_numpy(False)
        row = np.flatnonzero(open_to & (allowed & mask([Tier.CLINICAL_DATA]) > 0))
        days = taken.cast(pa.int64()).fill_null(0).to_numpy() // 86_400
        whose, code = self.known.until(np.array([persons[at] for at in row.tolist()], np.int64), days[row])
        names = {name: place for place, name in enumerate(self.known.names)}
        first = np.array([names.setdefault(name, len(names)) if name else -1 for name in own], np.int32)
        other = code != first[row[whose]]
        row, code = row[whose[other]], code[other]
        has, more = (first >= 0).astype(np.int64), np.bincount(row, minlength=first.size)
        ends = np.concatenate([[0], np.cumsum(has + more)])
        values = np.empty(ends[-1], np.int32)
        values[ends[:-1][has > 0]] = first[has > 0]
        values[ends[row] + has[row] + np.arange(row.size) - (np.cumsum(more) - more)[row]] = code
        words = pa.array(names, pa.string()).take(pa.array(values))
        return pa.ListArray.from_arrays(pa.array(ends, pa.int32()), words, mask=pa.array(has + more == 0))


def _array(values: Any, wanted: pa.DataType) -> pa.Array:
    """Values as an array of the type that is wanted."""
    if not pa.types.is_dictionary(wanted):
        return values if isinstance(values, pa.Array) else pa.array(values, wanted)
    words = values if isinstance(values, pa.Array) else pa.array(values, pa.string())
    return words.dictionary_encode().cast(wanted)


def _local(moments: Sequence[datetime.datetime | None]) -> pa.Array:
    """Moments as the hospital's clocks showed them, to the second."""
    held = pa.array(moments, pa.timestamp("us", "UTC"))
    seconds = held.cast(pa.int64()).fill_null(0).to_numpy() // 1_000_000
    quarters, which = np.unique(seconds // QUARTER, return_inverse=True)
    ahead = np.array([_ahead(int(quarter) * QUARTER) for quarter in quarters], np.int64)
    local = seconds + (ahead[which] if seconds.size else 0)
    return pa.array(local, pa.int64(), mask=held.is_null().to_numpy(False)).cast(pa.timestamp("s"))


def _ahead(moment: int) -> int:
    """Seconds that the hospital's clocks are ahead of universal time."""
    then = datetime.datetime.fromtimestamp(moment, datetime.UTC).astimezone(timezone.get_default_timezone())
    ahead = then.utcoffset()
    assert ahead is not None
    return int(ahead.total_seconds())


def _ages(taken: pa.Array, born: Iterable[int | None]) -> pa.Array:
    years = pc.subtract(pc.year(taken), pa.array(born, pa.int64()))
    possible = pc.and_(pc.greater_equal(years, 0), pc.less_equal(years, OLDEST))
    return pc.if_else(pc.fill_null(possible, False), years, None).cast(pa.int16())
