"""A pseudonymised extract of a snapshot: the rows of some persons, minimised, as CSV or Parquet in one archive.

What is in an extract is a list of columns (`COLUMNS`), never what happens to be in a table: no free text, no source
values, no row numbers, no staff, no places, nobody's day of birth. What has no standard concept has that of its source
(`extract_codes`), and what each concept means stands in a table of its own. Persons and visits have names of one
study (`core.pseudonyms`). Dates are moved by one number of days for each person, so that intervals stay, or are days
from the person's index day. Ages from `OLDEST` on are one.

Rows are cut where their moved dates pass the same two days for everybody, as far inside the period as dates can move,
whether the moved dates are given or days from the index day: cut at the period itself, somebody's first or last row
would tell by how much their dates were moved, or which day their index day is. An end that lies beyond is not given.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from wardbench.core.errors import InputError
from wardbench.core.omop.tables import TABLES
from wardbench.core.pseudonyms import MOST_DAYS, Pseudonymiser
from wardbench.core.store import Snapshot
from wardbench.core.store.connection import quoted
from wardbench.core.store.files import sha256_of, sync_tree
from wardbench.ward import extract_codes
from wardbench.ward.extract_codes import CONCEPTS, UNIT

OLDEST = 90
ARCHIVE, MANIFEST, DICTIONARY, SUMS = "extract.zip", "manifest.json", "dictionary.csv", "SHA256SUMS"
FORM = 2


def gettext_noop(sentence: str) -> str:
    """Mark a sentence for the catalogues; it is translated where it is shown."""
    return sentence


class Dates(StrEnum):
    """How dates are given: moved by one number of days a person, or as days from the index day."""

    SHIFTED = "shifted"
    RELATIVE = "relative"


class Format(StrEnum):
    CSV = "csv"
    PARQUET = "parquet"


COLUMNS: Mapping[str, Mapping[str, str]] = {
    "person": {
        "gender_concept_id": gettext_noop("Sex, as a concept"),
        "age": gettext_noop("Age in years on the index day; 90 stands for 90 and older"),
    },
    "visit_occurrence": {
        "visit_concept_id": gettext_noop("Kind of visit, as a concept"),
        "visit_start_date": gettext_noop("First day of the visit"),
        "visit_end_date": gettext_noop("Last day of the visit"),
    },
    "condition_occurrence": {
        "condition_concept_id": gettext_noop("Diagnosis, as a concept"),
        "condition_start_date": gettext_noop("Day of the diagnosis"),
        "condition_end_date": gettext_noop("Day on which it ended"),
        "condition_status_concept_id": gettext_noop("Whether it was suspected, confirmed ..., as a concept"),
    },
    "drug_exposure": {
        "drug_concept_id": gettext_noop("Medicine, as a concept"),
        "drug_exposure_start_date": gettext_noop("First day"),
        "drug_exposure_end_date": gettext_noop("Last day"),
        "quantity": gettext_noop("How much was given or dispensed"),
        "days_supply": gettext_noop("For how many days"),
        "route_concept_id": gettext_noop("Route, as a concept"),
    },
    "procedure_occurrence": {
        "procedure_concept_id": gettext_noop("Procedure, as a concept"),
        "procedure_date": gettext_noop("Day of the procedure"),
        "quantity": gettext_noop("How many"),
    },
    "measurement": {
        "measurement_concept_id": gettext_noop("What was measured, as a concept"),
        "measurement_date": gettext_noop("Day of the measurement"),
        "operator_concept_id": gettext_noop("Less than, equal, more than, as a concept"),
        "value_as_number": gettext_noop("The value, as a number"),
        "value_as_concept_id": gettext_noop("The value, as a concept"),
        "unit_concept_id": gettext_noop("Unit, as a concept"),
        "range_low": gettext_noop("Lower end of the normal range"),
        "range_high": gettext_noop("Upper end of the normal range"),
    },
    "observation": {
        "observation_concept_id": gettext_noop("What was observed or asked, as a concept"),
        "observation_date": gettext_noop("Day of the observation"),
        "value_as_number": gettext_noop("The value, as a number"),
        "value_as_concept_id": gettext_noop("The value, as a concept"),
        "unit_concept_id": gettext_noop("Unit, as a concept"),
    },
    "device_exposure": {
        "device_concept_id": gettext_noop("Device, as a concept"),
        "device_exposure_start_date": gettext_noop("First day"),
        "device_exposure_end_date": gettext_noop("Last day"),
    },
    "specimen": {
        "specimen_concept_id": gettext_noop("Kind of specimen, as a concept"),
        "specimen_date": gettext_noop("Day on which it was taken"),
        "quantity": gettext_noop("How much"),
        "unit_concept_id": gettext_noop("Unit, as a concept"),
    },
    "death": {"death_date": gettext_noop("Day of death"), "cause_concept_id": gettext_noop("Cause, as a concept")},
}
"""What can be asked for, by table; persons and visits come with their names in every table that has them."""
FIRST_DATE = {
    table: next(name for name in columns if name.endswith("_date"))
    for table, columns in COLUMNS.items()
    if table != "person"
}
"""The day of a row, by which it lies within the period of the permit or not."""
PERSON, VISIT, INDEX = "person", "visit", "index_date"
ALWAYS = {
    PERSON: "The person, by a name that means nothing outside this study",
    VISIT: "The visit, by a name that means nothing outside this study",
    INDEX: "The person's index day, their first day in the cohort; not given where it lies beyond the days given",
    UNIT: "Unit in UCUM, where it has no concept",
}


MARGIN = timedelta(days=MOST_DAYS)
"""How far inside the period moved dates are cut, at either end."""


@dataclass(frozen=True)
class Wanted:
    """What is asked of an extract: columns by table, how dates are given, within which days (both included)."""

    tables: Mapping[str, Sequence[str]]
    dates: Dates = Dates.SHIFTED
    format: Format = Format.CSV
    since: date | None = None
    until: date | None = None

    def __post_init__(self) -> None:
        if not self.tables or not all(self.tables.values()):
            raise InputError("tables: ask for at least one column of each table.")
        for table, columns in self.tables.items():
            if table not in COLUMNS:
                raise InputError("tables: {table} is not given in extracts.", table=table)
            for column in columns:
                if column not in COLUMNS[table]:
                    raise InputError("columns: {column} is not given in extracts.", column=f"{table}.{column}")
        if self.since and self.until and self.since > self.until:
            raise InputError("period: it ends before it begins.")
        if self.dates is Dates.SHIFTED and self.since and self.until and self.until - self.since <= 2 * MARGIN:
            raise InputError("period: dates are moved only where it is longer than a year; ask for days instead.")


@dataclass(frozen=True)
class People:
    """Persons of the store, each once, and their index days (since 1970)."""

    persons: npt.NDArray[np.int64]
    days: npt.NDArray[np.int32]


NAMES = gettext_noop("Persons and visits carry names that mean nothing outside this study.")
MOVED = gettext_noop("Dates are moved by one number of days for each person.")
COUNTED = gettext_noop("Dates are days from each person's index day.")
EDGES = gettext_noop("The first and last half year are left out, so that nobody's first or last day tells theirs.")
OWN_EDGES = gettext_noop(
    "At either end of the period rows are left out up to a day that is each person's own, so that nobody's first or"
    " last row tells their index day."
)
AGES = gettext_noop("Ages from 90 on are given as 90; nobody's day of birth is given.")
CODED = gettext_noop(
    "A code is that of the standard vocabulary, or that of the source where there is no standard one; what each code"
    " means stands in concept.csv. A hospital's own codes stand there without words."
)
UNITS = gettext_noop("A unit that has no code stands in words of UCUM, and is left out where it is not UCUM.")
LEFT_OUT = gettext_noop("No free text, no source values, no row numbers, no staff, no places.")


def write_extract(
    snapshot: Snapshot, people: People, wanted: Wanted, names: Pseudonymiser, about: Mapping[str, Any], folder: Path
) -> dict[str, Any]:
    """Write an extract into `folder`, which must be new: the archive, and its manifest, which is given back.

    `about` is what the manifest says besides: study, permit, cohort. Everything is on the disk when it returns.
    """
    folder.mkdir(parents=True)
    tables: list[dict[str, Any]] = []
    edges = _edges(snapshot, wanted)
    coded = any(extract_codes.is_concept(column) for columns in wanted.tables.values() for column in columns)
    with_units = any(extract_codes.has_unit(table, columns) for table, columns in wanted.tables.items())
    concepts = 0
    with snapshot.connect(memory="1GB", spill=folder / "spill") as con:
        extract_codes.prepare(con)
        con.register("given_people", _people(people, edges, names))
        for table in COLUMNS:
            if table in wanted.tables:
                tables.append(_write_table(con, table, wanted, edges, names, folder))
        if coded:
            concepts = extract_codes.write(con, folder)
    _write_dictionary(wanted, folder)
    manifest = {
        "form": FORM,
        **about,
        "snapshot": snapshot.version,
        "persons": int(people.persons.size),
        "dates": wanted.dates.value,
        "period": [day.isoformat() if day else "" for day in (wanted.since, wanted.until)],
        "key_version": names.version,
        "rules": [
            NAMES,
            *([MOVED, EDGES] if wanted.dates is Dates.SHIFTED else [COUNTED, OWN_EDGES]),
            AGES,
            *([CODED] if coded else []),
            *([UNITS] if with_units else []),
            LEFT_OUT,
        ],
        "tables": tables,
        "dictionary": {"file": DICTIONARY, "sha256": sha256_of(folder / DICTIONARY)},
    }
    if coded:
        manifest["concepts"] = {"file": CONCEPTS, "rows": concepts, "sha256": sha256_of(folder / CONCEPTS)}
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=1, sort_keys=True), encoding="utf-8")
    files = [MANIFEST, DICTIONARY, *([CONCEPTS] if coded else []), *(one["file"] for one in tables)]
    sums = "".join(f"{sha256_of(folder / name)}  {name}\n" for name in files)
    (folder / SUMS).write_text(sums, encoding="ascii")
    _pack(folder, [*files, SUMS])
    sync_tree(folder)
    return manifest


@dataclass(frozen=True)
class Edges:
    """The first and last day, as dates move, of the rows that are given, and how many days they are inside the period:
    dates move by as many at most. None where nobody was observed, so that there is nothing to give."""

    first: date
    last: date
    margin: int


def _edges(snapshot: Snapshot, wanted: Wanted) -> Edges | None:
    """Half a year inside the period; where days from the index day are asked for, a quarter of a short one."""
    observed = snapshot.period()
    if observed is None:
        return None
    first, last = (date.fromisoformat(day) for day in observed)
    first, last = max(wanted.since or first, first), min(wanted.until or last, last)
    margin = MARGIN
    if wanted.dates is Dates.RELATIVE:
        margin = min(MARGIN, max(timedelta(0), (last - first) // 4))
    return Edges(first + margin, last - margin, margin.days)


def _people(people: People, edges: Edges | None, names: Pseudonymiser) -> pa.Table:
    """Each person's name, index day and by how many days their dates move."""
    ids = people.persons.tolist()
    index = np.asarray(people.days, "datetime64[D]")
    margin = edges.margin if edges else MOST_DAYS
    moved = [names.days(one) * margin // MOST_DAYS for one in ids]
    return pa.table(
        {
            "person_id": pa.array(people.persons, pa.int64()),
            "name": pa.array([names.pseudonym("person", one) for one in ids], pa.string()),
            "index_day": pa.array(index, pa.date32()),
            "moved": pa.array(moved, pa.int32()),
        }
    )


def _write_table(
    con: duckdb.DuckDBPyConnection, table: str, wanted: Wanted, edges: Edges | None, names: Pseudonymiser, folder: Path
) -> dict[str, Any]:
    chosen = [column for column in COLUMNS[table] if column in wanted.tables[table]]
    has_visit = "visit_occurrence_id" in TABLES[table].column_names
    parts = [f"p.name AS {PERSON}"]
    if has_visit:
        con.register("given_visits", _visits(con, table, names))
        parts.append(f"v.name AS {VISIT}")
    if table == "person":
        parts.append(_day(_index(wanted.dates, edges), INDEX, wanted.dates))
    for column in chosen:
        parts.append(_column(table, column, wanted.dates, edges))
        if column == extract_codes.UNIT_CONCEPT and extract_codes.has_unit(table, chosen):
            parts.append(extract_codes.unit(con, table))
    first = FIRST_DATE.get(table)
    inside = "true" if first is None else "false" if edges is None else _inside(f"t.{first}", edges)
    visits = "LEFT JOIN given_visits v ON v.id = t.visit_occurrence_id" if has_visit else ""
    file = f"{table}.{wanted.format.value}"
    kind = "FORMAT csv, HEADER true" if wanted.format is Format.CSV else "FORMAT parquet, COMPRESSION zstd"
    question = (
        f"SELECT {', '.join(parts)} FROM {table} t JOIN given_people p ON p.person_id = t.person_id {visits}"
        f" WHERE {inside} ORDER BY ALL"
    )
    con.execute(f"CREATE TEMP TABLE given AS {question}")
    con.execute(f"COPY (SELECT * FROM given ORDER BY ALL) TO {quoted(folder / file)} ({kind})")
    rows = con.execute("SELECT count(*) FROM given").fetchall()[0][0]
    columns = [one[0] for one in con.execute("SELECT * FROM given LIMIT 0").description or ()]
    extract_codes.note(con, columns)
    empty = extract_codes.empty(con, columns)
    con.execute("DROP TABLE given")
    digest = sha256_of(folder / file)
    return {"name": table, "file": file, "rows": rows, "columns": columns, "empty": empty, "sha256": digest}


def _visits(con: duckdb.DuckDBPyConnection, table: str, names: Pseudonymiser) -> pa.Table:
    """The visits of a table's rows with their names in the study."""
    found = con.execute(
        f"SELECT DISTINCT t.visit_occurrence_id FROM {table} t JOIN given_people p ON p.person_id = t.person_id"
        " WHERE t.visit_occurrence_id IS NOT NULL"
    ).fetchall()
    ids = [one for (one,) in found]
    return pa.table(
        {
            "id": pa.array(ids, pa.int64()),
            "name": pa.array([names.pseudonym("visit", one) for one in ids], pa.string()),
        }
    )


def _index(dates: Dates, edges: Edges | None) -> str:
    """The index day, where it lies between the edges: moved beyond them it would tell by how much, as a row would."""
    if dates is Dates.RELATIVE or edges is None:
        return "p.index_day"
    return f"(CASE WHEN {_inside('p.index_day', edges)} THEN p.index_day END)"


def _inside(day: str, edges: Edges) -> str:
    """Whether a day lies between the edges, as dates move."""
    return f"{day} + p.moved BETWEEN DATE '{edges.first}' AND DATE '{edges.last}'"


def _column(table: str, column: str, dates: Dates, edges: Edges | None) -> str:
    if column == "age":
        return f"least({OLDEST}, greatest(0, year(p.index_day) - t.year_of_birth))::INTEGER AS age"
    if extract_codes.is_concept(column):
        return f"{extract_codes.concept(table, column)} AS {column}"
    if not column.endswith("_date") or edges is None:
        return f"t.{column}"
    return _day(f"(CASE WHEN {_inside(f't.{column}', edges)} THEN t.{column} END)", column, dates)


def _day(value: str, name: str, dates: Dates) -> str:
    if dates is Dates.RELATIVE:
        return f"({value} - p.index_day)::INTEGER AS {name.removesuffix('_date')}_day"
    return f"({value} + p.moved)::DATE AS {name}"


def _write_dictionary(wanted: Wanted, folder: Path) -> None:
    """What each column means, in the order in which they stand."""
    with (folder / DICTIONARY).open("w", encoding="utf-8", newline="") as file:
        write = csv.writer(file)
        write.writerow(["table", "column", "meaning"])
        for table, columns in COLUMNS.items():
            if table not in wanted.tables:
                continue
            names = [PERSON, *([VISIT] if "visit_occurrence_id" in TABLES[table].column_names else [])]
            names += [INDEX] if table == "person" else []
            meanings = [(name, ALWAYS[name]) for name in names]
            meanings += [(name, words) for name, words in columns.items() if name in wanted.tables[table]]
            if extract_codes.has_unit(table, wanted.tables[table]):
                place = [name for name, _words in meanings].index(extract_codes.UNIT_CONCEPT)
                meanings.insert(place + 1, (UNIT, ALWAYS[UNIT]))
            for name, words in meanings:
                if name.endswith("_date") and wanted.dates is Dates.RELATIVE:
                    name, words = f"{name.removesuffix('_date')}_day", f"{words}, in days from the index day"
                write.writerow([table, name, words])


def _pack(folder: Path, files: Sequence[str]) -> None:
    """All files in one archive, of which the same content gives the same bytes; the files themselves are gone then."""
    with zipfile.ZipFile(folder / ARCHIVE, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in files:
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            with (folder / name).open("rb") as source, archive.open(entry, "w", force_zip64=True) as target:
                while chunk := source.read(1 << 20):
                    target.write(chunk)
    for name in files:
        if name != MANIFEST:
            (folder / name).unlink()
    for left in folder.glob("spill*"):
        if left.is_dir():
            for one in left.rglob("*"):
                one.unlink()
            left.rmdir()


def mostly_empty(manifest: Mapping[str, Any]) -> list[tuple[str, str, int, int]]:
    """The columns that say nothing in more than half of the rows: table, column as in `COLUMNS`, in how many, of how
    many. None of a manifest of before this was counted."""
    found = []
    for table in manifest.get("tables", ()):
        empty = {name: table.get("empty", {}).get(name, 0) for name in table["columns"]}
        for column in COLUMNS[table["name"]]:
            count = empty.get(column, empty.get(f"{column.removesuffix('_date')}_day", 0))
            if 2 * count > table["rows"]:
                found.append((table["name"], column, count, table["rows"]))
    return found


def hash_of(manifest: Mapping[str, Any]) -> str:
    """SHA-256 of a manifest as JSON with one spelling, 64 hexadecimal digits."""
    text = io.StringIO()
    json.dump(manifest, text, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.getvalue().encode()).hexdigest()
