"""`wardbench samples convert`: an export in one standard becomes one in another."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from wardbench.cli.samples import convert_command
from wardbench.core.errors import InputError, NotFoundError
from wardbench.ward.samples.exchange.files import files_of, write_files
from wardbench.ward.samples.exchange.inventory import Biobank, Collection, Donor, Inventory, Sample
from wardbench.ward.samples.exchange.standards import STANDARDS, export, read_back

INVENTORY = Inventory(
    (Biobank("B", "Bank"),),
    (Collection("C", "B", "Coll"),),
    (Donor("D1", "Female", 1960),),
    (Sample("T1", "C", "Plasma", donor="D1", thaws=2, collected="2026-01-02T10:00:00+01:00"),),
)


def test_an_export_is_written_in_another_standard(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_files(export(INVENTORY, STANDARDS["miabis"]).files, tmp_path / "a")
    convert_command(tmp_path / "a", "miabis", "bbmri-fhir", tmp_path / "b", json=True)
    said = json.loads(capsys.readouterr().out)
    assert said["missing"] == [{"kind": "biobank", "id": INVENTORY.biobanks[0].code, "field": "description"},
                               {"kind": "collection", "id": "C", "field": "description"}]  # fmt: skip
    assert json.loads((tmp_path / "b" / "not-held.json").read_bytes())["missing"] == said["missing"]
    assert said["specimens"] == 1 and said["files"] == ["bbmri-de.json", "not-held.json"]
    assert {"kind": "sample", "field": "thaws", "things": 1, "why": "The standard has no place for it."} in said[
        "not_held"
    ]
    assert read_back(files_of(tmp_path / "b"), STANDARDS["bbmri-fhir"]) == INVENTORY
    convert_command(tmp_path / "b", "bbmri-fhir", "omop", tmp_path / "c")
    out = capsys.readouterr().out
    assert "thaws" in out and "asks for" not in out
    convert_command(tmp_path / "b", "bbmri-fhir", "miabis-fhir", tmp_path / "d")
    assert "asks for" in capsys.readouterr().out
    assert [one.kind for one in export(INVENTORY, STANDARDS["miabis-fhir"]).missing] == ["collection"]
    described = replace(INVENTORY.collections[0], description="Of adults")
    assert not export(replace(INVENTORY, collections=(described,)), STANDARDS["miabis-fhir"]).missing


def test_what_cannot_be_is_said(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        convert_command(tmp_path / "none.zip", "miabis", "omop", tmp_path / "out")
    write_files(export(INVENTORY, STANDARDS["miabis"]).files, tmp_path / "a")
    with pytest.raises(InputError, match="no such standard"):
        convert_command(tmp_path / "a", "miabis", "dicom", tmp_path / "out")
    with pytest.raises(InputError, match="missing"):
        convert_command(tmp_path / "a", "omop", "miabis", tmp_path / "out")
    with pytest.raises(InputError, match="already"):
        convert_command(tmp_path / "a", "miabis", "omop", tmp_path)
    (tmp_path / "x.zip").write_bytes(b"PK")
    with pytest.raises(InputError, match="no ZIP file"):
        files_of(tmp_path / "x.zip")
