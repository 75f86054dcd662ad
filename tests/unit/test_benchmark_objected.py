"""`--objected` and `--snapshot`: a store without some persons, and as it was, for every benchmark that reads one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import tiny_cohort_hospital as tiny
from wardbench.cli.app import app
from wardbench.core.errors import InputError, NotFoundError
from wardbench.core.store import Store

runner = CliRunner()
EVERYBODY, KEPT = range(1, 121), range(1, 61)
DEFINITION = tiny.expression({"ConditionOccurrence": {"CodesetId": 0}}, ConceptSets=[tiny.concept_set(0, 1)])
COUNTS = "sex,age,events,population\nf,18,9,90\nm,18,8,80\n"
VALUES = "value,sex,age\n" + "".join(f"{4 + n / 20},{'fm'[n % 2]},44\n" for n in range(20))


def rows(persons: range) -> dict[str, tiny.Rows]:
    """Persons of six sites, each with one result; those who will object are iller, and measured otherwise."""
    return {
        "person": [tiny.person(n, gender_concept_id=8507 + 25 * (n % 2)) for n in persons],
        "observation_period": [tiny.observed(n, n, 1, 300) for n in persons],
        "condition_occurrence": [tiny.condition(n, n, 5) for n in persons],
        "death": [{"person_id": n, "death_date": tiny.on(20 + n)} for n in persons if n % 3 == 0 or n > 90],
        "visit_occurrence": [
            {"visit_occurrence_id": n, "person_id": n, "visit_concept_id": 9202, "visit_start_date": tiny.on(5),
             "visit_end_date": tiny.on(5), "care_site_id": n % 6 + 1}
            for n in persons
        ],
        "care_site": [{"care_site_id": n, "care_site_name": f"site {n}"} for n in range(1, 7)],
        "measurement": [
            {"measurement_id": n, "person_id": n, "measurement_concept_id": 5, "measurement_date": tiny.on(12),
             "value_as_number": 4 + n / 60 if n % 10 else -1.0, "unit_source_value": "mmol/L"}
            for n in persons
        ],
        "concept": tiny.concepts(1, 5),
    }  # fmt: skip


@pytest.fixture(scope="module")
def hospital(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store that was loaded twice, the second time with fewer, and a store of those who did not object."""
    folder = tmp_path_factory.mktemp("objected")
    tiny.snapshot(folder / "store", **rows(EVERYBODY))
    tiny.snapshot(folder / "store", **rows(range(1, 31)))
    tiny.snapshot(folder / "kept", **rows(KEPT))
    (folder / "all.json").write_text(json.dumps(DEFINITION))
    (folder / "counts.csv").write_text(COUNTS)
    (folder / "values.csv").write_text(VALUES)
    (folder / "aggregates.csv").write_text("variable,level,n,mean,sd\npersons,,40,,\nage,,40,41.5,9\n")
    (folder / "objected.txt").write_text("".join(f"{n}\n" for n in EVERYBODY if n not in KEPT))
    return folder


def run(*words: object) -> Any:
    result = runner.invoke(app, ["benchmark", *map(str, words), "--json"])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return json.loads(result.output)


def asked(folder: Path) -> dict[str, tuple[object, ...]]:
    cohort = folder / "all.json"
    return {
        "intervals": ("--analyte", "5", "--healthy", cohort, "--by", "sex", "--draws", 20),
        "table1": ("--hospital", cohort, "--aggregates", folder / "aggregates.csv"),
        "standardise": ("--csv", folder / "counts.csv", "--hospital", cohort, "--ages", "18", "--within", 200),
        "funnel": ("--cohort", cohort, "--by", "care_site", "--adjust", "age-sex", "--within", 200),
        "assay": (folder / "values.csv", "--analyte", "5", "--ages", "18"),
    }


@pytest.mark.parametrize("command", ["intervals", "table1", "standardise", "funnel", "assay"])
def test_without_who_objected_an_answer_is_that_of_a_store_without_them(hospital: Path, command: str) -> None:
    words, old = (command, *asked(hospital)[command], "--mode", "exact"), Store.open(hospital / "store").versions()[0]
    everybody = run(*words, "--store", hospital / "store", "--snapshot", old)
    found = run(*words, "--store", hospital / "store", "--snapshot", old, "--objected", hospital / "objected.txt")
    kept = run(*words, "--store", hospital / "kept")
    assert found["sections"] == kept["sections"] != everybody["sections"]
    assert found["verdict"] == kept["verdict"]
    said = "Persons who objected to the use of their data were left out."
    assert found["methods"].endswith(said) and said not in everybody["methods"] and found["snapshot"] == old
    assert run(*words, "--store", hospital / "store")["snapshot"] != old


def test_a_page_names_all_that_makes_it_again(hospital: Path) -> None:
    page, old = hospital / "page.html", Store.open(hospital / "store").versions()[0]
    words = ("funnel", *asked(hospital)["funnel"], "--report", page, "--store", hospital / "store")
    run(*words, "--snapshot", old, "--objected", hospital / "objected.txt")
    named = f"--store {hospital / 'store'} --snapshot {old} --objected {hospital / 'objected.txt'}"
    assert named in page.read_text(encoding="utf-8")


def test_what_is_of_a_store_is_refused_for_files(hospital: Path) -> None:
    values, objected = hospital / "values.csv", hospital / "objected.txt"
    counts = hospital / "counts.csv"
    for option, value in (("--objected", objected), ("--snapshot", "0" * 64)):
        for words in (
            ("intervals", "--csv", values),
            ("standardise", "--csv", counts, "--standard", counts),
            ("funnel", "--csv", counts),
        ):
            with pytest.raises(InputError, match=f"{option}: a file is read, and no store."):
                run(*words, option, value)
    with pytest.raises(NotFoundError, match="no snapshot has the version"):
        run("assay", *asked(hospital)["assay"], "--store", hospital / "store", "--snapshot", "x")
    panel = ("panel", "5", "--store", hospital / "store", "--out", objected, "--key", hospital / "key.csv")
    with pytest.raises(InputError, match="--objected: is one file with what is written"):
        run(*panel, "--objected", objected)
    with pytest.raises(InputError, match="one file with what is read"):
        run("table1", *asked(hospital)["table1"], "--store", hospital / "kept", "--objected", objected,
            "--report", objected)  # fmt: skip
