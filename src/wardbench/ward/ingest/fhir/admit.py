"""The first stage, second half: flat records become the store's source layer, or are excluded for a reason.

Records that came twice are reduced to one, references are resolved to keys, and every record is counted, by file.
The result has no trace of file or order, so equal records give equal tables however they were delivered.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import duckdb

from wardbench.core.progress import Progress
from wardbench.core.store import Draft, quoted
from wardbench.ward.ingest.fhir.read import FlatRecords
from wardbench.ward.ingest.fhir.reading import Reading
from wardbench.ward.ingest.fhir.shapes import struct
from wardbench.ward.ingest.ledger import LedgerError

KEYS = {
    "patient": "person_id",
    "encounter": "visit_key",
    "part_of": "parent_key",
    "provider": "provider_id",
    "care_site": "care_site_id",
    "specimen": "specimen_id",
    "medication": "medication_key",
    "device": "device_key",
}
"""What a column with a reference is called once it is a key."""

_PLUMBING = ("kind", "file", "updated", "version", "reason")


class Admitted:
    """How the records of all types fared: counts by (file, kind, reason), an empty reason being admitted."""

    def __init__(self) -> None:
        self.counted: Counter[tuple[str, str, str]] = Counter()
        self.imputed: Counter[str] = Counter()


def admit(
    con: duckdb.DuckDBPyConnection,
    draft: Draft,
    readings: Mapping[str, Reading],
    flat: FlatRecords,
    progress: Progress,
) -> Admitted:
    """Write the source layer of `draft` and the extra table `unresolved_reference`."""
    con.execute("CREATE TABLE unresolved (field VARCHAR, kind VARCHAR, target VARCHAR, records BIGINT)")
    result = Admitted()
    present = [kind for kind in readings if flat.paths[kind]]
    for number, kind in enumerate(present):
        progress(number, len(present), f"sorting {kind}")
        _Admission(con, draft, readings[kind], flat.select(kind)).run(result)
        for path in flat.paths[kind]:
            path.unlink()
    draft.write(con, "unresolved_reference", "SELECT * FROM unresolved ORDER BY ALL", layer="extra")
    return result


class _Admission:
    def __init__(self, con: duckdb.DuckDBPyConnection, draft: Draft, reading: Reading, records: str) -> None:
        self._con = con
        self._draft = draft
        self._reading = reading
        self._records = records
        described = con.execute(f"SELECT * FROM {records} LIMIT 0").description or ()
        self._columns = [column[0] for column in described]

    def run(self, result: Admitted) -> None:
        kind = self._reading.kind
        self._con.execute(f"CREATE OR REPLACE TEMP VIEW unique_records AS {self._without_copies()}")
        self._con.execute(f"CREATE OR REPLACE TEMP VIEW judged AS {self._judged()}")
        unresolved = self._count(result)
        self._draft.write(self._con, kind, f"{self._rows()} ORDER BY key, part", layer="source")
        for column in unresolved:
            self._list_unresolved(column)
        if "part_of" in self._reading.references:
            self._list_missing_parents()
        if "imputed" in self._columns:
            path = quoted(self._draft.path(kind, "source"))
            imputed = self._one(f"SELECT count(DISTINCT key) FROM read_parquet({path}) WHERE imputed")
            if imputed:
                result.imputed[kind] += imputed

    def _without_copies(self) -> str:
        """All records, with the reason set for all but one of those that share an id."""
        self._con.execute(
            f"CREATE OR REPLACE TEMP TABLE repeated AS SELECT key FROM {self._records} GROUP BY key HAVING count(*) > 1"
        )
        if not self._one("SELECT count(*) FROM repeated"):
            return f"SELECT * FROM {self._records}"
        if self._one(
            f"SELECT count(*) FROM (SELECT key FROM {self._records} SEMI JOIN repeated USING (key)"
            " GROUP BY key HAVING count(DISTINCT id) > 1)"
        ):
            raise LedgerError(f"{self._reading.kind}: two ids have one key; the load cannot tell them apart.")
        content = ", ".join(f'"{c}"' for c in self._columns if c not in ("file", "updated", "version"))
        newest = "instant(updated) DESC NULLS LAST, version DESC NULLS LAST, content"
        return f"""
            SELECT * FROM {self._records} ANTI JOIN repeated USING (key)
            UNION ALL BY NAME
            SELECT * EXCLUDE (content, place, kept) REPLACE (
                CASE WHEN place = 1 THEN reason WHEN content = kept THEN 'duplicate' ELSE 'older version' END AS reason)
            FROM (
                SELECT *, row_number() OVER (PARTITION BY key ORDER BY {newest}, file) AS place,
                    first_value(content) OVER (PARTITION BY key ORDER BY {newest}, file) AS kept
                FROM (
                    SELECT *, md5(row({content})::VARCHAR) AS content
                    FROM {self._records} SEMI JOIN repeated USING (key)))"""

    def _judged(self) -> str:
        """Every record with its references as keys and the final reason."""
        reading = self._reading
        joins, keys = [], []
        for column, kind in reading.references.items():
            if column == "part_of":
                keys.append("record_key('Encounter', r.part_of) AS parent_key")
                continue
            known = self._known(kind, column)
            joins.append(f"LEFT JOIN {known} ON {column}_.key = record_key('{kind}', r.{column})")
            keys.append(f"{column}_.key AS {KEYS[column]}")
        taken = [c for c in self._columns if c not in reading.references]
        borrowed = reading.borrowed
        columns = [
            f"coalesce(r.{c}, {borrowed.reference}_.{borrowed.columns[c]}) AS {c}"
            if borrowed and c in borrowed.columns
            else f'r."{c}"'
            for c in taken
            if c != "reason"
        ]
        if borrowed:
            columns += [
                f"{borrowed.reference}_.{there} AS {here}"
                for here, there in borrowed.columns.items()
                if here not in self._columns
            ]
        start = "coalesce(r.start_date, encounter_.start_date)" if reading.start_from_encounter else "r.start_date"
        if reading.start_from_encounter:
            columns = [f"{start} AS start_date" if c == 'r."start_date"' else c for c in columns]
        whens = ["WHEN r.reason IS NOT NULL THEN r.reason"]
        if reading.is_event:
            whens.append("WHEN r.patient IS NULL THEN 'no patient'")
            whens.append("WHEN patient_.key IS NULL THEN 'patient not found'")
        if reading.dated:
            whens.append(f"WHEN {start} IS NULL THEN 'no date'")
        if reading.is_event and reading.kind != "Encounter":
            code = f"coalesce(r.code, {borrowed.reference}_.code)" if borrowed else "r.code"
            whens.append(f"WHEN {code} IS NULL THEN 'no code'")
        reason = f"CASE {' '.join(whens)} END AS reason"
        missing = [
            f"r.{column} IS NOT NULL AND {column}_.key IS NULL AS lost_{column}"
            for column in reading.references
            if column != "part_of"
        ]
        everything = ", ".join([*columns, *keys, reason, *missing, *(f"r.{c} AS ref_{c}" for c in reading.references)])
        return f"SELECT {everything} FROM unique_records r {' '.join(joins)}"

    def _known(self, kind: str, column: str) -> str:
        path = self._draft.path(kind, "source")
        if not path.exists():
            extra = ", NULL::DATE AS start_date"
            borrowed = self._reading.borrowed
            if borrowed:
                extra += "".join(f", NULL::VARCHAR AS {there}" for there in borrowed.columns.values())
            return f"(SELECT NULL::BIGINT AS key{extra} WHERE false) AS {column}_"
        return f"read_parquet({quoted(path)}) AS {column}_"

    def _count(self, result: Admitted) -> list[str]:
        """Count records by file and reason; the columns with references that lead nowhere."""
        columns = [c for c in self._reading.references if c != "part_of"]
        lost = "".join(f", count(*) FILTER (lost_{c} AND {_counts(c)})" for c in columns)
        totals = [0] * len(columns)
        for file, reason, count, *missing in self._con.execute(
            f"SELECT file, reason, count(*){lost} FROM judged GROUP BY file, reason"
        ).fetchall():
            result.counted[file, self._reading.kind, reason or ""] += count
            totals = [a + b for a, b in zip(totals, missing, strict=True)]
        return [c for c, total in zip(columns, totals, strict=True) if total]

    def _list_unresolved(self, column: str) -> None:
        kind = self._reading.kind
        self._con.execute(
            f"INSERT INTO unresolved SELECT '{kind}.{column}', '{self._reading.references[column]}', ref_{column},"
            f" count(*) FROM judged WHERE lost_{column} AND {_counts(column)} GROUP BY ref_{column}"
        )

    def _list_missing_parents(self) -> None:
        path = quoted(self._draft.path("Encounter", "source"))
        self._con.execute(
            "INSERT INTO unresolved SELECT 'Encounter.part_of', 'Encounter', ref_part_of, count(*) FROM judged"
            f" WHERE reason IS NULL AND ref_part_of IS NOT NULL"
            f" AND parent_key NOT IN (SELECT key FROM read_parquet({path})) GROUP BY ref_part_of"
        )

    def _rows(self) -> str:
        """The source layer's rows: admitted resources, and their parts as rows of their own."""
        references = list(self._reading.references)
        dropped = [*_PLUMBING, *(f"ref_{c}" for c in references)]
        dropped += [f"lost_{c}" for c in references if c != "part_of"]
        parts = self._reading.parts
        if parts is None:
            return f"SELECT 0 AS part, * EXCLUDE ({', '.join(dropped)}) FROM judged WHERE reason IS NULL"
        dropped += ["items", "own_row"]
        replaced = ", ".join(f"{sql} AS {name}" for name, sql in parts.columns.items())
        return f"""
            SELECT 0 AS part, false AS has_parent, * EXCLUDE ({", ".join(dropped)})
            FROM judged WHERE reason IS NULL AND own_row
            UNION ALL BY NAME
            SELECT own_row AS has_parent, * EXCLUDE ({", ".join(dropped)}, item) REPLACE ({replaced}) FROM (
                SELECT unnest(range(1, len(list_of_items) + 1))::INTEGER AS part, * EXCLUDE (list_of_items),
                    list_of_items[part] AS item
                FROM (
                    SELECT *, items::JSON::{struct(parts.shape)}[] AS list_of_items
                    FROM judged WHERE reason IS NULL AND items IS NOT NULL))
            WHERE {parts.where}"""

    def _one(self, sql: str) -> int:
        row = self._con.execute(sql).fetchone()
        return int(row[0]) if row else 0


def _counts(column: str) -> str:
    """Which records count for a reference that leads nowhere: a lost patient is itself the reason of exclusion."""
    return "reason = 'patient not found'" if column == "patient" else "reason IS NULL"
