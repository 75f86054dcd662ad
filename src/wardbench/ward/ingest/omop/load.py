"""Loading OMOP: find the tables, stage every part, write what is sound, derive what is absent, account for each row."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import msgspec

from wardbench.core.errors import InputError
from wardbench.core.omop.tables import TABLES, VOCABULARY_TABLES
from wardbench.core.omop.vocabulary import vocabulary_version
from wardbench.core.progress import Progress, silent
from wardbench.core.store import Draft, Store
from wardbench.core.version import __version__
from wardbench.ward.ingest.eras import condition_eras, drug_eras, knows_ingredients
from wardbench.ward.ingest.ledger import LoadReport
from wardbench.ward.ingest.omop.columns import match
from wardbench.ward.ingest.omop.findings import report_findings
from wardbench.ward.ingest.omop.parts import Part
from wardbench.ward.ingest.omop.quarantine import Quarantine
from wardbench.ward.ingest.omop.sources import find
from wardbench.ward.ingest.omop.staging import Staged, check_columns, stage
from wardbench.ward.ingest.omop.writing import write_table
from wardbench.ward.ingest.periods import EVENT_TABLES, observation_periods

MEMORY = "600MB"
THREADS = 2
"""What DuckDB may use: the process as a whole then stays under a gigabyte."""

UNKNOWN_RELEASE = "of an unknown release"


def load_omop(
    source: Path,
    store: Store,
    *,
    schema: str | None = None,
    allow_quarantine: bool = False,
    progress: Progress = silent,
) -> LoadReport:
    """Load the OMOP CDM 5.3 or 5.4 tables of `source` as the store's next snapshot; what came of every row.

    The clinical tables of the store are replaced; its vocabulary stays where the source brings none. Observation
    periods and eras are made where the source has no such table. InputError where a required column or the table of
    persons is missing, and, unless `allow_quarantine`, where a value is not what its column asks for.
    """
    report = LoadReport(store=str(store.folder))
    notes: list[str] = []
    with store.draft() as draft, draft.connect(memory=MEMORY, threads=THREADS) as con:
        con.execute("SET preserve_insertion_order = false; SET TimeZone = 'UTC'")
        found = find(source, con, schema=schema)
        if "person" not in found.parts:
            raise InputError(f"{source}: the table person is missing; without it nothing can be loaded.")
        parts = [part for of_table in found.parts.values() for part in of_table]
        for part in parts:
            check_columns(part)
        staged = stage_all(con, draft, parts, allow_quarantine, progress)
        weight = sum(part.weight for part in parts)
        done = weight
        for table, of_table in staged.items():
            progress(done, 2 * weight, table)
            report.ledger = [*report.ledger, *write_table(con, draft, table, of_table)]
            done += sum(s.part.weight for s in of_table)
        notes += _notes_on_columns(parts)
        if found.unknown:
            notes.append(f"Not tables of CDM 5.4, left alone: {', '.join(found.unknown)}.")
        notes += _notes_on_gaps(con, draft)
        vocabulary = keep_vocabulary(con, store, draft)
        _derive(con, draft, notes)
        report_findings(con, draft, report)
        report.tables = {name: draft.tables[name].rows for name in TABLES if name in draft.tables}
        report.notes = notes
        report.check()
        made_from = _made_from(con, draft, source, parts, report)
        report.version = draft.commit({**made_from, "vocabulary": vocabulary}).version
    return report


def stage_all(
    con: duckdb.DuckDBPyConnection,
    draft: Draft,
    parts: Sequence[Part],
    allow_quarantine: bool,
    progress: Progress,
    *,
    quarantine: str = "quarantine",
) -> dict[str, list[Staged]]:
    """Every part as typed rows, by table; the places of bad ones in the extra table `quarantine`, if any."""
    folder = draft.scratch / "staged"
    folder.mkdir()
    total, done = 2 * sum(part.weight for part in parts), 0
    staged: dict[str, list[Staged]] = defaultdict(list)
    with Quarantine(draft.path(quarantine, "extra")) as places:
        for number, part in enumerate(parts):
            progress(done, total, part.name)
            rows, bad = stage(con, part, folder, number)
            staged[part.table].append(rows)
            for row in bad:
                places.add(row)
            done += part.weight
    if places.first is not None:
        if not allow_quarantine:
            raise places.refusal()
        draft.adopt(quarantine, layer="extra")
    return staged


def _notes_on_columns(parts: Sequence[Part]) -> list[str]:
    notes = []
    told = set()
    for part in parts:
        found = match(part.table, [field.name for field in part.fields])
        if found.renamed:
            notes.append(f"{part.name}: read as CDM 5.3, for it has {', '.join(found.renamed)}.")
        if found.unknown:
            notes.append(f"{part.name}: left out, for CDM 5.4 has no such columns: {', '.join(found.unknown)}.")
        if found.missing and (part.table, found.missing) not in told:
            told.add((part.table, found.missing))
            notes.append(f"{part.name}: empty, for the source has no such columns: {', '.join(found.missing)}.")
    return notes


def _notes_on_gaps(con: duckdb.DuckDBPyConnection, draft: Draft) -> list[str]:
    """Rows that are kept although a value is missing which the model requires."""
    notes = []
    for name, info in draft.tables.items():
        columns = [c.name for c in TABLES[name].columns if c.required and info.rows]
        if not columns:
            continue
        draft.view(con, name)
        counts = ", ".join(f'count(*) - count("{column}")' for column in columns)
        row = con.execute(f"SELECT {counts} FROM {name}").fetchone()
        gaps = [(column, count) for column, count in zip(columns, row or (), strict=True) if count]
        notes += [f"{name}: {count:,} rows have no {column}, which CDM 5.4 requires." for column, count in gaps]
    return notes


def keep_vocabulary(con: duckdb.DuckDBPyConnection, store: Store, draft: Draft) -> str | None:
    """The version of the vocabulary in the draft; that of the store is kept where the source brought no concepts."""
    if "concept" in draft.tables and draft.tables["concept"].rows:
        draft.view(con, "vocabulary")
        return vocabulary_version(con) or UNKNOWN_RELEASE
    if not store.is_filled or not store.snapshot().has_vocabulary:
        return None
    snapshot = store.snapshot()
    for name in VOCABULARY_TABLES:
        if name in snapshot.tables and not (name in draft.tables and draft.tables[name].rows):
            draft.keep(snapshot, name)
    return str(snapshot.made_from["vocabulary"])


def _derive(con: duckdb.DuckDBPyConnection, draft: Draft, notes: list[str]) -> list[str]:
    """Make the tables that can be made from others, where the source has no such table; their names."""
    for name in {*EVENT_TABLES, *VOCABULARY_TABLES}:
        draft.view(con, name)
    made = []
    if "observation_period" not in draft.tables:
        draft.write(con, "observation_period", observation_periods())
        made.append("observation_period")
    if "condition_era" not in draft.tables:
        draft.write(con, "condition_era", condition_eras())
        made.append("condition_era")
    if "drug_era" not in draft.tables:
        if knows_ingredients(con):
            draft.write(con, "drug_era", drug_eras())
            made.append("drug_era")
        else:
            notes.append("No drug eras were made: that needs a vocabulary with the ingredients of drugs.")
    if made:
        notes.append(f"Made from the events, for the source has no such tables: {', '.join(made)}.")
    return made


def _made_from(
    con: duckdb.DuckDBPyConnection, draft: Draft, source: Path, parts: Sequence[Part], report: LoadReport
) -> dict[str, Any]:
    draft.view(con, "cdm_source")
    declared = con.execute("SELECT min(cdm_version) FROM cdm_source").fetchone()
    return {
        "kind": "omop",
        "source": str(source),
        "files": [part.name for part in parts],
        "cdm_version": declared[0] if declared else None,
        "software": f"wardbench {__version__}",
        "ledger": msgspec.to_builtins(report.ledger),
        "notes": list(report.notes),
    }
