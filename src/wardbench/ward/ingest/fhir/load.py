"""Loading FHIR into a store, and mapping what was loaded again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import msgspec

from wardbench.core.errors import InputError, NotFoundError, UnsupportedError
from wardbench.core.progress import Progress, silent
from wardbench.core.store import Draft, Snapshot, Store, quoted
from wardbench.core.version import __version__
from wardbench.ward.ingest.fhir.admit import Admitted, admit
from wardbench.ward.ingest.fhir.build import Settings, Unmapped, build
from wardbench.ward.ingest.fhir.files import find
from wardbench.ward.ingest.fhir.read import FlatRecords, read_files
from wardbench.ward.ingest.fhir.resources import DEFAULT_INTENTS, readings
from wardbench.ward.ingest.fhir.sql import define_macros
from wardbench.ward.ingest.ledger import RANKED, LedgerEntry, LoadReport, UnresolvedReference
from wardbench.ward.ingest.quarantine import refuse, write_quarantine

MEMORY = "640MB"
THREADS = 2
"""More threads need more memory each; two of them and this limit stay under 1 GB whatever the input's size."""

LOOKED_UP_ONLY = ("Medication", "Device")
_NAMED_TARGETS = ("Organization", "Location", "Medication")
KIND = "fhir"


def load_fhir(
    sources: Sequence[Path],
    store: Store,
    *,
    intents: Sequence[str] = DEFAULT_INTENTS,
    extracted: str | None = None,
    allow_quarantine: bool = False,
    quarantine: Path | None = None,
    memory: str = MEMORY,
    threads: int = THREADS,
    progress: Progress = silent,
) -> LoadReport:
    """Replace a store's clinical content with what `sources` hold; its vocabulary stays.

    `intents` are the intents of MedicationRequest that count as drug exposures; `extracted` is the day the files were
    written (ISO 8601; the last day of any event where not given). Lines that cannot be read refuse the load, unless
    `allow_quarantine`; `quarantine` names a file for their places and reasons, which is written in both cases.

    Raises InputError, NotFoundError or StorageError with the store as it was before.
    """
    found = find(sources)
    settings = Settings(intents=tuple(intents), extracted=extracted)
    with store.draft() as draft, _connect(draft, memory, threads) as con:
        declared = readings(intents)
        flat = read_files(con, declared, found, draft.scratch, progress)
        if quarantine and flat.quarantined:
            write_quarantine(quarantine, flat.quarantined)
        if flat.quarantined and not allow_quarantine:
            raise refuse(flat.quarantined)
        admitted = admit(con, draft, declared, flat, progress)
        ledger = _ledger(flat, admitted, [file.name for file in found.files])
        if not any(entry.written for entry in ledger):
            raise InputError(f"{', '.join(map(str, sources))}: not one record can be loaded; the store is as it was.")
        if flat.quarantined:
            _write_quarantine_table(con, draft, flat)
        kinds = [kind for kind in declared if draft.path(kind, "source").exists()]
        unmapped, notes = build(con, draft, kinds, _current(store), settings, progress)
        notes += [
            f"{n:,} records of {k} had a partial date; its first day was taken." for k, n in admitted.imputed.items()
        ]
        notes += _undated_deaths(con, draft)
        notes += [f"{path}: not FHIR, left aside." for path in found.ignored]
        report = _report(con, store, draft, ledger, unmapped, notes)
        report.check()
        made_from = {
            "kind": KIND,
            "sources": [str(source) for source in sources],
            "settings": msgspec.to_builtins(settings),
            "software": f"Wardbench {__version__}",
            "vocabulary": _vocabulary(store),
            "kinds": kinds,
            "ledger": msgspec.to_builtins(report.by_kind()),
        }
        snapshot = draft.commit(made_from)
    return msgspec.structs.replace(report, version=snapshot.version)


def remap(
    store: Store,
    progress: Progress = silent,
    *,
    previous: Snapshot | None = None,
    memory: str = MEMORY,
    threads: int = THREADS,
) -> Snapshot:
    """Make the CDM tables anew from the source layer of `previous` (the current snapshot) and its vocabulary.

    What a load would have given with this vocabulary, without its files. Raises UnsupportedError where the snapshot
    does not come from FHIR.
    """
    previous = previous or store.snapshot()
    if previous.made_from.get("kind") != KIND:
        raise UnsupportedError(f"{store.folder}: only what was loaded from FHIR keeps its source codes to map again.")
    settings = msgspec.convert(previous.made_from["settings"], Settings)
    kinds = list(previous.made_from["kinds"])
    with store.draft() as draft, _connect(draft, memory, threads) as con:
        for kind in kinds:
            draft.keep(previous, kind, layer="source")
        for name in ("unresolved_reference", "quarantine"):
            if name in previous.layer("extra"):
                draft.keep(previous, name, layer="extra")
        build(con, draft, kinds, previous, settings, progress)
        return draft.commit(previous.made_from)


def _connect(draft: Draft, memory: str, threads: int) -> duckdb.DuckDBPyConnection:
    con = draft.connect(memory=memory, threads=threads)
    con.execute("SET preserve_insertion_order = false")
    con.execute("SET enable_external_file_cache = false")
    define_macros(con)
    return con


def _current(store: Store) -> Snapshot | None:
    try:
        return store.snapshot()
    except NotFoundError:
        return None


def _vocabulary(store: Store) -> Any:
    current = _current(store)
    return current.made_from.get("vocabulary") if current else None


def _ledger(flat: FlatRecords, admitted: Admitted, files: Sequence[str]) -> list[LedgerEntry]:
    """One entry for every file and kind; a file without any record has one too."""
    written: dict[tuple[str, str], int] = defaultdict(int)
    excluded: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)
    for (file, kind, reason), count in {**flat.counted, **admitted.counted}.items():
        if not reason and kind in LOOKED_UP_ONLY:
            reason = "read for what refers to it"
        if reason:
            excluded[file, kind][reason] = excluded[file, kind].get(reason, 0) + count
        else:
            written[file, kind] += count
    quarantined: Mapping[tuple[str, str], int] = flat.kinds_in_quarantine
    entries = []
    for file, kind in sorted({*written, *excluded, *quarantined}):
        reasons = excluded.get((file, kind), {})
        entry = LedgerEntry(
            source=file,
            kind=kind,
            records=written[file, kind] + sum(reasons.values()) + quarantined[file, kind],
            written=written[file, kind],
            excluded=dict(sorted(reasons.items())),
            quarantined=quarantined[file, kind],
        )
        entries.append(entry)
    return entries


def _report(
    con: duckdb.DuckDBPyConnection,
    store: Store,
    draft: Draft,
    ledger: Sequence[LedgerEntry],
    unmapped: Unmapped,
    notes: Sequence[str],
) -> LoadReport:
    path = quoted(draft.path("unresolved_reference", "extra"))
    named = ", ".join(quoted(kind) for kind in _NAMED_TARGETS)
    rows = con.execute(
        f"SELECT field, CASE WHEN kind IN ({named}) THEN kind || '/' || target ELSE kind END AS shown,"
        f" sum(records)::BIGINT AS records, count(*) FROM read_parquet({path}) GROUP BY field, shown"
        " ORDER BY records DESC, field, shown"
    ).fetchall()
    return LoadReport(
        store=str(store.folder),
        ledger=ledger,
        tables={name: info.rows for name, info in draft.tables.items()},
        unresolved=[UnresolvedReference(field=f, target=t, records=r, different=d) for f, t, r, d in rows[:RANKED]],
        unresolved_records=sum(row[2] for row in rows),
        unmapped=unmapped.ranked,
        unmapped_codes=unmapped.codes,
        unmapped_records=unmapped.records,
        notes=notes,
    )


def _write_quarantine_table(con: duckdb.DuckDBPyConnection, draft: Draft, flat: FlatRecords) -> None:
    path = draft.scratch / "quarantine.ndjson"
    write_quarantine(path, flat.quarantined)
    draft.write(
        con,
        "quarantine",
        f"SELECT * FROM read_ndjson({quoted(path)}, columns = {{'file': 'VARCHAR', 'line': 'BIGINT',"
        " 'byte_offset': 'BIGINT', 'bytes': 'BIGINT', 'reason': 'VARCHAR'}) ORDER BY ALL",
        layer="extra",
    )


def _undated_deaths(con: duckdb.DuckDBPyConnection, draft: Draft) -> list[str]:
    path = draft.path("Patient", "source")
    if not path.exists():
        return []
    row = con.execute(f"SELECT count(*) FROM read_parquet({quoted(path)}) WHERE died_undated").fetchone()
    if not row or not row[0]:
        return []
    return [f"{row[0]:,} patients are said to have died and not when; they have no row in death."]
