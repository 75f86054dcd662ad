"""`wardbench outcomes run`, through the front door, on campuses whose truth is known."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import date, timedelta
from html import unescape
from pathlib import Path

import msgspec
import numpy as np
import pytest
from typer.testing import CliRunner

import wardbench
from wardbench.bench.outcomes.adjustment import Adjusted, adjust
from wardbench.bench.outcomes.analysis import analyse
from wardbench.bench.outcomes.applicability import (
    Applicability,
    Place,
    applicability,
    place_of,
    preference_of,
    treated_already,
)
from wardbench.bench.outcomes.balance import preference, standardised_differences
from wardbench.bench.outcomes.comparison import hazard_ratio
from wardbench.bench.outcomes.covariates import extract
from wardbench.bench.outcomes.protocol import read_question
from wardbench.bench.outcomes.scores import propensity_scores
from wardbench.bench.outcomes.shown_curves import curve
from wardbench.bench.outcomes.subjects import assemble
from wardbench.cli.app import app
from wardbench.core.disclosure import rules_for
from wardbench.core.errors import InputError, NotFoundError
from wardbench.core.store import Store
from wardbench.synthetic import protocols, write_store
from wardbench.ward.patients.reading import person_rows

runner = CliRunner()
PERSONS = 8000


@pytest.fixture(scope="module")
def hospital(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("outcomes")
    write_store(folder / "store", PERSONS, 5)
    with Store.open(folder / "store").snapshot().connect() as con:
        protocols.write(con, folder)
    return folder


def changed(hospital: Path, name: str, **change: object) -> Path:
    protocol = json.loads((hospital / "heart-failure.json").read_text())
    path = hospital / f"{name}.json"
    path.write_text(json.dumps({**protocol, **change}))
    return path


def run(protocol: Path, hospital: Path, *more: str) -> str:
    result = runner.invoke(app, ["outcomes", "run", str(protocol), "--store", str(hospital / "store"), *more])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.output


def test_the_planted_effect_is_found_and_told(hospital: Path) -> None:
    path = changed(hospital, "overlap", adjustment="overlap")
    analysis = analyse(read_question(path), Store.open(hospital / "store").snapshot())
    comparison = analysis.comparison
    assert comparison is not None
    classes = [n for n, column in enumerate(analysis.matrix.columns) if column.name.startswith("NYHA")]
    assert np.abs(comparison.arms.before[classes]).max() > 0.3
    assert np.abs(comparison.arms.after[classes]).max() < 0.02
    everybody = Adjusted(np.ones(analysis.subjects.size), np.arange(analysis.subjects.size))
    naive, adjusted = (hazard_ratio(analysis.subjects, way)[0] for way in (everybody, comparison.arms.adjusted))
    assert naive.log > 0
    assert adjusted.log - 1.96 * adjusted.error < np.log(0.75) < adjusted.log + 1.96 * adjusted.error


def test_the_page_is_whole_and_the_same_again(hospital: Path) -> None:
    path = changed(hospital, "lenient")
    page = hospital / "page.html"
    told = run(path, hospital, "--report", str(page))
    assert str(page.name) in told.replace("\n", "")
    # Another process, in another folder, with a copy of everything and another order of sets.
    elsewhere = hospital / "elsewhere"
    elsewhere.mkdir()
    shutil.copytree(hospital / "store", elsewhere / "store")
    shutil.copy(path, elsewhere)
    words = ["outcomes", "run", path.name, "--store", "store", "--report", "page.html"]
    environment = {**os.environ, "PYTHONHASHSEED": "12345", "PYTHONPATH": str(Path(wardbench.__file__).parents[1])}
    subprocess.run([sys.executable, "-m", "wardbench", *words], cwd=elsewhere, env=environment, check=True)
    again = (elsewhere / "page.html").read_text(encoding="utf-8")
    pages = [page.read_text(encoding="utf-8").replace(f"{hospital}/", ""), again]
    assert pages[0] == pages[1]
    assert "http://" not in pages[0].split("<body>")[1].replace("http://www.w3.org", "")
    assert "<script" not in pages[0]
    assert "Not answerable, because" in pages[0] or "association in the records of one hospital" in pages[0]
    # A page shows nothing that its mode withholds: no count below ten stands in any cell of persons.
    cells = re.findall(r'data-label="(?:Target|Comparator|Still followed)">([^<]*)<', pages[0])
    assert cells
    assert all(int(cell.replace(",", "")) >= 10 for cell in cells if re.fullmatch(r"[\d,]+", cell))


def test_too_few_are_not_compared_and_the_reasons_are_told(hospital: Path) -> None:
    told = json.loads(run(changed(hospital, "short", follow_up={"last_day": 20}, horizons=[20]), hospital, "--json"))
    assert told["verdict"].startswith("Not answerable, because")
    assert told["figures"]["effects"] == []
    assert told["figures"]["weighted_curves"] == []
    page = hospital / "short.html"
    run(hospital / "short.json", hospital, "--report", str(page))
    html = page.read_text(encoding="utf-8")
    assert "No effect was estimated, as not all limits" in html and "Estimates were computed" not in html
    assert "within 0.2 standard deviations of the logit" in html
    assert any(gate["reason"] and gate["remedy"] for gate in told["figures"]["gates"] if not gate["passed"])
    assert told["figures"]["strength"] is None
    # Arms that may not be compared are not drawn beside each other either.
    assert {row["name"].split(":")[0] for row in told["figures"]["summary"]} <= {"Both arms together"}
    assert {curve["name"] for curve in told["figures"]["curves"]} <= {"Both arms together"}


def test_an_old_report_is_made_again_by_the_command_that_stands_on_it(tmp_path: Path) -> None:
    """Byte for byte, after something else was loaded."""
    store, page = tmp_path / "store", tmp_path / "page.html"
    write_store(store, 300, 5)
    with Store.open(store).snapshot().connect() as con:
        protocols.write(con, tmp_path)
    path = changed(tmp_path, "described", comparator=None, negative_controls=[], subgroups=[])
    run(path, tmp_path, "--report", str(page))
    first = page.read_text(encoding="utf-8")
    command = shlex.split(unescape(re.findall(r"<code>([^<]*outcomes run [^<]*)</code>", first)[0]))
    assert command[:3] == ["./wardbench", "outcomes", "run"]
    write_store(store, 310, 6)
    run(path, tmp_path, "--report", str(page))
    assert page.read_text(encoding="utf-8") != first
    assert runner.invoke(app, command[1:]).exit_code == 0
    assert page.read_text(encoding="utf-8") == first
    for version in ("0" * 64, "..", "."):
        with pytest.raises(NotFoundError, match="no snapshot has the version"):
            run(path, tmp_path, "--snapshot", version)


def test_who_objected_is_left_out_of_what_is_made_again(hospital: Path) -> None:
    path = changed(hospital, "few", comparator=None, negative_controls=[], subgroups=[])
    everybody = analyse(read_question(path), Store.open(hospital / "store").snapshot()).subjects
    objected = hospital / "objected.txt"
    objected.write_text("\n".join(map(str, everybody.person[:40].tolist())) + "\n\n")
    page = hospital / "few.html"
    words = ("--objected", str(objected), "--mode", "exact", "--report", str(page))
    told = json.loads(run(path, hospital, *words, "--json"))
    assert told["figures"]["target"]["value"] == everybody.size - 40
    assert told["asked"]["patients"].endswith("but for those who objected to the use of their data")
    assert f"--mode exact --objected {objected}" in page.read_text(encoding="utf-8")
    objected.write_text("7\nJan\n")
    with pytest.raises(InputError, match=r"objected.txt: line 2: here belongs the id of one person") as found:
        run(path, hospital, *words)
    assert "Jan" not in str(found.value)
    with pytest.raises(NotFoundError):
        run(path, hospital, "--objected", str(hospital / "nobody.txt"))


def test_as_treated_needs_an_end_of_treatment(hospital: Path) -> None:
    """These cohorts last as long as the person is observed."""
    with pytest.raises(InputError, match="no membership of these cohorts ends"):
        run(changed(hospital, "treated", estimand="as-treated"), hospital)


def test_who_had_the_outcome_before_stays_only_where_they_could_have_it_again(hospital: Path) -> None:
    """A cohort without an end of its own lasts as long as the person is observed, so that nobody has it twice."""
    outcome = json.loads((hospital / "heart-failure.json").read_text())["negative_controls"][0]
    path = changed(hospital, "again", outcome=outcome, negative_controls=[], exclude_prior_outcome=False)
    with pytest.raises(
        InputError, match="exclude_prior_outcome: false, but no membership of the outcome's cohort ends"
    ):
        run(path, hospital)
    outcome["expression"]["EndStrategy"] = {"DateOffset": {"DateField": "StartDate", "Offset": 0}}
    path = changed(hospital, "again", outcome=outcome, negative_controls=[], exclude_prior_outcome=False)
    assert "Not answerable" in run(path, hospital)


def test_an_arm_that_is_empty_is_told_with_the_step_that_emptied_it(hospital: Path) -> None:
    told = json.loads(run(changed(hospital, "nobody", washout_days=30_000), hospital, "--json"))
    assert (
        "fewer than 10 persons of the target are left after the step “Observed for 30000 days before”"
        in (told["verdict"])
    )
    assert told["figures"]["gates"] == told["figures"]["curves"] == []


def test_without_a_comparator_patients_are_described(hospital: Path) -> None:
    path = changed(hospital, "alone", comparator=None, negative_controls=[], subgroups=[])
    told = json.loads(run(path, hospital, "--json"))
    assert "no comparator" in told["verdict"]
    assert [curve["name"] for curve in told["figures"]["curves"]] == ["Target"]
    assert told["figures"]["gates"] == []
    described = told["figures"]["description"]
    assert {"Sex", "Age", "Condition"} <= {row["kind"] for row in described["who"]}
    assert any(row["steps"][0].startswith("carvedilol") for row in described["paths"])
    assert "NT-proBNP in serum or plasma" in [row["name"] for row in described["trajectories"]]
    assert [row["name"] for row in told["figures"]["summary"]][:1] == ["Target: outcome by day 365"]
    page = hospital / "alone.html"
    run(path, hospital, "--report", str(page))
    html = page.read_text(encoding="utf-8")
    assert html.count("<svg") == html.count("The numbers of this chart as a table") == html.count("<figcaption>")
    assert "Still followed" in html and "May it be compared" not in html


def test_a_membership_decided_by_the_future_is_caught(hospital: Path) -> None:
    """The target is whoever was given the drug again after 200 days: nobody of them could die before."""
    protocol = json.loads((hospital / "heart-failure.json").read_text())
    target = protocol["target"]
    again = {
        "Criteria": target["expression"]["PrimaryCriteria"]["CriteriaList"][0],
        "StartWindow": {"Start": {"Days": 200, "Coeff": 1}, "End": {"Coeff": 1}},
        "Occurrence": {"Type": 2, "Count": 1},
    }
    again["Criteria"] = {"DrugExposure": {k: v for k, v in again["Criteria"]["DrugExposure"].items() if k != "First"}}
    target["expression"]["InclusionRules"] = [
        {
            "name": "again",
            "expression": {"Type": "ALL", "CriteriaList": [again], "DemographicCriteriaList": [], "Groups": []},
        }
    ]
    told = json.loads(run(changed(hospital, "immortal", target=target), hospital, "--json"))
    assert "decided after time zero" in told["verdict"]


def test_users_from_before_are_caught(hospital: Path) -> None:
    """The target is whoever is given the drug again: all have had it and lived."""
    protocol = json.loads((hospital / "heart-failure.json").read_text())
    target = protocol["target"]
    primary = target["expression"]["PrimaryCriteria"]
    (drug,) = primary["CriteriaList"]
    del drug["DrugExposure"]["First"]
    for limit in (primary["PrimaryCriteriaLimit"], target["expression"]["QualifiedLimit"]):
        limit["Type"] = "All"
    before = {
        "Criteria": drug,
        "StartWindow": {"Start": {"Coeff": -1}, "End": {"Days": 1, "Coeff": -1}},
        "Occurrence": {"Type": 2, "Count": 1},
    }
    rule = {"Type": "ALL", "CriteriaList": [before], "DemographicCriteriaList": [], "Groups": []}
    target["expression"]["InclusionRules"] = [{"name": "had before", "expression": rule}]
    told = json.loads(run(changed(hospital, "prevalent", target=target), hospital, "--json"))
    assert "had been treated before time zero" in told["verdict"]
    assert told["figures"]["effects"] == told["figures"]["variants"] == []


def test_a_comparator_that_nobody_of_them_could_have_taken_is_caught(hospital: Path) -> None:
    """Carvedilol is for heart failure, glipizide for diabetes."""
    other = json.loads((hospital / "diabetes.json").read_text())["comparator"]
    told = json.loads(run(changed(hospital, "apples", comparator=other), hospital, "--json"))
    assert "might have had either treatment" in told["verdict"]
    assert told["figures"]["effects"] == told["figures"]["variants"] == []


@pytest.mark.parametrize("seed", range(3))
def test_no_step_of_a_released_curve_stands_for_a_few(seed: int) -> None:
    chance = np.random.default_rng(seed)
    days, ended = chance.integers(1, 100, 130).astype(float), chance.integers(0, 3, 130)
    grid = np.arange(5, 105, 5)
    shown = curve("arm", days, ended, np.ones(130), grid, rules_for("release"))
    seen, before = 0, 0.0
    for point in shown.points:
        if point.share != before:
            outcomes = int(np.count_nonzero((days <= point.day) & (ended == 1)))
            assert outcomes - seen >= 10
            seen, before = outcomes, point.share
        assert np.count_nonzero(days >= point.day) >= 10
    assert len(shown.points) < len(grid)
    assert len(curve("arm", days, ended, np.ones(130), grid, rules_for("exact")).points) >= len(shown.points)


def test_what_cannot_be_is_one_sentence(hospital: Path) -> None:
    protocol = hospital / "heart-failure.json"
    for words, error, sentence in (
        ([str(protocol), "--store", str(hospital / "none")], NotFoundError, "none"),
        ([str(hospital / "no.json"), "--store", str(hospital / "store")], NotFoundError, "no.json"),
        ([str(protocol), "--store", str(hospital / "store"), "--mode", "all"], InputError, "--mode"),
        ([str(protocol), "--store", str(hospital / "store"), "--report", str(protocol)], InputError, "one file"),
    ):
        result = runner.invoke(app, ["outcomes", "run", *words])
        assert isinstance(result.exception, error)
        assert sentence in str(result.exception)


def test_what_was_measured_counts_by_its_value_and_not_only_by_being_there(hospital: Path) -> None:
    """The second drug against diabetes is chosen by the HbA1c of that day, which almost everybody has."""
    snapshot = Store.open(hospital / "store").snapshot()
    question = read_question(hospital / "diabetes.json")
    subjects = assemble(question, snapshot)
    matrix = extract(question, snapshot, subjects)
    fifths = [n for n, column in enumerate(matrix.columns) if column.name.startswith("HbA1c") and column.value]
    assert [matrix.columns[n].value.split()[0] for n in fifths] == ["lowest", "second", "middle", "fourth", "highest"]
    have = matrix.values[:, fifths].toarray()
    assert set(have.sum(axis=1)) <= {0, 1}
    with snapshot.connect() as con:
        rows = con.execute(
            """SELECT person_id, date_diff('day', DATE '1970-01-01', measurement_date), value_as_number
            FROM measurement WHERE value_as_number IS NOT NULL AND measurement_concept_id = ?
            OR (measurement_concept_id = 0 AND measurement_source_concept_id = ?)""",
            [matrix.columns[fifths[0]].concept_id] * 2,
        ).fetchall()
    last: dict[int, tuple[int, float]] = {}
    zero = dict(zip(subjects.person.tolist(), subjects.index.tolist(), strict=True))
    for person, day, value in rows:
        if person in zero and zero[person] - 365 <= day <= zero[person]:
            last[person] = max(last.get(person, (-1, 0.0)), (day, value))
    values = np.array([last[person][1] if person in last else np.nan for person in subjects.person.tolist()])
    assert (np.isfinite(values) == have.any(axis=1)).all()
    for lower, higher in zip(range(4), range(1, 5), strict=True):
        assert values[have[:, lower] > 0].max() <= values[have[:, higher] > 0].min()
    before = standardised_differences(matrix.values, subjects.treated)[fifths]
    assert before[0] < -0.5 and before[-1] > 0.5
    score = propensity_scores(matrix.values, subjects.treated)
    after = standardised_differences(matrix.values, subjects.treated, adjust("overlap", score, subjects.treated).weight)
    assert np.abs(after[fifths]).max() < 0.1


def test_a_patient_is_placed_where_the_comparison_had_somebody_like_them(hospital: Path) -> None:
    """Whoever was compared stands at their own score, from the rows of their record alone."""
    snapshot = Store.open(hospital / "store").snapshot()
    analysis = analyse(read_question(hospital / "diabetes.json"), snapshot)
    kept = applicability(analysis, snapshot)
    assert kept is not None and kept.terms and any(term.between for term in kept.terms)
    assert msgspec.convert(json.loads(msgspec.json.encode(kept)), Applicability) == kept
    subjects = analysis.subjects
    preferred = preference(analysis.comparison.arms.score, subjects.treated)
    for place in range(0, subjects.size, subjects.size // 6):
        zero = date(1970, 1, 1) + timedelta(int(subjects.index[place]))
        found = preference_of(replace(kept, year=zero.year), person_rows(snapshot, int(subjects.person[place])), zero)
        assert found == pytest.approx(preferred[place], abs=1e-6)
    ends = {place_of(kept, one) for one in preferred}
    assert Place.AMONG in ends and Place.BEYOND_TARGET in ends
    assert np.mean([place_of(kept, one).startswith("beyond") for one in preferred]) < 0.3
    assert treated_already(kept, [kept.target[0]]) == (True, False)
