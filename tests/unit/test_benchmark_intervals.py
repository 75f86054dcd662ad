"""Reference intervals by group: results, their choice, fitness, direct limits and the page."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from scipy import special
from typer.testing import CliRunner

from wardbench.cli.app import app
from wardbench.core.disclosure import rules_for
from wardbench.core.errors import InputError, NotFoundError, WardbenchError
from wardbench.synthetic import codes, write_store
from wardbench.synthetic.laboratory import BY_CODE
from wardbench.ward.benchmark.direct import direct_limits, ranks
from wardbench.ward.benchmark.exported import exported_results
from wardbench.ward.benchmark.fitness import judge
from wardbench.ward.benchmark.indirect import back, fit
from wardbench.ward.benchmark.intervals import intervals
from wardbench.ward.benchmark.intervals_report import intervals_report, round_edges
from wardbench.ward.benchmark.page import Made
from wardbench.ward.benchmark.resampling import resample
from wardbench.ward.benchmark.results import NO_DAY, Results, strata_of

runner = CliRunner()


def results(value: np.ndarray, **given: np.ndarray) -> Results:
    n = len(value)
    columns = {
        "person": np.arange(n),
        "sex": np.full(n, "", dtype=np.str_),
        "age": np.full(n, np.nan),
        "device": np.full(n, "", dtype=np.str_),
        "day": np.full(n, NO_DAY),
        "healthy": np.zeros(n, bool),
    }
    return Results("a", "u", value, source="a test", **{**columns, **given})


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_one_result_of_each_person_by_a_stated_rule() -> None:
    found = results(np.array([3.0, 1.0, 2.0, 9.0]), person=np.array([7, 7, 7, 8]), day=np.array([30, 10, 10, NO_DAY]))
    assert found.one_each("first").value.tolist() == [1, 9]
    assert found.one_each("last").value.tolist() == [3, 9]
    drawn = [found.one_each("random", seed=seed).value[0] for seed in range(30)]
    assert set(drawn) == {1, 2, 3}
    assert found.one_each("random", seed=4).value.tolist() == found.one_each("random", seed=4).value.tolist()
    with pytest.raises(InputError, match="--choose"):
        found.one_each("best")


def test_groups_by_sex_age_and_device() -> None:
    found = results(
        np.arange(1.0, 5),
        sex=np.array(["female", "male", "female", ""]),
        age=np.array([17.0, 18.0, np.nan, 60.0]),
        device=np.array(["a", "a", "b", ""]),
    )
    assert [group.name for group in strata_of(found, ["sex"])] == ["Everybody", "men", "sex not recorded", "women"]
    ages = {group.name: group.places.tolist() for group in strata_of(found, ["age"])}
    assert ages["0 to 17 years"] == [0] and ages["18 to 39 years"] == [1] and ages["60 years and over"] == [3]
    assert ages["age not recorded"] == [2]
    young = [group.name for group in strata_of(found, ["age"], (5, 18, 60))][1:]
    assert young == ["5 to 17 years", "18 to 59 years", "60 years and over", "age not recorded"]
    assert "women, a" in [group.name for group in strata_of(found, ["device", "sex"])]
    for by, bands in ((["hair"], (18,)), (["age"], (40, 18)), (["age"], (0, 18))):
        with pytest.raises(InputError):
            strata_of(found, by, bands)
    many = results(np.ones(30), device=np.array([f"d{n}" for n in range(30)]))
    with pytest.raises(InputError, match="30 groups"):
        strata_of(many, ["device"])


def test_the_healthy_may_all_be_of_one_group() -> None:
    """Their direct limits are then those of that group, not of everybody alone."""
    random = np.random.default_rng(2)
    sex = np.where(np.arange(2400) < 1200, "female", "male")
    found = intervals(
        results(random.normal(50, 5, 2400), sex=sex, healthy=sex == "female"), by=["sex"], draws=2, compared=True
    )
    women = next(group for group in found.groups if group.name == "women")
    men = next(group for group in found.groups if group.name == "men")
    assert women.direct == direct_limits(found.results.value[sex == "female"]) is not None
    assert men.direct is None and men.healthy == 0


def test_a_device_of_a_few_is_not_named() -> None:
    values = np.random.default_rng(2).normal(50, 5, 2400)
    device = np.where(np.arange(2400) < 4, "the odd one", np.where(np.arange(2400) < 1200, "A", "B"))
    found = intervals(results(values, device=device), by=["device"], draws=2)
    for mode, named in (("release", False), ("exact", True)):
        report = intervals_report(found, rules_for(mode), Made("command", "source", (), "v"))
        assert ("the odd one" in repr(report)) is named


@pytest.mark.parametrize(
    ("healthy", "mode", "sentence"),
    [
        (500, "release", "95% of them have 40."),
        (200, "exact", "of 200 persons who were healthy by a definition: 95% of them have 40."),
        (200, "release", "fewer than 10 lie beyond them: they are not shown."),
        (100, "exact", "one result of each."),
    ],
)
def test_where_only_direct_limits_can_be_told_the_verdict_tells_them(healthy: int, mode: str, sentence: str) -> None:
    values = 40 + 20 * (np.arange(600) * 7 % 600) / 600
    found = intervals(results(values, healthy=np.arange(600) < healthy), draws=2, compared=True)
    report = intervals_report(found, rules_for(mode), Made("command", "source", (), "v"))
    assert report.verdict.startswith("No reference interval can be told from these") and sentence in report.verdict
    assert report.light == ("unfit" if healthy < 120 else ""), "no light judges direct limits"


@pytest.mark.parametrize(
    ("n", "expected"), [(119, (1, 7)), (120, (1, 7)), (160, (1, 8)), (187, (1, 9)), (240, (2, 11))]
)
def test_ranks_are_those_of_the_guideline_s_table(n: int, expected: tuple[int, int]) -> None:
    assert ranks(n, 0.025, 0.9) == expected


def test_direct_limits_are_the_percentiles_by_rank() -> None:
    values = np.random.default_rng(3).lognormal(3, 0.3, 500)
    found = direct_limits(values)
    assert found is not None and found.lower.interval and found.upper.interval
    assert (found.lower.value, found.upper.value) == pytest.approx(
        np.quantile(values, (0.025, 0.975), method="weibull")
    )
    mirrored = direct_limits(-values)
    assert mirrored is not None and mirrored.upper.interval
    assert mirrored.upper.interval == pytest.approx((-found.lower.interval[1], -found.lower.interval[0]))
    assert direct_limits(values[:119]) is None


def test_direct_intervals_cover_the_truth() -> None:
    random, truth = np.random.default_rng(5), special.ndtri(0.025)
    held = 0
    for _ in range(400):
        found = direct_limits(random.normal(size=240))
        assert found is not None and found.lower.interval
        held += found.lower.interval[0] <= truth <= found.lower.interval[1]
    assert 0.94 <= held / 400 <= 1


def test_intervals_by_draws_cover_the_truth() -> None:
    z, held = float(special.ndtri(0.975)), 0
    truth = back(np.array([12 - z * 1.2, 12 + z * 1.2]), 0.5)
    for seed in range(4):
        random = np.random.default_rng(seed)
        ill = random.normal(truth[1] * 1.5, truth[1] * 0.25, 200)
        values = np.round(np.concatenate([back(random.normal(12, 1.2, 3000), 0.5), ill]), 1)
        model = fit(values)
        drawn = resample(values, model, draws=40, seed=seed)
        held += sum(low <= true <= high for (low, high), true in zip(drawn.interval(), truth, strict=True))
    assert held >= 7
    assert drawn.limits[:5].tolist() == resample(values, model, draws=5, seed=3).limits.tolist()


def test_what_makes_an_interval_unfit_is_seen() -> None:
    random = np.random.default_rng(1)
    values = random.normal(100, 10, 6000)
    days = np.repeat([19000, 19400], 3000)

    def lights(values: np.ndarray) -> dict[str, str]:
        model = fit(values)
        judged, _ = judge(values, days, model, resample(values, model, draws=20))
        return {one.name: one.light for one in judged}

    assert set(lights(values).values()) == {"fit"}
    assert lights(values + np.repeat([0, 11], 3000))["Drift over the years"] == "unfit"
    two = np.concatenate([random.normal(80, 6, 3000), random.normal(125, 6, 3000)])
    assert "unfit" in lights(random.permutation(two)).values()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("value,sex\n1,f\n2,x\n", "line 3, column sex: neither"),
        ("value,age\n1,20\n2,200\n", "line 3, column age: not an age"),
        ("value,date\n1,2020-01-01\n2,01/02/2020\n", "line 3, column date: not a date"),
        ("value\n1\nhigh\n", "line 3, column value: not a number"),
        ("value\n1\ninf\n", "line 3, column value: not a number"),
        ('value;sex\n1,5;f\n2;"f\n', "line 3"),
        ("value,sex\n1\n", "line 2: has 1 cells, the header 2"),
        ("value,Value\n1,2\n", "line 1: every column"),
        ("result\n1\n", "line 1: there is no column value, but result"),
        ("value\n", "no lines"),
        ("", "no lines"),
        ("value\n<5\n0\n", "holds no number above 0"),
    ],
)
def test_a_fault_of_a_file_is_one_sentence_without_its_value(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(InputError) as fault:
        exported_results(write(tmp_path / "export.csv", text))
    assert sentence in str(fault.value)
    assert "export.csv" in str(fault.value)
    assert "high" not in str(fault.value) and "01/02" not in str(fault.value)


def test_an_export_is_read_as_laboratories_write_it(tmp_path: Path) -> None:
    text = (
        "Person;Value;Sex;Age;Date;Device;Group\n1;1,5;V;30,9;2020-01-02;A;ok\n1;<1;m;;;;\n2;;m;1;;;\n3;2;Mann;;;;ok\n"
    )
    found, file = exported_results(write(tmp_path / "x.csv", "\ufeff" + text), healthy="group=ok")
    assert found.value.tolist() == [1.5, 2]
    assert found.sex.tolist() == ["female", "male"]
    assert found.age[0] == 30 and np.isnan(found.age[1])
    assert found.day.tolist() == [18263, NO_DAY]
    assert found.healthy.all() and found.named_persons
    with pytest.raises(InputError, match="no line has the word"):
        exported_results(tmp_path / "x.csv", healthy="group=okay")
    assert dict(found.left_out) == {"given as below or above a limit": 1, "empty": 1, "0 or below": 0}
    assert len(file.sha256) == 64


def test_a_value_of_few_and_an_estimate_of_few_are_not_released() -> None:
    rules = rules_for("release")
    assert rules.ordered(3.14159, 9).value is None and rules.ordered(3.14159, 10).value == 3.14
    assert rules.estimate(3.14159, 14).value is None and rules.estimate(3.14159, 15).value == 3.14
    assert rules_for("exact").ordered(3.14159, 1).value == 3.142


@pytest.mark.parametrize(("low", "high", "rounded"), [(11.6, 16.7, 0.1), (136, 144, 1), (0.56, 1.25, 0.01)])
def test_bars_hold_as_many_of_the_values_that_rounding_leaves(low: float, high: float, rounded: float) -> None:
    edges = round_edges(low, high, rounded)
    possible = np.arange(0, 4 * high, rounded)
    inside = possible[(possible > edges[0]) & (possible < edges[-1])]
    assert len(set(np.histogram(inside, edges)[0].tolist())) == 1
    assert edges[0] < low < high < edges[-1] and 8 <= len(edges) <= 90
    assert len(round_edges(low, high, 0.0)) > 20


@pytest.fixture(scope="module")
def hospital(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("benchmark")
    write_store(folder / "store", 4000, 5)
    return folder


def run(*words: object) -> str:
    result = runner.invoke(app, ["benchmark", *map(str, words)])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.output


def test_the_hospital_s_own_limits_by_sex(hospital: Path) -> None:
    page = hospital / "page.html"
    words = ("intervals", "--store", hospital / "store", "--analyte", "LOINC:718-7", "--by", "sex", "--draws", 20)
    told = json.loads(run(*words, "--outpatients", "--report", page, "--json"))
    rows = {row[0]: row for row in told["sections"][0]["tables"][0]["rows"]}
    for name, female in (("women", True), ("men", False)):
        truth = BY_CODE[codes.HAEMOGLOBIN].limits(female)
        assert (rows[name][2], rows[name][4]) == pytest.approx(truth, rel=0.05)
        assert abs(rows[name][4] / truth[1] - 1) < abs(rows["Everybody"][4] / truth[1] - 1) or not female
    html = page.read_text(encoding="utf-8")
    assert "<script" not in html
    assert html.count("<svg") == sum(html.count(f"<title>{name}") for name in rows) == 3
    assert not any(int(n) < 10 for n in re.findall(r'data-label="Persons" class="n">(\d+)<', html))
    run(*words, "--outpatients", "--report", page)
    assert page.read_text(encoding="utf-8") == html
    assert "--unit g/dL" in html.replace("&#39;", "'")


def test_direct_limits_of_a_cohort_stand_beside(hospital: Path) -> None:
    """Everybody at their first visit is no healthy group: its direct limits are wider than the healthy's."""
    definition = {
        "ConceptSets": [],
        "PrimaryCriteria": {
            "CriteriaList": [{"VisitOccurrence": {}}],
            "ObservationWindow": {"PriorDays": 0, "PostDays": 0},
            "PrimaryCriteriaLimit": {"Type": "First"},
        },
        "QualifiedLimit": {"Type": "First"},
        "ExpressionLimit": {"Type": "First"},
        "InclusionRules": [],
        "CensoringCriteria": [],
        "CollapseSettings": {"CollapseType": "ERA", "EraPad": 0},
        "CensorWindow": {},
        "cdmVersionRange": ">=5.0.0",
    }
    path = write(hospital / "visitors.json", json.dumps(definition))
    words = (
        "intervals",
        "--store",
        hospital / "store",
        "--analyte",
        "718-7",
        "--draws",
        20,
        "--healthy",
        path,
        "--json",
    )
    told = json.loads(run(*words))
    beside = next(section for section in told["sections"] if section["name"] == "Beside direct limits")
    row = beside["tables"][0]["rows"][0]
    assert row[1] > 3000 and row[2] < told["sections"][0]["tables"][0]["rows"][0][2]
    assert "inside" in row[6] or "outside" in row[6]


def test_what_cannot_be_asked_is_one_sentence(hospital: Path) -> None:
    store = ("--store", hospital / "store")
    asked: list[tuple[tuple[object, ...], type[WardbenchError], str]] = [
        (("intervals",), InputError, "--store, --csv"),
        (("intervals", *store), InputError, "--analyte"),
        (("intervals", *store, "--analyte", "718"), NotFoundError, "718"),
        (("intervals", *store, "--analyte", "718-7", "--unit", "kg"), NotFoundError, "g/dL"),
        (("intervals", *store, "--analyte", "718-7", "--ages", "ten", "--by", "age"), InputError, "--ages"),
        (("intervals", *store, "--analyte", "718-7", "--mode", "all"), InputError, "--mode"),
        (("intervals", "--csv", hospital / "none.csv"), NotFoundError, "none.csv"),
    ]
    for words, error, sentence in asked:
        with pytest.raises(error, match=re.escape(sentence)):
            run(*words)


def test_groups_of_one_distribution_are_not_said_to_differ() -> None:
    """Small parts of a whole lie outside its narrow intervals by chance; two distributions do by more than that."""
    random = np.random.default_rng(4)
    values, part = random.normal(100, 8, 12_000), np.arange(12_000) % 10 == 0
    names = np.where(part, "A", "B")
    for shift, differ in ((0.0, False), (6.0, True)):
        moved = np.where(part, values + shift, values)
        found = intervals(results(moved, device=names), by=["device"], draws=12)
        report = intervals_report(found, rules_for("exact"), Made("command", "source", (), "v"))
        assert ("Groups differ" in report.verdict) is differ
