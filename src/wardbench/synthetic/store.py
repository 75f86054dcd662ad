"""A campus as a store: OMOP CDM 5.4 without a vocabulary, as a load of the same campus's FHIR gives.

Standard concepts are 0 but for the few every tool knows (sex, kind of visit, type of record); each source code is a
custom concept from 2,000,000,000 on, and its verbatim code stands in the source value.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb

from wardbench.core.omop.local_concepts import local_concept_ids
from wardbench.core.progress import Progress, silent
from wardbench.core.store import Snapshot, Store, quoted
from wardbench.core.version import __version__
from wardbench.synthetic import biobank, campus, codes, institutions, laboratory, parts
from wardbench.synthetic.codes import UCUM, VOCABULARIES, Code
from wardbench.synthetic.records import TABLES
from wardbench.synthetic.store_tables import SELECTS

_MEMORY = "2GB"
_CODED = (
    ("visit", "code", "Visit"),
    ("condition", "code", "Condition"),
    ("drug", "code", "Drug"),
    ("immunization", "code", "Drug"),
    ("procedure", "code", "Procedure"),
    ("measurement", "code", "Measurement"),
    ("pressure", str(codes.SYSTOLIC), "Measurement"),
    ("pressure", str(codes.DIASTOLIC), "Measurement"),
    ("smoking", str(codes.SMOKING), "Observation"),
    ("allergy", "code", "Observation"),
    ("measurement", "answer", "Meas Value"),
    ("smoking", "answer", "Meas Value"),
    ("specimen", "code", "Specimen"),
    ("specimen", f"CASE WHEN from_colon = 1 THEN {codes.COLON} END", "Spec Anatomic Site"),
)
"""Where codes stand, table and expression, and the domain of their concepts."""


def write_store(
    folder: Path, persons: int, seed: int, *, block: int = campus.BLOCK, progress: Progress = silent
) -> tuple[Snapshot, dict[str, Any]]:
    """Make a campus and publish it as the current snapshot of the store in `folder`, with its truths beside it.

    The same persons and seed give the same version, whatever `block` is. The snapshot, and the truths that were
    written to `folder`.truths.json.
    """
    campus.spans(persons)
    store = Store.open_or_create(folder)
    with store.draft() as draft:
        truths = parts.write(draft.scratch, persons, seed, block=block, progress=progress)
        with draft.connect(memory=_MEMORY) as con:
            _register(con, draft.scratch)
            for number, (table, select) in enumerate(SELECTS.items()):
                progress(number, len(SELECTS), f"writing {table}")
                draft.write(con, table, select)
        snapshot = draft.commit({"synthetic": {"persons": persons, "seed": seed}, "software": __version__})
    return snapshot, truths.write(folder.with_name(f"{folder.name}.truths.json"))


def _register(con: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Views of the parts, `code` (every code in use, its custom concept and domain), `unit`, and the institutions."""
    for name in ("person", *TABLES):
        con.execute(f"CREATE VIEW of_{name} AS SELECT * FROM read_parquet({quoted(folder / name / '*.parquet')})")
    con.execute("CREATE VIEW sex AS SELECT person, female FROM of_person")
    units = {**laboratory.UNITS, **biobank.UNITS}
    unit_codes = [Code(UCUM, unit, unit) for unit in sorted(set(units.values()))]
    place_of_unit = {code.code: len(codes.CODES) + n for n, code in enumerate(unit_codes)}
    con.execute("CREATE TABLE every_code (place BIGINT, system VARCHAR, code VARCHAR, text VARCHAR)")
    con.executemany(
        "INSERT INTO every_code VALUES (?, ?, ?, ?)", [[n, *c] for n, c in enumerate([*codes.CODES, *unit_codes])]
    )
    con.execute("CREATE TABLE unit_of (place BIGINT, unit_place BIGINT)")
    con.executemany("INSERT INTO unit_of VALUES (?, ?)", [[n, place_of_unit[unit]] for n, unit in units.items()])
    used = [f"SELECT DISTINCT {code} AS place, '{domain}' AS domain FROM of_{name}" for name, code, domain in _CODED]
    con.execute(f"CREATE TABLE used AS {' UNION ALL '.join(used)}")
    con.execute("INSERT INTO used SELECT DISTINCT unit_place, 'Unit' FROM unit_of JOIN used USING (place)")
    con.execute(
        """CREATE TABLE code AS SELECT every_code.*, domain, NULL::INTEGER AS concept_id
        FROM every_code JOIN (SELECT place, min(domain) AS domain FROM used GROUP BY place) USING (place)"""
    )
    ids = local_concept_ids(con.execute("SELECT system, code FROM code").fetchall())
    con.executemany(
        "UPDATE code SET concept_id = ? WHERE system = ? AND code = ?", [[made, *code] for code, made in ids.items()]
    )
    con.execute(
        """CREATE TABLE unit AS SELECT unit_of.place, code AS unit, concept_id AS unit_concept
        FROM unit_of JOIN code ON code.place = unit_place"""
    )
    con.execute("CREATE TABLE vital (place BIGINT)")
    con.executemany(
        "INSERT INTO vital VALUES (?)", [[place] for place in set(laboratory.UNITS) - laboratory.LABORATORY]
    )
    con.execute("CREATE TABLE reference (place BIGINT, female BOOLEAN, low DOUBLE, high DOUBLE)")
    con.executemany(
        "INSERT INTO reference VALUES (?, ?, ?, ?)",
        [[a.code, female, *a.printed_limits(female)] for a in laboratory.ANALYTES for female in (True, False)],
    )
    con.execute("CREATE TABLE vocabulary (system VARCHAR, vocabulary_id VARCHAR)")
    con.executemany("INSERT INTO vocabulary VALUES (?, ?)", [list(pair) for pair in VOCABULARIES.items()])
    con.execute("CREATE TABLE practitioner (place BIGINT, id VARCHAR, specialty VARCHAR)")
    con.executemany(
        "INSERT INTO practitioner VALUES (?, ?, ?)",
        [[place, p.id, p.specialty] for place, p in enumerate(institutions.PRACTITIONERS)],
    )
    con.execute("CREATE TABLE organisation (place BIGINT, id VARCHAR, name VARCHAR)")
    con.executemany(
        "INSERT INTO organisation VALUES (?, ?, ?)",
        [[place, o.id, o.name] for place, o in enumerate(institutions.ORGANISATIONS)],
    )
