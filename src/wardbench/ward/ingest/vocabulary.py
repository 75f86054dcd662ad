"""Loading the vocabulary that a user downloaded from Athena, and mapping what the store holds again with it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import duckdb
import msgspec

from wardbench.core.errors import BusyError, InputError
from wardbench.core.omop.tables import FIRST_CUSTOM_CONCEPT, TABLES, VOCABULARY_TABLES
from wardbench.core.omop.vocabulary import vocabulary_version
from wardbench.core.progress import Progress, silent
from wardbench.core.store import Draft, Snapshot, Store, quoted
from wardbench.ward.ingest.eras import drug_eras, knows_ingredients
from wardbench.ward.ingest.fhir.load import remap
from wardbench.ward.ingest.ledger import RANKED, LedgerEntry, LoadReport, UnmappedCode
from wardbench.ward.ingest.omop.load import MEMORY, THREADS, UNKNOWN_RELEASE, stage_all
from wardbench.ward.ingest.omop.parts import Part
from wardbench.ward.ingest.omop.sources import find
from wardbench.ward.ingest.omop.staging import check_columns
from wardbench.ward.ingest.omop.writing import write_table

KEPT_WHOLE = "source_to_concept_map"
"""The hospital's own map: it is not in a download, and stays unless the folder brings another."""


def load_vocabulary(
    folder: Path, store: Store, *, allow_quarantine: bool = False, progress: Progress = silent
) -> LoadReport:
    """Replace the store's vocabulary with the one in `folder`, and map the codes of a FHIR load again.

    `folder` holds CONCEPT.csv and those of its companions there are. Concepts of the site's own (from 2,000,000,000
    on) stay, with all rows that name them. The clinical tables of an OMOP load stay as they came; drug eras are made
    where they are absent. InputError where CONCEPT.csv is missing, is not what it should be, or, unless
    `allow_quarantine`, holds a row that cannot be read.
    """
    if folder.is_file():
        raise InputError(f"{folder}: this is a file; give the folder that the download from Athena was unpacked in.")
    previous = store.snapshot() if store.is_filled else None
    report = LoadReport(store=str(store.folder))
    notes: list[str] = []
    has_source = previous is not None and bool(previous.layer("source"))
    with store.draft() as draft, draft.connect(memory=MEMORY, threads=THREADS) as con:
        con.execute("SET preserve_insertion_order = false")
        release = _write_vocabulary(con, folder, draft, previous, report, notes, allow_quarantine, progress)
        _keep_the_rest(draft, previous)
        if not has_source:
            notes += _add_drug_eras(con, draft)
        report.check()
        made_from = {**(previous.made_from if previous else {"kind": "vocabulary"}), "vocabulary": release}
        snapshot = draft.commit(made_from, current=not has_source)
    if has_source:
        with _discarding(store, snapshot):
            snapshot = remap(store, progress, previous=snapshot)
        _report_unmapped(snapshot, report)
    report.version = snapshot.version
    report.tables = {name: info.rows for name, info in snapshot.tables.items()}
    report.notes = notes
    return report


def _write_vocabulary(
    con: duckdb.DuckDBPyConnection,
    folder: Path,
    draft: Draft,
    previous: Snapshot | None,
    report: LoadReport,
    notes: list[str],
    allow_quarantine: bool,
    progress: Progress,
) -> str:
    found = find(folder, con)
    if "concept" not in found.parts:
        raise InputError(f"{folder}: CONCEPT.csv is missing; give the folder that Athena's download was unpacked in.")
    parts = [part for name in VOCABULARY_TABLES for part in found.parts.get(name, ())]
    for part in parts:
        check_columns(part)
    staged = stage_all(con, draft, parts, allow_quarantine, progress, quarantine="vocabulary_quarantine")
    ledger: list[LedgerEntry] = []
    for name in VOCABULARY_TABLES:
        further = _kept_rows(name, previous, replaced=name in staged)
        if name in staged:
            ledger += write_table(con, draft, name, staged[name], further=further)
        elif further:
            draft.write(con, name, further)
    report.ledger = ledger
    notes += _notes(con, draft, found.parts, found.unknown)
    draft.view(con, "vocabulary")
    return vocabulary_version(con) or UNKNOWN_RELEASE


def _kept_rows(name: str, previous: Snapshot | None, *, replaced: bool) -> str | None:
    """SQL for the rows of the store's own table that stay."""
    if previous is None or name not in previous.tables:
        return None
    rows = f"SELECT * FROM read_parquet({quoted(previous.path(name))})"
    if name == KEPT_WHOLE:
        return None if replaced else rows
    ids = [c.name for c in TABLES[name].columns if c.sql_type == "INTEGER" and "concept_id" in c.name]
    return f"{rows} WHERE {' OR '.join(f'{column} >= {FIRST_CUSTOM_CONCEPT}' for column in ids)}"


def _keep_the_rest(draft: Draft, previous: Snapshot | None) -> None:
    if previous is None:
        return
    for name in previous.tables:
        if name not in VOCABULARY_TABLES:
            draft.keep(previous, name)
    for name in previous.layer("source"):
        draft.keep(previous, name, layer="source")
    for name in previous.layer("extra"):
        if name != "vocabulary_quarantine":
            draft.keep(previous, name, layer="extra")


def _add_drug_eras(con: duckdb.DuckDBPyConnection, draft: Draft) -> list[str]:
    if "drug_exposure" not in draft.tables or "drug_era" in draft.tables:
        return []
    for name in ("concept", "concept_ancestor", "drug_exposure"):
        draft.view(con, name)
    if not knows_ingredients(con):
        return []
    made = draft.write(con, "drug_era", drug_eras())
    return [f"{made.rows:,} drug eras were made with the ingredients of the vocabulary."]


def _notes(
    con: duckdb.DuckDBPyConnection, draft: Draft, parts: dict[str, list[Part]], unknown: Sequence[str]
) -> list[str]:
    notes = []
    missing = [name for name in ("concept_relationship", "concept_ancestor", "vocabulary") if name not in parts]
    if missing:
        notes.append(f"Not in the folder: {', '.join(missing)}; what needs them cannot be answered.")
    clinical = [name for name in parts if name not in VOCABULARY_TABLES]
    if clinical:
        notes.append(f"Not of a vocabulary, left alone: {', '.join(clinical)}.")
    draft.view(con, "concept")
    cpt4 = any(name.lower().startswith("concept_cpt4.") for name in unknown)
    if cpt4 and not con.execute("SELECT 1 FROM concept WHERE vocabulary_id = 'CPT4' LIMIT 1").fetchone():
        notes.append("CPT-4 concepts are not in CONCEPT.csv yet: the script in Athena's download adds them.")
    return notes


@contextmanager
def _discarding(store: Store, step: Snapshot) -> Iterator[None]:
    """Remove the snapshot that was only a step, whether or not the next one came to be."""
    try:
        yield
    finally:
        with suppress(BusyError):
            store.discard(step.version)


def _report_unmapped(snapshot: Snapshot, report: LoadReport) -> None:
    if "unmapped_code" not in snapshot.layer("extra"):
        return
    rows = f"read_parquet({quoted(snapshot.path('unmapped_code', 'extra'))})"
    with snapshot.connect() as con:
        totals = con.execute(
            f"SELECT count(DISTINCT (system, code)), coalesce(sum(records), 0)::BIGINT FROM {rows}"
        ).fetchone()
        ranked = con.execute(
            f"SELECT field, system, code, display, records FROM {rows}"
            f" ORDER BY records DESC, field, system, code LIMIT {RANKED}"
        ).fetchall()
    assert totals is not None
    report.unmapped_codes, report.unmapped_records = totals
    report.unmapped = [
        msgspec.convert(dict(zip(UnmappedCode.__struct_fields__, row, strict=True)), UnmappedCode) for row in ranked
    ]
