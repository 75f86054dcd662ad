"""What is exported means what was read, for every definition there is."""

from __future__ import annotations

import gzip
import json
from contextlib import suppress
from pathlib import Path

import pytest

from wardbench.core.errors import InputError, UnsupportedError
from wardbench.ward.cohorts import Definition, lower, read_definition, read_definitions, read_entries
from wardbench.ward.cohorts.export import atlas_json, export_definition


def supported(library: Path) -> dict[int, Definition]:
    """The definitions of a library by id, without those that ask for what is not supported."""
    found = {}
    for entry in read_entries(library):
        with suppress(UnsupportedError, InputError):
            definition = entry.decode()
            lower(definition)
            found[definition.id] = definition
    assert len(found) >= 40
    return found


@pytest.mark.parametrize("library", ["phenotype_library.jsonl.gz", "circe_be.jsonl.gz"])
def test_reading_an_export_gives_the_same_plan_and_the_same_export(shared: Path, tmp_path: Path, library: str) -> None:
    path, lines = tmp_path / "exported.jsonl", []
    definitions = supported(shared / "data" / "circe" / library)
    for definition in definitions.values():
        lines.append(json.dumps({"id": definition.id, "expression": json.loads(atlas_json(definition))}))
    path.write_text("\n".join(lines))
    for again in read_definitions(path):
        assert lower(again).digest == lower(definitions[again.id]).digest, again.id
        assert atlas_json(again) == atlas_json(definitions[again.id]), again.id


def test_nothing_of_a_definition_is_lost_but_what_says_nothing(shared: Path) -> None:
    """Compared key by key with the file that ATLAS wrote, however the keys are ordered."""
    with gzip.open(shared / "data" / "circe" / "phenotype_library.jsonl.gz", "rt") as lines:
        given = {entry["id"]: entry["expression"] for entry in map(json.loads, lines)}
    for definition in read_definitions(shared / "data" / "circe" / "phenotype_library.jsonl.gz"):
        assert _missing(given[definition.id], json.loads(atlas_json(definition)), "") == [], definition.id


def _missing(given: object, exported: object, path: str) -> list[str]:
    """Where `exported` does not say what `given` does; an empty object, list or null says nothing."""
    if given in (None, {}, []):
        return []
    if isinstance(given, dict) and isinstance(exported, dict):
        return [p for key, part in given.items() for p in _missing(part, exported.get(key), f"{path}.{key}")]
    if isinstance(given, list) and isinstance(exported, list) and len(given) == len(exported):
        return [p for n, pair in enumerate(zip(given, exported, strict=True)) for p in _missing(*pair, f"{path}[{n}]")]
    return [] if given == exported else [path]


def test_an_export_is_written_whole_and_read_again(shared: Path, tmp_path: Path) -> None:
    definition = next(read_definitions(shared / "data" / "circe" / "phenotype_library.jsonl.gz"))
    out = tmp_path / "exported.json"
    export_definition(definition, out)
    assert lower(read_definition(out)) == lower(definition)
    keys = list(json.loads(out.read_bytes()))
    assert keys[0] == "ConceptSets"
    assert keys[-1] == "cdmVersionRange"
