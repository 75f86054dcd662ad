"""`wardbench synthetic`: what it prints and where it writes."""

from __future__ import annotations

from pathlib import Path

import msgspec
from typer.testing import CliRunner

from wardbench.cli.app import app
from wardbench.core.store import Store


def test_fhir_prints_what_it_wrote(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["synthetic", "fhir", str(tmp_path / "campus"), "--persons", "30", "--json"])
    assert result.exit_code == 0, result.output
    printed = msgspec.json.decode(result.stdout)
    lines = {path.stem: len(path.read_bytes().splitlines()) for path in (tmp_path / "campus").iterdir()}
    assert printed["resources"] == lines
    assert (printed["persons"], printed["seed"], lines["Patient"]) == (30, 1, 30)
    truths = msgspec.json.decode((tmp_path / "campus.truths.json").read_bytes())
    assert truths["persons"] == 30


def test_store_prints_the_version_it_published(tmp_path: Path) -> None:
    where = str(tmp_path / "store")
    result = CliRunner().invoke(app, ["synthetic", "store", where, "--persons", "30", "--seed", "4", "--json"])
    assert result.exit_code == 0, result.output
    printed = msgspec.json.decode(result.stdout)
    snapshot = Store.open(where).snapshot()
    assert printed["version"] == snapshot.version
    assert printed["tables"] == {name: {"rows": table.rows} for name, table in snapshot.tables.items()}
    assert snapshot.made_from["synthetic"] == {"persons": 30, "seed": 4}
    tables = CliRunner().invoke(app, ["synthetic", "store", where, "--persons", "30", "--seed", "4"])
    assert "condition_occurrence" in tables.stdout and f"{where}.truths.json" in tables.stdout.replace("\n", "")
