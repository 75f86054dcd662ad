"""Table 1 of a study beside the hospital: differences, aggregates, and what may be shown."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from wardbench.cli.app import app
from wardbench.core.disclosure import rules_for
from wardbench.core.errors import InputError, NotFoundError
from wardbench.core.store import Store
from wardbench.synthetic import protocols, write_store
from wardbench.ward.benchmark.aggregates import read_aggregates
from wardbench.ward.benchmark.described import Described, Description, describe
from wardbench.ward.benchmark.summaries import (
    Levels,
    Numbers,
    centre_and_spread,
    difference_of_levels,
    difference_of_means,
    difference_of_shares,
)
from wardbench.ward.benchmark.table1 import table_of_cohorts
from wardbench.ward.cohorts import read_definition, run_cohort

runner = CliRunner()
HEAD = "variable,level,n,mean,sd,median,q25,q75\npersons,,412,,,,,\n"


def test_published_differences_of_quitters_and_others(shared: Path) -> None:
    """NHEFS: age differs by 0.282 between those who quit smoking and those who did not (facts/evidence.md, 5)."""
    text = (shared / "data/evidence/causal/nhefs.csv").read_text(encoding="utf-8")
    rows = [row for row in csv.DictReader(text.splitlines()) if row["wt82"] not in ("", "NA")]
    ages = [np.array([float(row["age"]) for row in rows if row["qsmk"] == quit]) for quit in ("1", "0")]
    first, second = ((float(age.mean()), float(age.std(ddof=1))) for age in ages)
    assert difference_of_means(first, second) == pytest.approx(0.282, abs=0.0005)


def test_differences_of_levels_agree_with_those_of_shares() -> None:
    assert difference_of_levels((0.3, 0.7), (0.5, 0.5)) == pytest.approx(abs(difference_of_shares(0.3, 0.5) or 0))
    # By hand for three levels: the distance of Mahalanobis does not hang on which level is left out.
    shares = ((0.2, 0.3, 0.5), (0.4, 0.4, 0.2))
    turned = tuple((c, a, b) for a, b, c in shares)
    assert difference_of_levels(*shares) == pytest.approx(difference_of_levels(*turned))
    assert difference_of_levels((0.5, 0.5), (0.5, 0.5)) == 0
    assert difference_of_levels((1.0, 0.0), (0.0, 1.0)) is None
    assert difference_of_shares(1.0, 0.0) is None and difference_of_means((1, 0), (1, 0)) == 0


def test_quartiles_stand_for_mean_and_deviation() -> None:
    values = np.random.default_rng(1).normal(50, 8, 200_000)
    low, middle, high = np.quantile(values, (0.25, 0.5, 0.75))
    assert centre_and_spread(None, None, middle, low, high) == pytest.approx((50, 8), rel=0.01)
    assert centre_and_spread(1, 2, 3, 2, 4) == (1, 2)
    assert centre_and_spread(1, None, None, 2, 4) is None


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("age,,412,63,-1,,,", "line 3, column sd: below 0"),
        ("age,,412,,,50,60,70", "column median: q25, median and q75 do not rise"),
        ("age,,412,-5,2,,,", "line 3, column mean: not an age"),
        ("measurement:1,,412,1e308,1e308,,,", "line 3, column mean: too great"),
        ("age,,1e300,63,1,,,", "column n: too great"),
        ("age,,500,63,1,,,", "column n: more than there are persons"),
        ("age,,,63,1,,,", "column n: empty"),
        ("age,,1.5,63,1,,,", "column n: not a whole number"),
        ("age,,12,,,,,", "have numbers"),
        ("sex,woman,12,,,,,", "column level"),
        ("sex,male,400,,,,,\nsex,female,13,,,,,", "line 4, column n: the levels together"),
        ("sex,male,4,,,,,\nsex,male,13,,,,,", "line 4, column level: named twice"),
        ("condition:1,,9,,,,,\ncondition:1,,9,,,,,", "line 4, column variable: named twice"),
        ("shoe size,,12,40,2,,,", "column variable: not known here"),
        ("condition:1,severe,9,,,,,", "only sex has levels"),
        ("persons,,412,,,,,", "one line has the variable persons"),
        ("", "no variable besides"),
        ("age,,412,90,11,64,55,71", "column mean: further from the median than a standard deviation"),
        ("age,,0,63,11,,,", "column n: too few to have these numbers"),
        ("age,,1,63,11,,,", "column n: too few to have these numbers"),
        ("age,,412,6_3,11,,,", "column mean: not a number"),
        ("age,,412,63,0,63,55,71", "column sd: too small for quartiles so far apart"),
        (
            'age,,412,"63,1",11,,,',
            "column mean: not a number; where commas part the cells, the decimal sign is a point",
        ),
    ],
)
def test_a_fault_of_aggregates_is_one_sentence(tmp_path: Path, line: str, sentence: str) -> None:
    path = tmp_path / "study.csv"
    path.write_text(HEAD + line + "\n")
    with pytest.raises(InputError, match=re.escape(sentence)):
        read_aggregates(path)


def test_capitals_are_read_and_numbers_that_can_be_are_not_refused(tmp_path: Path) -> None:
    path = tmp_path / "study.csv"
    path.write_text(
        HEAD + "Sex,Female,180,,,,,\nAge,,412,63.1,11.2,64,55,71\nMeasurement:LOINC:4548-4,,20,7.1,0,7.1,,\n"
        # Half have 0 and half 1: the mean is a standard deviation from the median.
        "measurement:1,,400,0.5,0.5,0,0,1\n"
    )
    found = read_aggregates(path).variables
    assert list(found) == ["sex", "age", "measurement:LOINC:4548-4", "measurement:1"]


def test_what_the_levels_leave_over_is_a_line_of_its_own() -> None:
    study, hospital = Levels((("female", 180), ("male", 30))), Levels((("female", 100), ("male", 100)))
    both = Description((412, 200), (Described("sex", "Sex", (study, hospital)),))
    for mode, rest in (("exact", ("202 (49%)", "0 (0%)")), ("release", ("200 (49%)", "fewer than 10"))):
        _, _, lines = table_of_cohorts(both, rules_for(mode))
        last = lines[-1]
        assert (last.label, last.study, last.hospital) == ("Sex: other or not recorded", *rest)
    _, _, lines = table_of_cohorts(
        Description((200, 200), (Described("sex", "Sex", (hospital, hospital)),)), rules_for("exact")
    )
    assert [line.label for line in lines] == ["Sex: female", "Sex: male"]


def test_rows_of_persons_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "study.csv"
    path.write_text("patient,age,n,variable\n1,50,1,age\n")
    with pytest.raises(InputError, match="hold no persons"):
        read_aggregates(path)
    path.write_text(HEAD.replace("412", "9"))
    with pytest.raises(InputError, match="fewer than 10 persons"):
        read_aggregates(path)
    path.write_text(HEAD + "".join(f"condition:{n},,9,,,,,\n" for n in range(501)))
    with pytest.raises(InputError, match="not of persons"):
        read_aggregates(path)


def test_json_says_the_same_as_csv(tmp_path: Path, root: Path) -> None:
    example = root / "docs/how-to/study-aggregates.csv"
    rows = list(csv.DictReader(example.read_text().splitlines()))
    path = tmp_path / "study.json"
    path.write_text(json.dumps([{key: value or None for key, value in row.items()} for row in rows]))
    assert read_aggregates(path).variables == read_aggregates(example).variables
    path.write_text('[{"variable": "persons", "n": [1]}]')
    with pytest.raises(InputError, match="line 1"):
        read_aggregates(path)
    with pytest.raises(NotFoundError):
        read_aggregates(tmp_path / "none.json")


def test_small_numbers_of_either_side_are_not_shown_nor_told_by_a_difference() -> None:
    rare = Described("condition:1", "Rare", (Levels((("yes", 40),)), Levels((("yes", 9),))))
    most = Described("condition:2", "Most", (Levels((("yes", 95),)), Levels((("yes", 150),))))
    sex = Described("sex", "Sex", (Levels((("female", 50), ("male", 47))), Levels((("female", 100), ("male", 100)))))
    few = Described("measurement:1", "Few", (Numbers(12, 5, 1, 5, 4, 6), Numbers(200, 5, 1, 5, 4, 6)))
    both = Description((100, 200), (rare, most, sex, few))
    _, _, lines = table_of_cohorts(both, rules_for("release"))
    shown = {line.label: line for line in lines}
    assert "Rare" not in shown
    assert shown["Most"].study == "nearly all" and shown["Most"].difference.value is None
    # Three of unknown sex would be what is left: the men stand with them, and are not shown.
    assert shown["Sex: male"].study == "not shown" and shown["Sex: female"].difference.value is None
    assert shown["Few"].study == "in 10" and shown["Few"].difference.value is None
    _, _, exact = table_of_cohorts(both, rules_for("exact"))
    assert {line.label: line.hospital for line in exact}["Rare"] == "9 (4%)"


@pytest.fixture(scope="module")
def hospital(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("table1")
    write_store(folder / "store", 1500, 5)
    with Store.open(folder / "store").snapshot().connect() as con:
        protocols.write(con, folder)
    protocol = json.loads((folder / "diabetes.json").read_text())
    for arm in ("target", "comparator"):
        (folder / f"{arm}.json").write_text(json.dumps(protocol[arm]["expression"]))
    return folder


def run(*words: object) -> str:
    result = runner.invoke(app, ["benchmark", "table1", *map(str, words)])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.output


def test_a_cohort_beside_the_hospital_s_other_patients(hospital: Path) -> None:
    snapshot = Store.open(hospital / "store").snapshot()
    first, second = (
        run_cohort(read_definition(hospital / f"{arm}.json"), snapshot) for arm in ("target", "comparator")
    )
    members = [set(cohort.rows["subject_id"].to_pylist()) for cohort in (first, second)]
    found = describe(snapshot, [first, second])
    assert found.persons == (len(members[0]), len(members[1] - members[0]))
    assert describe(snapshot, [first, first]).persons == (len(members[0]), 0)
    with snapshot.connect() as con:
        con.register("m", first.rows)
        mean, women = con.execute(
            "SELECT avg(year(d) - year_of_birth - CASE WHEN (month_of_birth, day_of_birth) > (month(d), day(d)) THEN 1"
            " ELSE 0 END), count(CASE WHEN gender_concept_id = 8532 THEN 1 END) FROM"
            " (SELECT subject_id, min(cohort_start_date) AS d FROM m GROUP BY 1) JOIN person ON person_id = subject_id"
        ).fetchone()  # type: ignore[misc]
    age, sex = found.variables[0].groups[0], found.variables[1].groups[0]
    assert isinstance(age, Numbers) and age.mean == pytest.approx(mean)
    assert isinstance(sex, Levels) and sex.of("female") == women


def test_the_page_of_aggregates(hospital: Path, root: Path) -> None:
    page = hospital / "page.html"
    words = ("--store", hospital / "store", "--hospital", hospital / "target.json")
    example = ("--aggregates", root / "docs/how-to/study-aggregates.csv")
    told = json.loads(run(*words, *example, "--report", page, "--json"))
    rows = {row[0]: row for row in told["sections"][0]["tables"][0]["rows"]}
    # A page that is passed on keeps its word about the study's numbers too.
    assert rows["Persons"][1] == 410
    assert rows["Sex: female"][1] == "180 (44%)" and rows["Sex: male"][1] == "230 (56%)"
    html = page.read_text(encoding="utf-8")
    assert "study-aggregates.csv" in html and told["checksum"] in html and "<svg" in html
    run(*words, *example, "--report", page)
    assert page.read_text(encoding="utf-8") == html
    for more, sentence in ((words[:2], "--hospital"), (words, "--study, --aggregates")):
        with pytest.raises(InputError, match=sentence):
            run(*more)
    study = hospital / "unknown.csv"
    study.write_text(HEAD + "condition:E11.9,,50,,,,,\n")
    with pytest.raises(NotFoundError, match="condition:E11"):
        run(*words, "--aggregates", study)


def test_a_name_that_stands_twice_in_a_line_of_json_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "study.json"
    path.write_text('[{"variable": "persons", "n": 412, "n": 500}, {"variable": "age", "n": 412, "mean": 63, "sd": 1}]')
    with pytest.raises(InputError, match="n stands twice in one line"):
        read_aggregates(path)
