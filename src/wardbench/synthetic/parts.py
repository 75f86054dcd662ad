"""A campus as Arrow tables and Parquet parts: the one form from which both a store and FHIR are written."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from wardbench.core.progress import Progress, silent
from wardbench.synthetic import campus
from wardbench.synthetic.campus import Block
from wardbench.synthetic.chance import Ints
from wardbench.synthetic.institutions import WARDS
from wardbench.synthetic.records import NEVER
from wardbench.synthetic.truths import Truths

_DAYS = {"day", "end"}


def arrow_tables(block: Block) -> dict[str, pa.Table]:
    """The tables of a block, and `person`. Days are dates, NULL where they never come; codes are places in `CODES`."""
    tables = {"person": _persons(block)}
    for name, columns in block.tables.items():
        arrays = {}
        for column, values in columns.items():
            if column == "row":
                continue
            if column in _DAYS:
                arrays[column] = _dates(values)
            elif values.dtype == np.float64:
                arrays[column] = pa.array(values, mask=np.isnan(values))
            else:
                arrays[column] = pa.array(values)
        tables[name] = pa.table(arrays)
    return tables


def write(folder: Path, persons: int, seed: int, *, block: int = campus.BLOCK, progress: Progress = silent) -> Truths:
    """Write every table as Parquet parts, `folder`/TABLE/NUMBER.parquet, in the order of persons; the truths."""
    truths = Truths(persons, seed)
    for number, made in enumerate(blocks(persons, seed, block=block, progress=progress)):
        truths.add(made)
        for name, table in arrow_tables(made).items():
            path = folder / name / f"{number:06}.parquet"
            path.parent.mkdir(parents=True, exist_ok=True)
            pq.write_table(table, path, compression="lz4")
    return truths


def blocks(persons: int, seed: int, *, block: int = campus.BLOCK, progress: Progress = silent) -> Iterator[Block]:
    """The blocks of a campus, one after another."""
    for first, end in campus.spans(persons, block):
        progress(first, persons, "living lives")
        yield campus.make(seed, first, end)


def _persons(block: Block) -> pa.Table:
    """The persons; `first` and `last` are the days of their first record and of the latest end of any."""
    lives = block.lives
    last = lives.entry.copy()
    for name, columns in block.tables.items():
        until = columns["day"]
        if name == "visit":
            until = until + columns["length"]
        elif name == "drug":
            until = until + np.maximum(columns["supply"] - 1, 0)
        elif name == "condition":
            until = np.where(columns["end"] < NEVER, columns["end"], until)
        np.maximum.at(last, columns["row"], until)
    return pa.table(
        {
            "person": lives.person + 1,
            "female": lives.female,
            "birth": _dates(lives.birth),
            "death": _dates(lives.death),
            "first": _dates(lives.entry),
            "last": _dates(last),
            "practitioner": lives.person % WARDS[0].practitioners,
        }
    )


def _dates(days: Ints) -> pa.Array:
    return pa.array(days.astype(np.int32), type=pa.int32(), mask=days >= NEVER).cast(pa.date32())
