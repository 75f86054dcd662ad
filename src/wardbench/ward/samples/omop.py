"""The specimens of a store (OMOP `specimen`) as the table that an index is built from.

OMOP says what was taken from whom, when, and how much. It knows no collection, consent or storage: all is one
collection, stored, never thawed, and under the tiers of consent that whoever asks names. Its quantity is what was
taken, not what is left. A material is known by its concept, or by the SNOMED CT code in its place; all else is "Other".
Diagnoses are the person's conditions in ICD-10 (`conditions`) up to the day it was taken.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa

from wardbench.core.consent import PRESUMED, Tier, mask
from wardbench.core.errors import InputError, NotFoundError
from wardbench.core.store import Snapshot
from wardbench.ward.samples.building import write_index
from wardbench.ward.samples.conditions import CODED
from wardbench.ward.samples.files import FORMAT
from wardbench.ward.samples.index import SampleIndex
from wardbench.ward.samples.materials import OMOP, SNOMED
from wardbench.ward.samples.schema import OLDEST, SCHEMA

COLLECTION = "store"
UNITS = {
    "L": ("volume", 10**9),
    "dL": ("volume", 10**8),
    "cL": ("volume", 10**7),
    "mL": ("volume", 10**6),
    "uL": ("volume", 10**3),
    "nL": ("volume", 1),
    "g": ("mass", 10**9),
    "mg": ("mass", 10**6),
    "ug": ("mass", 10**3),
    "ng": ("mass", 1),
    "{cells}": ("cells", 1),
    "1": ("pieces", 1),
    "{tube}": ("pieces", 1),
    "{piece}": ("pieces", 1),
}
"""Units of UCUM, case-sensitive: the dimension, and how many of its smallest unit one is."""

_SQL = f"""
    WITH {CODED}, diagnosed AS (
        SELECT s.specimen_id, list_sort(list_distinct(list(coded.code))) AS diagnoses
        FROM specimen s JOIN coded ON coded.person_id = s.person_id AND coded.since <= s.specimen_date
        GROUP BY s.specimen_id
    ), taken AS (
        SELECT s.*, coalesce(s.specimen_datetime, s.specimen_date::TIMESTAMP) AS collected,
            p.gender_concept_id, make_date(p.year_of_birth, coalesce(p.month_of_birth, 1), coalesce(p.day_of_birth, 1))
                AS born, coalesce(of_concept.material, of_code.material, 'Other') AS material,
            coalesce(of_unit.dimension, of_text.dimension) AS dimension, coalesce(of_unit.size, of_text.size) AS size
        FROM specimen s
        LEFT JOIN person p ON p.person_id = s.person_id
        LEFT JOIN of_concept ON of_concept.concept_id = s.specimen_concept_id
        LEFT JOIN of_code ON of_code.code = s.specimen_source_value
        LEFT JOIN concept u ON u.concept_id = s.unit_concept_id AND s.unit_concept_id > 0
        LEFT JOIN units of_unit ON of_unit.unit = u.concept_code
        LEFT JOIN units of_text ON of_text.unit = s.unit_source_value
    )
    SELECT t.specimen_id::VARCHAR AS specimen, t.person_id::VARCHAR AS donor, t.person_id,
        '{COLLECTION}' AS collection, t.material, NULL::VARCHAR AS temperature, 'primary' AS kind, 'stored' AS status,
        date_trunc('second', t.collected)::TIMESTAMP_S AS collected,
        CASE WHEN date_sub('year', t.born, t.collected::DATE) BETWEEN 0 AND {OLDEST}
            THEN date_sub('year', t.born, t.collected::DATE) END::SMALLINT AS age,
        CASE t.gender_concept_id WHEN 8507 THEN 'male' WHEN 8532 THEN 'female' END AS sex, d.diagnoses,
        CASE WHEN t.quantity >= 0 AND t.quantity < 1e6 THEN round(t.quantity * t.size)::BIGINT END AS amount,
        t.dimension, 0::SMALLINT AS thaws,
        NULL::VARCHAR AS tube, NULL::VARCHAR AS delay, NULL::VARCHAR AS delay_after,
        $consent::USMALLINT AS consent, false AS reserved, false AS retained
    FROM taken t LEFT JOIN diagnosed d ON d.specimen_id = t.specimen_id
    ORDER BY t.person_id, t.material, t.collected, t.specimen_id
"""


def specimens_of(snapshot: Snapshot, *, consent: Iterable[Tier] = PRESUMED) -> pa.Table:
    """The specimens of a snapshot as `schema.SCHEMA` has them; `consent` is what all donors are taken to allow."""
    materials = pa.table({"concept_id": list(OMOP), "material": list(OMOP.values())})
    codes = pa.table({"code": list(SNOMED), "material": list(SNOMED.values())})
    dimensions, sizes = zip(*UNITS.values(), strict=True)
    units = pa.table({"unit": list(UNITS), "dimension": list(dimensions), "size": list(sizes)})
    with snapshot.connect() as con:
        for name, table in (("of_concept", materials), ("of_code", codes), ("units", units)):
            con.register(name, table)
        found: pa.Table = con.sql(_SQL, params={"consent": mask(consent)}).to_arrow_table()
    return found.select(SCHEMA.names).cast(SCHEMA)


def index_of(snapshot: Snapshot, *, consent: Iterable[Tier] = PRESUMED) -> SampleIndex:
    """The index of a snapshot's specimens, kept beside its other derived files and made when it is first asked for.

    NotFoundError where the snapshot has no specimens.
    """
    if "specimen" not in snapshot.tables:
        raise NotFoundError("The store has no specimens.")
    parent = snapshot.derived / f"specimens-{FORMAT}-{mask(consent):x}"
    for folder in _folders(parent):
        try:
            return SampleIndex.open(folder)
        except (InputError, NotFoundError):
            continue
    return SampleIndex.open(write_index(specimens_of(snapshot, consent=consent), parent))


def _folders(parent: Path) -> list[Path]:
    return sorted(path for path in parent.iterdir() if path.name[0] != ".") if parent.is_dir() else []
