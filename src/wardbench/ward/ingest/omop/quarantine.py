"""Where values lie that are not what the model asks for."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from wardbench.core.errors import InputError
from wardbench.ward.ingest.omop.staging import BadRow


class Quarantine:
    """The places of values that were refused, in a table of the layer `extra` that is there only if there are any."""

    SCHEMA = pa.schema([("file", pa.string()), ("line", pa.int64()), ("column", pa.string()), ("reason", pa.string())])
    ROWS = 50_000

    def __init__(self, path: Path) -> None:
        self._path = path
        self._rows: list[BadRow] = []
        self._writer: pq.ParquetWriter | None = None
        self.first: BadRow | None = None
        self.count = 0

    def __enter__(self) -> Quarantine:
        return self

    def __exit__(self, *_: object) -> None:
        self._flush()
        if self._writer is not None:
            self._writer.close()

    def add(self, row: BadRow) -> None:
        self.first = self.first or row
        self.count += 1
        self._rows.append(row)
        if len(self._rows) == self.ROWS:
            self._flush()

    def _flush(self) -> None:
        if self._rows:
            self._writer = self._writer or pq.ParquetWriter(self._path, self.SCHEMA, compression="zstd")
            table = pa.Table.from_pylist([msgspec.structs.asdict(row) for row in self._rows], schema=self.SCHEMA)
            self._writer.write_table(table)
            self._rows.clear()

    def refusal(self) -> InputError:
        first = self.first
        assert first is not None
        where = f"{first.file}, line {first.line:,}" + (f", {first.column}" if first.column else "")
        more = f" and {self.count - 1:,} more places" if self.count > 1 else ""
        return InputError(
            f"{where}{more}: {first.reason}."
            " Nothing was loaded; --allow-quarantine sets such rows aside and loads the rest."
        )
