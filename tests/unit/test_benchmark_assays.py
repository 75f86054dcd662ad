"""`benchmark methods`, `benchmark assay` and `benchmark panel` through the front door."""

from __future__ import annotations

import csv
import json
import re
import stat
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from wardbench.cli.app import app
from wardbench.core.disclosure import rules_for
from wardbench.core.errors import InputError, NotFoundError
from wardbench.core.store import Store
from wardbench.synthetic import write_store
from wardbench.ward.benchmark.assay import PERCENTILES, on_hospital, place, references
from wardbench.ward.benchmark.methods_report import methods_report, read_pairs
from wardbench.ward.benchmark.page import Made, render
from wardbench.ward.benchmark.panel import Candidate, candidates, choose
from wardbench.ward.benchmark.recorded import find_analyte, results_of
from wardbench.ward.benchmark.results import NO_DAY, Results
from wardbench.ward.samples import Query, index_of

runner = CliRunner()


def run(*words: object) -> str:
    result = runner.invoke(app, ["benchmark", *map(str, words)])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.output


@pytest.fixture(scope="module")
def hospital(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("assays")
    write_store(folder / "store", 1500, 5)
    return folder


def pairs(path: Path) -> Path:
    random = np.random.default_rng(1)
    truth = random.uniform(2, 8, 60)
    rows = zip(truth + random.normal(0, 0.1, 60), 1.1 * truth + 0.4 + random.normal(0, 0.1, 60), strict=True)
    path.write_text("old,new\n" + "".join(f"{a:.3f},{b:.3f}\n" for a, b in rows) + "3.1,\n")
    return path


def test_a_mean_difference_that_the_line_does_not_see_is_told(tmp_path: Path) -> None:
    """Fourteen pairs, the new method 0, 1 or 2 less: slope and intercept may be those of like methods, the mean not."""
    path = tmp_path / "pairs.csv"
    path.write_text("old,new\n" + "".join(f"{n + 20},{n + 20 - n % 3}\n" for n in range(1, 15)))
    verdict = json.loads(run("methods", path, "--x", "old", "--y", "new", "--json"))["verdict"]
    assert verdict.startswith("The two methods differ on average; so few pairs")
    assert "new reads 1.07 units less than old on average" in verdict


def test_a_name_with_an_article_has_its_capital_where_a_sentence_begins_with_it(tmp_path: Path) -> None:
    first, second, left_out, file = read_pairs(pairs(tmp_path / "pairs.csv"), "old", "new")
    made = Made("command", "source", ((file.path, file.sha256),))
    names = ("the hospital", "The strip")
    report = methods_report((first, second), names, "mg/dL", left_out, rules_for("exact"), made)
    assert report.name == "The strip against the hospital" and ". The strip reads" in report.verdict
    assert "more than the hospital on average" in report.verdict
    assert report.methods.startswith("The strip was compared with the hospital by")
    page = render(report)
    assert "The hospital, mg/dL" in page and "of the hospital and the strip" in page and "than The" not in page


def test_the_page_of_a_method_comparison(tmp_path: Path) -> None:
    page, path = tmp_path / "page.html", pairs(tmp_path / "pairs.csv")
    words = ("methods", path, "--x", "old", "--y", "new", "--unit", "mmol/L", "--report", page)
    told = json.loads(run(*words, "--json"))
    assert "The two methods differ: a proportional and a constant difference" in told["verdict"]
    html = page.read_text(encoding="utf-8")
    # The dots lie about the line on the chart as they do in truth: none of it was bent to fit the frame.
    chart = html.split("<svg")[1]
    (x1, y1), (x2, y2) = (
        tuple(map(float, point.split(","))) for point in re.findall(r'line model" points="([^"]*)"', chart)[0].split()
    )
    dots = np.array([(float(x), float(y)) for x, y in re.findall(r'cx="([\d.]+)" cy="([\d.]+)"', chart)])
    apart = dots[:, 1] - (y1 + (y2 - y1) * (dots[:, 0] - x1) / (x2 - x1))
    assert abs(np.median(apart)) < 1 and np.abs(apart).max() < 20
    assert html.count("<circle") == 2 * 60 and "60 pairs" in html and "1 lines" in html
    assert html.count('data-label="Difference"') == 60
    run(*words, "--mode", "release")
    released = page.read_text(encoding="utf-8")
    # A page that is passed on draws no single pair.
    assert "<circle" not in released and "60 pairs" not in released and 'data-label="Difference' not in released
    for more, sentence in ((("--x", "none"), "no column none"), (("--x", "old", "--y", "OLD"), "two columns")):
        with pytest.raises(InputError, match=sentence):
            run("methods", path, *more)


def results(value: np.ndarray, sex: str = "female", age: float = 50) -> Results:
    n = len(value)
    names = np.full(n, sex)
    empty = np.full(n, "")
    return Results(
        "a", "u", value, np.arange(n), names, np.full(n, age), empty, np.full(n, NO_DAY), np.zeros(n, bool), "a test"
    )


def test_values_lie_between_the_percentiles_of_their_group() -> None:
    values = np.arange(1.0, 1001)
    known = references(results(values), ("sex", "age"), (18, 40, 60), rules_for("exact"))
    given = results(np.array([1.0, 26, 400, 974, 976, 2000]))
    placed = place(given, known, ("sex", "age"), (18, 40, 60))
    assert [one.band for one in placed] == [
        "below 2.5",
        "2.5 to 5",
        "25 to 50",
        "95 to 97.5",
        "above 97.5",
        "above 97.5",
    ]
    assert [one.flag for one in placed] == ["low", "", "", "", "high", "high"]


def test_percentiles_of_few_are_not_released() -> None:
    values = np.arange(1.0, 101)
    known = references(results(values), ("sex", "age"), (18, 40, 60), rules_for("release"))["Everybody"]
    shown = [p for p, figure in zip(PERCENTILES, known.percentiles, strict=True) if figure.value is not None]
    assert shown == [10, 25, 50, 75, 90]
    (one,) = place(results(np.array([0.5])), {"Everybody": known}, ("sex", "age"), (18, 40, 60))
    assert (one.band, one.flag) == ("below 10", "")


def test_the_page_of_an_assay(hospital: Path) -> None:
    path, page, out = hospital / "values.csv", hospital / "assay.html", hospital / "placed.csv"
    random = np.random.default_rng(2)
    path.write_text(
        "value,sex,age\n" + "".join(f"{v:.1f},f,{30 + n}\n" for n, v in enumerate(random.normal(16, 1, 40)))
    )
    words = ("assay", path, "--store", hospital / "store", "--analyte", "718-7", "--report", page, "--out", out)
    told = json.loads(run(*words, "--mode", "exact", "--json"))
    assert "lie higher than the hospital's" in told["verdict"]
    rows = list(csv.DictReader(out.read_text().splitlines()))
    assert len(rows) == 40 and sum(row["flag"] == "high" for row in rows) > 5
    html = page.read_text(encoding="utf-8")
    assert "women, 40 to 59 years" in html
    run(*words)
    released = page.read_text(encoding="utf-8")
    assert released != html
    assert not any(int(n) < 10 for n in re.findall(r'data-label="(?:Values|Persons)" class="n">(\d+)<', released))
    path.write_text("value,sex,age\n" + "8,f,44\n13.5,f,44\n19,f,44\n" * 10)
    told = json.loads(run(*words, "--mode", "exact", "--json"))
    assert "lie about the hospital's middle, and many far from it" in told["verdict"]
    with pytest.raises(InputError, match="--out: is one file"):
        run(*words[:-1], path)
    with pytest.raises(InputError, match="--analyte"):
        run("assay", path, "--store", hospital / "store")


def test_values_that_are_flagged_more_than_chance_allows_do_not_lie_where_the_hospital_s_do() -> None:
    hospital, rules = results(np.arange(1.0, 1001)), rules_for("exact")
    made = Made("command", "source", (), "v")
    for low, high, light in ((8, 5, "care"), (3, 2, "fit")):
        inside = np.linspace(100, 900, 80 - low - high)
        given = results(np.concatenate([np.full(low, 3.0), np.full(high, 999.0), inside]))
        _, report = on_hospital(given, hospital, (18, 40, 60), rules, made)
        assert report.light == light and ("many far from it" in report.verdict) is (light == "care")


def offered(values: list[float]) -> list[Candidate]:
    return [Candidate(f"s{n}", n // 2, "DNA", date(2020, 1, 1), value, 0) for n, value in enumerate(values)]


def test_a_panel_is_spread_and_has_both_sides_of_each_limit() -> None:
    values = np.random.default_rng(3).lognormal(1, 0.5, 600).tolist()
    panel = choose(offered(values), 20, decisions=[3.0, 5.0], seed=4)
    assert panel == choose(offered(values), 20, decisions=[3.0, 5.0], seed=4)
    assert panel != choose(offered(values), 20, decisions=[3.0, 5.0], seed=5)
    assert len({one.candidate.person for one in panel}) == len({one.code for one in panel}) == 20
    for limit in (3.0, 5.0):
        below = next(one for one in panel if one.why == f"below the decision limit {limit:g}")
        above = next(one for one in panel if one.why == f"above the decision limit {limit:g}")
        assert 0.9 * limit < below.candidate.value < limit < above.candidate.value < 1.1 * limit
    spread = sorted(one.candidate.value for one in panel)
    assert max(np.diff(np.log(spread))) < 0.5
    # The order of codes tells nothing of the values.
    order = [one.candidate.value for one in sorted(panel, key=lambda one: one.code)]
    assert abs(np.corrcoef(order, range(20))[0, 1]) < 0.6


def test_beside_a_limit_the_right_side_counts_more_than_being_near() -> None:
    each = [
        Candidate(f"s{n}", n, "DNA", date(2020, 1, 1), v, 0) for n, v in enumerate([3.01, 3.02, 3.03, 2.2, 1, 9, 7])
    ]
    panel = choose(each, 4, decisions=[3.0])
    below = next(one for one in panel if one.why == "below the decision limit 3")
    assert below.candidate.value < 3


@pytest.mark.parametrize(("many", "decisions"), [(3, []), (201, []), (8, [1.0, 2, 3]), (8, [-1.0]), (40, [])])
def test_a_panel_that_cannot_be_is_refused(many: int, decisions: list[float]) -> None:
    with pytest.raises(InputError):
        choose(offered([1.0, 2, 3, 4] * 10), many, decisions=decisions)


def test_only_what_can_be_given_with_a_result_near_its_day(hospital: Path) -> None:
    snapshot = Store.open(hospital / "store").snapshot()
    analyte = find_analyte(snapshot, "718-7", None)
    found = candidates(snapshot, index_of(snapshot), analyte, Query.of(), days=3)
    assert found and all(abs(one.days) <= 3 for one in found)
    objected = {one.person for one in found[:5]}
    without = candidates(snapshot, index_of(snapshot), analyte, Query.of(), days=3, without=objected)
    assert without == tuple(one for one in found if one.person not in objected)
    results = results_of(snapshot, analyte)
    for one in found[:20]:
        own = results.person == one.person
        taken = (one.collected - date(1970, 1, 1)).days
        assert abs(results.day[own] - taken).min() == abs(one.days)
        assert one.value in results.value[own]
    with pytest.raises(NotFoundError):
        candidates(snapshot, index_of(snapshot), analyte, Query.of({"material": frozenset(["Nail"])}), days=3)


def test_the_codes_hold_no_value_and_the_key_is_the_biobank_s(hospital: Path) -> None:
    out, key = hospital / "panel.csv", hospital / "key.csv"
    words = ("panel", "718-7", "--store", hospital / "store", "--places", 10, "--decisions", "12,14", "--days", 30)
    told = run(*words, "--out", out, "--key", key)
    codes = [row["code"] for row in csv.DictReader(out.read_text().splitlines())]
    behind = list(csv.DictReader(key.read_text().splitlines()))
    assert codes == [row["code"] for row in behind] and len(codes) == 10
    assert {row["value"] for row in csv.DictReader(out.read_text().splitlines())} == {""}
    for row in behind:
        assert row["specimen"] not in out.read_text() and row["specimen"] not in told
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    first = key.read_text()
    run(*words, "--out", out, "--key", key)
    assert key.read_text() == first
    with pytest.raises(InputError, match="one file"):
        run(*words, "--out", out, "--key", out)
    with pytest.raises(InputError, match=re.escape("--decisions")):
        run("panel", "718-7", "--store", hospital / "store", "--decisions", "high", "--out", out, "--key", key)
