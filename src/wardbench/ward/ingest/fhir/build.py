"""The second stage: the OMOP tables of a draft, from its source layer and the store's vocabulary."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import duckdb
import msgspec

from wardbench.core.omop.tables import CDM_VERSION, TABLES
from wardbench.core.progress import Progress
from wardbench.core.store import Draft, Snapshot, quoted
from wardbench.core.version import __version__
from wardbench.ward.ingest.eras import condition_eras, drug_eras, knows_ingredients
from wardbench.ward.ingest.fhir.concepts import map_codes
from wardbench.ward.ingest.fhir.events import write_events
from wardbench.ward.ingest.fhir.people import source, write_people
from wardbench.ward.ingest.fhir.resources import readings
from wardbench.ward.ingest.fhir.visits import write_visits
from wardbench.ward.ingest.ledger import RANKED, LedgerError, UnmappedCode
from wardbench.ward.ingest.mapping import CDM_5_4_0
from wardbench.ward.ingest.periods import EVENT_TABLES, observation_periods


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What a load is told beside its files; kept in the snapshot, so that mapping again follows it."""

    intents: tuple[str, ...]
    extracted: str | None = None
    name: str = "FHIR R4"
    holder: str = "unknown"


class Unmapped(msgspec.Struct, frozen=True):
    """The codes without a standard concept: the commonest, and how many in all."""

    ranked: Sequence[UnmappedCode]
    codes: int
    records: int


_LOOKUPS = ("Organization", "Location", "Practitioner", "Medication", "Device", "Patient", "Encounter")


def build(
    con: duckdb.DuckDBPyConnection,
    draft: Draft,
    kinds: Collection[str],
    previous: Snapshot | None,
    settings: Settings,
    progress: Progress,
) -> tuple[Unmapped, list[str]]:
    """Write every CDM table of what the source layer has; the unmapped codes, and notes for the report.

    `previous` is the snapshot that the vocabulary is taken over from. The macros have to be defined in `con`.
    """
    ordered = [kind for kind in readings() if kind in kinds]
    events = [kind for kind in ordered if kind not in _LOOKUPS]
    progress(0, 1, "mapping codes")
    map_codes(con, draft, ordered, previous)
    write_people(con, draft, ordered)
    extracted = settings.extracted or _latest_day(con, draft, ordered)
    nested = "Encounter" in ordered and write_visits(con, draft, extracted)
    written = write_events(con, draft, events, nested=nested, progress=progress)
    progress(0, 1, "writing periods and eras")
    for table in {*EVENT_TABLES, "condition_occurrence", "drug_exposure", "concept_ancestor"}:
        draft.view(con, table)
    draft.view(con, "concept")
    draft.write(con, "observation_period", observation_periods())
    draft.write(con, "condition_era", condition_eras())
    notes = []
    if knows_ingredients(con):
        draft.write(con, "drug_era", drug_eras())
    else:
        notes.append("Drug eras need the ingredients of a vocabulary (CONCEPT_ANCESTOR); none were made.")
    _write_cdm_source(con, draft, settings, extracted, previous)
    _write_links(con, draft, written)
    _check_keys(con, draft)
    return _unmapped(con, draft), notes


def _latest_day(con: duckdb.DuckDBPyConnection, draft: Draft, kinds: Collection[str]) -> str:
    """The last day anything began, which stands for the day of extraction where none was given."""
    days = []
    for kind in kinds:
        path = source(draft, kind)
        columns = {column[0] for column in con.execute(f"SELECT * FROM {path} LIMIT 0").description or ()}
        if "start_date" in columns:
            days.append(f"SELECT max(start_date) AS day FROM {path}")
    if not days:
        return "1970-01-01"
    row = con.execute(f"SELECT max(day)::VARCHAR FROM ({' UNION ALL '.join(days)})").fetchone()
    return str(row[0]) if row and row[0] else "1970-01-01"


def _write_cdm_source(
    con: duckdb.DuckDBPyConnection, draft: Draft, settings: Settings, extracted: str, previous: Snapshot | None
) -> None:
    """One row. Its dates are of the data, not of the run, so that loading again gives the same table."""
    draft.view(con, "vocabulary")
    row = con.execute("SELECT vocabulary_version FROM vocabulary WHERE vocabulary_id = 'None'").fetchone()
    release = str(row[0]) if row and row[0] else "none loaded"
    draft.write(
        con,
        "cdm_source",
        f"SELECT {quoted(settings.name)} AS cdm_source_name, {quoted(settings.name[:25])} AS cdm_source_abbreviation,"
        f" {quoted(settings.holder)} AS cdm_holder, 'FHIR R4 resources' AS source_description,"
        f" 'Wardbench {__version__}' AS cdm_etl_reference, DATE '{extracted}' AS source_release_date,"
        f" DATE '{extracted}' AS cdm_release_date, '{CDM_VERSION}' AS cdm_version,"
        f" {CDM_5_4_0} AS cdm_version_concept_id, {quoted(release[:20])} AS vocabulary_version",
    )


def _write_links(con: duckdb.DuckDBPyConnection, draft: Draft, written: dict[str, list[str]]) -> None:
    """The extra tables: the record of every row that is not its record's first, and the specimens of results."""
    mapped = sorted({kind for from_kinds in written.values() for kind in from_kinds})
    if mapped:
        further = " UNION ALL ".join(
            f"SELECT row_id, key AS record_key FROM mapped_{kind} WHERE row_id <> key" for kind in mapped
        )
        draft.write(con, "link", f"{further} ORDER BY row_id", layer="extra")
    specimens = " UNION ALL ".join(
        f"SELECT goes_to AS cdm_table, row_id, specimen_id FROM mapped_{kind} WHERE specimen_id IS NOT NULL"
        for kind in mapped
        if kind == "Observation"
    )
    if specimens and con.execute(f"SELECT 1 FROM ({specimens}) LIMIT 1").fetchone():
        draft.write(con, "specimen_of", f"{specimens} ORDER BY ALL", layer="extra")


def _check_keys(con: duckdb.DuckDBPyConnection, draft: Draft) -> None:
    """Refuse a draft where two rows of a table have one key."""
    for name in draft.tables:
        key = TABLES[name].primary_key
        if key is None or TABLES[name].schema != "cdm":
            continue
        path = quoted(draft.path(name))
        if con.execute(f"SELECT 1 FROM read_parquet({path}) GROUP BY {key} HAVING count(*) > 1 LIMIT 1").fetchone():
            raise LedgerError(f"{name}: two rows have one {key}.")


def _unmapped(con: duckdb.DuckDBPyConnection, draft: Draft) -> Unmapped:
    path = quoted(draft.path("unmapped_code", "extra"))
    total = con.execute(f"SELECT count(*), coalesce(sum(records), 0)::BIGINT FROM read_parquet({path})").fetchone()
    rows = con.execute(
        f"SELECT field, system, code, display, records FROM read_parquet({path})"
        f" ORDER BY records DESC, field, system, code LIMIT {RANKED}"
    ).fetchall()
    ranked = [UnmappedCode(field=f, system=s, code=c, display=d, records=r) for f, s, c, d, r in rows]
    return Unmapped(ranked, *(total or (0, 0)))
