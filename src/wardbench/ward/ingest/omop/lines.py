"""Delimited text record by record, for files that the fast reader refuses: each record keeps its line number."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from io import TextIOWrapper
from pathlib import Path
from typing import IO, TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

if TYPE_CHECKING:
    import _csv


BATCH_ROWS = 20_000
LONGEST_VALUE = 1 << 26


@dataclass(frozen=True)
class Dialect:
    """How values are told apart; `quote` is None where quotation marks are data."""

    delimiter: str
    quote: str | None


def parse_header(line: str, dialect: Dialect) -> list[str]:
    """The names in a header line."""
    return next(iter(_reader([line], dialect)), [])


def write_lines(handle: IO[bytes], dialect: Dialect, width: int, path: Path) -> None:
    """Write the records below the header as Parquet: `line`, `reason`, and `width` columns of text c0, c1, ...

    `reason` says why a record cannot be split into `width` values; its values are then NULL.
    """
    schema = pa.schema([("line", pa.int64()), ("reason", pa.string()), *((f"c{n}", pa.string()) for n in range(width))])
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        batch: list[list[object]] = []
        for line, reason, values in _records(handle, dialect, width):
            batch.append([line, reason, *values])
            if len(batch) == BATCH_ROWS:
                writer.write_batch(_batch(batch, schema))
                batch.clear()
        if batch:
            writer.write_batch(_batch(batch, schema))


def _batch(rows: list[list[object]], schema: pa.Schema) -> pa.RecordBatch:
    arrays = [pa.array(column, type=field.type) for column, field in zip(zip(*rows, strict=True), schema, strict=True)]
    return pa.record_batch(arrays, schema=schema)


def _records(handle: IO[bytes], dialect: Dialect, width: int) -> Iterator[tuple[int, str | None, list[str | None]]]:
    text = TextIOWrapper(handle, encoding="utf-8-sig", errors="surrogateescape", newline="")
    reader = _reader(text, dialect)
    nothing: list[str | None] = [None] * width
    next(reader, None)
    while True:
        line = reader.line_num + 1
        try:
            values = next(reader)
        except StopIteration:
            return
        except csv.Error:
            yield line, "quotation marks that do not match", nothing
            continue
        if not values:
            continue
        if len(values) != width:
            yield line, f"{len(values)} values where the header has {width}", nothing
        elif not all(map(_is_text, values)):
            yield line, "not UTF-8 text", nothing
        else:
            yield line, None, list(values)


def _is_text(value: str) -> bool:
    return value.isascii() or not any("\udc80" <= character <= "\udcff" for character in value)


def _reader(lines: Iterable[str], dialect: Dialect) -> _csv.Reader:
    csv.field_size_limit(LONGEST_VALUE)
    if dialect.quote is None:
        return csv.reader(lines, delimiter=dialect.delimiter, quoting=csv.QUOTE_NONE, strict=True)
    return csv.reader(lines, delimiter=dialect.delimiter, quotechar=dialect.quote, doublequote=True, strict=True)
