"""A campus as FHIR R4: newline-delimited JSON, one file for each type of resource, as a bulk export gives it.

A line is put together by one SQL expression over the columns of a block, with the parts that repeat (a code, a unit
with its reference range) rendered once and carried as dictionary columns.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, BinaryIO

import duckdb
import msgspec
import numpy as np
import pyarrow as pa

from wardbench.core.errors import InputError, StorageError
from wardbench.core.progress import Progress, silent
from wardbench.core.store import connect
from wardbench.synthetic import biobank, campus, codes, institutions, laboratory, parts, resources
from wardbench.synthetic.codes import CODES, UCUM
from wardbench.synthetic.institutions import ORGANISATIONS, PRACTITIONERS, WARDS
from wardbench.synthetic.truths import Truths

_PRACTITIONERS = [f"Practitioner/{practitioner.id}" for practitioner in PRACTITIONERS]
_ROWS_AT_ONCE = 20_000
_ALLERGY_CATEGORY = {codes.PENICILLIN_ALLERGY: "medication", codes.PEANUT_ALLERGY: "food"}


def write_fhir(
    folder: Path, persons: int, seed: int, *, block: int = campus.BLOCK, progress: Progress = silent
) -> tuple[dict[str, int], dict[str, Any]]:
    """Write a campus as `folder`/TYPE.ndjson, with its truths beside it; the folder appears when it is whole.

    The same persons and seed give the same lines, and with the same `block` the same bytes. How many resources of
    each type, and the truths that were written to `folder`.truths.json. InputError where the folder holds something
    already, StorageError where the disk refuses.
    """
    if folder.is_file() or (folder.is_dir() and any(folder.iterdir())):
        raise InputError(f"{folder}: there is something here already; name a folder that is empty or not there.")
    campus.spans(persons)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{folder.name}.", dir=folder.parent) as unfinished:
            written = Path(unfinished) / "fhir"
            written.mkdir()
            counts, truths = _write_all(written, persons, seed, block=block, progress=progress)
            written.rename(folder)
        return counts, truths.write(folder.with_name(f"{folder.name}.truths.json"))
    except OSError as error:
        raise StorageError(f"{folder}: the disk refuses to be written ({error.strerror}).") from error


def _write_all(
    folder: Path, persons: int, seed: int, *, block: int, progress: Progress
) -> tuple[dict[str, int], Truths]:
    truths = Truths(persons, seed)
    counts: dict[str, int] = {}
    with ExitStack() as stack:
        files: dict[str, BinaryIO] = {}

        def file(kind: str) -> BinaryIO:
            if kind not in files:
                files[kind] = stack.enter_context((folder / f"{kind}.ndjson").open("wb"))
                counts[kind] = 0
            return files[kind]

        for resource in _institutions():
            kind = resource["resourceType"]
            file(kind).write(_json(resource).encode() + b"\n")
            counts[kind] += 1
        con = stack.enter_context(connect(memory="500MB"))
        for made in parts.blocks(persons, seed, block=block, progress=progress):
            truths.add(made)
            for kind, table, template in _queries(parts.arrow_tables(made)):
                written = _write(con, file(kind), table, resources.expression(template))
                counts[kind] += written
    return dict(sorted(counts.items())), truths


def _write(con: duckdb.DuckDBPyConnection, file: BinaryIO, table: pa.Table, line: str) -> int:
    """Write one line for each row of `table`; the text lies as one buffer in Arrow's column, which is written whole."""
    event = pa.Table.from_batches(table.to_batches(max_chunksize=_ROWS_AT_ONCE), table.schema)
    con.register("event", event)
    for batch in con.sql(f"SELECT {line} || chr(10) AS line FROM event").to_arrow_reader(_ROWS_AT_ONCE):
        column = batch.column(0)
        wide = pa.types.is_large_string(column.type)
        offsets = np.frombuffer(column.buffers()[1], dtype=np.int64 if wide else np.int32)
        file.write(memoryview(column.buffers()[2])[offsets[column.offset] : offsets[column.offset + len(column)]])
    con.unregister("event")
    return int(table.num_rows)


def _queries(tables: dict[str, pa.Table]) -> Iterator[tuple[str, pa.Table, str]]:
    """Type of resource, table, and the template of its lines."""
    female = tables["person"]["female"].to_numpy()
    first = tables["person"]["person"][0].as_py()
    for name, kind, template in (
        ("person", "Patient", resources.PATIENT),
        ("visit", "Encounter", resources.ENCOUNTER),
        ("condition", "Condition", resources.CONDITION),
        ("pressure", "Observation", resources.PRESSURE),
        ("smoking", "Observation", resources.SMOKING),
        ("procedure", "Procedure", resources.PROCEDURE),
        ("immunization", "Immunization", resources.IMMUNIZATION),
    ):
        yield kind, _with_codes(tables[name]), template
    measurement = tables["measurement"]
    code = measurement["code"].to_numpy()
    frames = code * 2 + female[measurement["person"].to_numpy() - first]
    measurement = _with_codes(measurement.append_column("frame", _looked_up(frames, _frames())))
    from_laboratory = np.isin(code, list(laboratory.LABORATORY))
    yield "Observation", measurement.filter(pa.array(from_laboratory)), resources.LABORATORY
    yield "Observation", measurement.filter(pa.array(~from_laboratory)), resources.VITAL_SIGN
    specimen, allergy, drug = tables["specimen"], tables["allergy"], tables["drug"]
    specimen = specimen.append_column("unit", _looked_up(specimen["code"].to_numpy(), _each(_unit_of_specimen)))
    yield "Specimen", _with_codes(specimen), resources.SPECIMEN
    allergy = allergy.append_column("category", _looked_up(allergy["code"].to_numpy(), _each(_allergy_category)))
    yield "AllergyIntolerance", _with_codes(allergy), resources.ALLERGY
    administered = drug["administered"].to_numpy() == 1
    yield "MedicationRequest", _with_codes(drug.filter(pa.array(~administered))), resources.REQUEST
    yield "MedicationAdministration", _with_codes(drug.filter(pa.array(administered))), resources.ADMINISTRATION


def _with_codes(table: pa.Table) -> pa.Table:
    """Codes, answers and practitioners as JSON instead of as numbers."""
    for column, rendered in (("code", _each(_concept)), ("answer", _each(_concept)), ("practitioner", _PRACTITIONERS)):
        if column in table.column_names:
            place = table.column_names.index(column)
            table = table.set_column(place, column, _looked_up(table[column].to_numpy(), rendered))
    return table


def _looked_up(places: np.ndarray[Any, Any], rendered: Sequence[str]) -> pa.Array:
    """The texts at these places; NULL where the place is negative."""
    return pa.DictionaryArray.from_arrays(
        pa.array(places.astype(np.int32), mask=places < 0), pa.array(rendered, type=pa.string())
    )


def _each(render: Callable[[int], str]) -> list[str]:
    return [render(place) for place in range(len(CODES))]


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _concept(place: int) -> str:
    system, code, text = CODES[place]
    return _json({"coding": [{"system": system, "code": code, "display": text}], "text": text})


def _unit_of_specimen(place: int) -> str:
    unit = biobank.UNITS.get(place, "1")
    return f'"unit":{_json(unit)},"system":"{UCUM}","code":{_json(unit)}'


def _allergy_category(place: int) -> str:
    return _ALLERGY_CATEGORY.get(place, "environment")


def _frames() -> list[str]:
    """What follows a value, by code and sex (men, then women): its unit, and the laboratory's reference range."""
    frames = []
    for place in range(len(CODES)):
        unit = laboratory.UNITS.get(place, "1")
        after = f',"unit":{_json(unit)},"system":"{UCUM}","code":{_json(unit)}}}'
        for female in (False, True):
            if place in laboratory.BY_CODE:
                low, high = laboratory.BY_CODE[place].printed_limits(female)
                limits = {"low": {"value": low, "unit": unit}, "high": {"value": high, "unit": unit}}
                frames.append(f'{after},"referenceRange":[{_json(limits)}]')
            else:
                frames.append(after)
    return frames


def _institutions() -> Iterator[dict[str, Any]]:
    for organisation in ORGANISATIONS:
        part_of = {"partOf": {"reference": f"Organization/{organisation.part_of}"}} if organisation.part_of else {}
        kind = {"coding": [{"system": f"{resources.TERMINOLOGY}/organization-type", "code": organisation.kind}]}
        yield {
            "resourceType": "Organization",
            "id": organisation.id,
            "active": True,
            "type": [kind],
            "name": organisation.name,
            **part_of,
        }
    hospital = {"reference": f"Organization/{ORGANISATIONS[institutions.HOSPITAL].id}"}
    for ward in WARDS:
        yield {
            "resourceType": "Location",
            "id": ward.id,
            "status": "active",
            "name": ward.name,
            "managingOrganization": hospital,
        }
    for practitioner in PRACTITIONERS:
        yield {
            "resourceType": "Practitioner",
            "id": practitioner.id,
            "active": True,
            "name": [{"family": practitioner.family, "given": [practitioner.given]}],
            "qualification": [{"code": {"text": practitioner.specialty}}],
        }
