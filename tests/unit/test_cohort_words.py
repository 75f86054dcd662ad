"""The commands that say a definition in words, without and with a store."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tiny_cohort_hospital import concepts, expression, near, rule, snapshot
from wardbench.cli.app import app
from wardbench.core.errors import InputError, UnsupportedError


def written(folder: Path, asked: Mapping[str, Any], name: str = "asked.json") -> Path:
    path = folder / name
    path.write_text(json.dumps(asked))
    return path


def named() -> dict[str, Any]:
    asked = expression(InclusionRules=[rule("with a drug", near({"DrugExposure": {"CodesetId": 2}}))])
    asked["ConceptSets"][0]["expression"]["items"][0]["concept"]["CONCEPT_NAME"] = "Fever"
    return asked


def run(*arguments: object) -> str:
    result = CliRunner().invoke(app, [str(a) for a in arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_a_definition_is_shown_in_sentences_with_its_own_names_of_concepts(tmp_path: Path) -> None:
    said = run("cohort", "show", written(tmp_path, named()))
    assert "Fever (1)" in said
    assert "with a drug" in said


def test_the_vocabularys_name_of_a_concept_comes_first(tmp_path: Path) -> None:
    snapshot(tmp_path / "store", concept=concepts(1))
    shown = json.loads(run("cohort", "show", written(tmp_path, named()), "--store", tmp_path / "store", "--json"))
    said = "\n".join(shown["description"])
    assert "concept 1 (1)" in said
    assert "Fever" not in said
    assert shown.keys() == {"id", "name", "plan", "description"}


@pytest.mark.parametrize(("language", "entry"), [("en", "Entry events are"), ("nl", "De index"), ("fr", "Les évén")])
def test_a_definition_is_shown_in_a_language(tmp_path: Path, language: str, entry: str) -> None:
    path = written(tmp_path, named())
    assert run("cohort", "show", path, "--language", language).startswith(entry)
    with pytest.raises(InputError, match="'xx' is none of en, nl, fr"):
        run("cohort", "show", path, "--language", "xx")


def test_a_run_and_its_page_have_the_sentences_in_a_language(tmp_path: Path) -> None:
    path, page, store = written(tmp_path, named()), tmp_path / "page.html", tmp_path / "store"
    snapshot(store, concept=concepts(1, 2))
    said = run("cohort", "run", path, "--store", store, "--report", page, "--language", "nl")
    assert "De indexgebeurtenissen zijn:" in said
    html = page.read_text(encoding="utf-8")
    assert re.search(r'<div class="definition" lang="nl">\s*<p class="depth-0">De indexgebeurtenissen zijn:</p>', html)
    assert "--language nl" in html
    with pytest.raises(InputError, match="--language: 'xx' is none of en, nl, fr"):
        run("cohort", "run", path, "--store", store, "--language", "xx")


def test_what_is_not_supported_is_refused_with_its_file_and_path(tmp_path: Path) -> None:
    path = written(tmp_path, {**named(), "Novelty": 1})
    with pytest.raises(UnsupportedError, match=r"asked\.json: Novelty"):
        run("cohort", "show", path)
