"""`benchmark standardise` and `benchmark funnel`: files, a store, and what may be shown."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from scipy import stats
from typer.testing import CliRunner

from wardbench.cli.app import app
from wardbench.core.disclosure import rules_for
from wardbench.core.errors import InputError
from wardbench.core.store import Store
from wardbench.synthetic import write_store
from wardbench.ward.benchmark.case_mix import discrimination, expected_probabilities
from wardbench.ward.benchmark.followed import Followed, followed
from wardbench.ward.benchmark.funnel_report import _named, funnel_report, read_units, units_of
from wardbench.ward.benchmark.page import Made
from wardbench.ward.benchmark.standard_report import standard_report
from wardbench.ward.benchmark.strata_counts import Counts, counts_of, read_counts, standard_of
from wardbench.ward.cohorts import read_definition, run_cohort
from wardbench.ward.cohorts.starting import first_definition

runner = CliRunner()
HEAD = "sex,age,events,population\n"


def run(*words: object) -> str:
    result = runner.invoke(app, ["benchmark", *map(str, words)])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.output


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_a_study_against_a_standard_of_files(tmp_path: Path) -> None:
    study = write(tmp_path / "study.csv", HEAD + "f,0,3,1000\nf,60,20,1000\nm,0,4,500\nm,60,25,800\n")
    standard = write(tmp_path / "standard.csv", HEAD + "m,60,200,10000\nm,0,20,10000\nf,60,150,10000\nf,0,10,10000\n")
    told = json.loads(run("standardise", "--csv", study, "--standard", standard, "--mode", "exact", "--json"))
    row = told["sections"][0]["tables"][0]["rows"][0]
    # By hand: 1 + 15 + 1 + 16 expected, 52 observed; a direct rate of (3 + 20 + 8 + 31.25) / 4 in 1,000.
    assert row[1:3] == [52, 33]
    assert row[3].startswith("1.58 (1.18 to 2.07)") and row[4].startswith("15.6 (")
    assert "more events than" in told["verdict"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (HEAD + "x,0,1,10\n", "line 2, column sex"),
        (HEAD + "f,old,1,10\n", "line 2, column age: not a number"),
        (HEAD + "f,0,1,10\nf,0,2,20\n", "line 3, column age: the stratum stands twice"),
        (HEAD + "f,0,1,0\n", "line 2, column events: events among nobody"),
        (HEAD + "f,0,,10\n", "line 2, column events: a number"),
        (HEAD + "f,0,-1,10\n", "line 2, column events: not a whole number"),
        ("events,population\n1,2\n", "no column sex"),
    ],
)
def test_a_fault_of_strata_is_one_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(InputError, match=re.escape(sentence)):
        read_counts(write(tmp_path / "study.csv", text))


def test_a_stratum_of_few_events_is_not_told_by_what_it_lets_expect() -> None:
    names = ("women from 0", "women from 60", "men from 60", "men from 0")
    counts = Counts("h", dict(zip(names, (3.0, 40, 25, 12), strict=True)), dict.fromkeys(names, 500.0))
    released = standard_of(counts, rules_for("release"))
    assert released.members == (("women from 0", "women from 60"), ("men from 60",), ("men from 0",))
    assert [figure.value for figure in released.events] == [45, 25, 10]
    assert [figure.value for figure in standard_of(counts, rules_for("exact")).events] == [3, 40, 25, 12]
    study = Counts("s", {names[0]: 1.0}, {names[0]: 100.0})
    assert released.group(study) == ([1, 0, 0], [100, 0, 0])
    with pytest.raises(InputError, match="too few events"):
        standard_of(Counts("h", {names[0]: 3.0}, {names[0]: 500.0}), rules_for("release"))
    with pytest.raises(InputError, match="no stratum “men from 30”"):
        released.group(Counts("s", {"men from 30": 1.0}, {"men from 30": 9.0}))


def test_a_direct_rate_tells_no_more_than_the_events_that_may_be_shown() -> None:
    """Studies whose events round to the same numbers have the same line; by hand it is the rate of these numbers."""
    names = ("women from 0", "women from 60", "men from 60")
    whole = Counts("h", dict(zip(names, (40.0, 150, 200), strict=True)), dict(zip(names, (1e4, 2e4, 1e4), strict=True)))
    rules, made, lines = rules_for("release"), Made("command", "source", (), "v"), set()
    for few in range(3, 8):
        study = Counts("s", dict(zip(names, (float(few), 20.0, 30), strict=True)), dict.fromkeys(names, 1000.0))
        report = standard_report([study], standard_of(whole, rules), rules, made, unit="person-years", title="t")
        lines.add((report.sections[0].tables[0].rows[0][3], report.sections[0].tables[0].rows[0][4]))
    # 25 events (20 and the few) in 2,000 of three quarters of the standard, 30 in 1,000 of a quarter.
    assert {line[1].split(" ")[0] for line in lines} == {"16.9"} and len(lines) <= 2
    exact = standard_report(
        [Counts("s", dict(zip(names, (4.0, 20, 30), strict=True)), dict.fromkeys(names, 1000.0))],
        standard_of(whole, rules_for("exact")), rules_for("exact"), made, unit="person-years", title="t",
    )  # fmt: skip
    # (4 + 2 x 20 + 30) / 4
    assert str(exact.sections[0].tables[0].rows[0][4]).startswith("18.5 (")


def test_chance_in_a_small_standard_is_told() -> None:
    """By hand: 20 of 100 expected of 10 of 50; the logarithm's variance is 1/32 and 1/10, or 1/32 and 1/1000."""
    made, rules = Made("command", "source", (), "v"), rules_for("exact")
    study = Counts("Ward", {"men from 0": 32.0}, {"men from 0": 100.0})
    for events, people, told in ((10.0, 50.0, True), (1000.0, 5000.0, False)):
        standard = standard_of(Counts("h", {"men from 0": events}, {"men from 0": people}), rules)
        report = standard_report([study], standard, rules, made, unit="persons", title="t")
        assert "Ward has more events than expected" in report.verdict
        assert ("The standard has few events itself" in report.verdict) is told
        assert ("the interval of Ward is about 0.787 to 3.25." in report.sections[0].words[1]) is told


def test_each_unit_s_own_limits_stand_in_the_table(tmp_path: Path) -> None:
    lines = "".join(f"ward {n},{20 + n},{40 + 10 * n},{20 + n}\n" for n in range(6))
    units, _ = read_units(write(tmp_path / "units.csv", "unit,observed,n,expected\n" + lines))
    made = Made("command", "source", (), "v")
    report = funnel_report(units, rules_for("exact"), made, title="t", what="w")
    table = report.sections[0].tables[0]
    assert table.columns[4:6] == ("95% limits", "99.8% limits")
    # Ward 0 has 40 persons of probability 1/2; all units together are as expected.
    law = stats.binom(40, 0.5)
    for column, level in ((4, 0.95), (5, 0.998)):
        low, high = (float(end) for end in str(table.rows[0][column]).split(" to "))
        for end, share in ((low, (1 - level) / 2), (high, (1 + level) / 2)):
            whole = law.ppf(share)
            exact = whole - (law.cdf(whole) - share) / (law.cdf(whole) - law.cdf(whole - 1))
            assert end == pytest.approx(exact / 20, abs=0.006)
    assert "95%" in str(report.sections[0].charts[0]) and "average patients" in str(report.sections[0].charts[0])


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("unit,observed\na,1\n", "a column n, a column expected, or both"),
        ("unit,observed,n,expected\na,5,10,11\n", "line 2, column expected: more than there are persons"),
        ("unit,observed,n\na,1,10\na,1,10\n", "line 3, column unit"),
        ("unit,observed,n\na,11,10\n", "line 2, column n"),
        ("unit,observed,expected\na,1,0\n", "line 2, column expected"),
        ("unit,observed,n\na,,10\n", "line 2, column observed: empty"),
    ],
)
def test_a_fault_of_units_is_one_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(InputError, match=re.escape(sentence)):
        read_units(write(tmp_path / "units.csv", text))


def test_a_unit_that_stands_out_is_told(tmp_path: Path) -> None:
    lines = "".join(f"ward {n},{20 + n % 5},200\n" for n in range(12))
    path = write(tmp_path / "units.csv", "unit,observed,n\n" + lines + "ward X,60,200\n")
    page = tmp_path / "funnel.html"
    told = json.loads(run("funnel", "--csv", path, "--report", page, "--mode", "exact", "--json"))
    assert "1 stands out" in told["verdict"] and "ward X" in told["verdict"]
    html = page.read_text(encoding="utf-8")
    assert html.count('class="dot out"') == 1 and html.count('class="dot in"') == 12


@pytest.mark.parametrize(("way", "words"), [("cqc", "Winsorised"), ("shmi", "truncated")])
def test_units_of_persons_with_what_is_expected_have_binomial_limits(tmp_path: Path, way: str, words: str) -> None:
    """Of 100 with 50 expected 61 are outside 95% of the binomial law, and would be inside Poisson's."""
    lines = "".join(f"ward {n},{49 + n % 3},100,50\n" for n in range(11))
    path = write(tmp_path / "units.csv", "unit,observed,n,expected\n" + lines + "ward X,61,100,50\n")
    page = tmp_path / "funnel.html"
    told = json.loads(run("funnel", "--csv", path, "--mode", "exact", "--dispersion", way, "--report", page, "--json"))
    assert "lies 1 (ward X)" in told["verdict"]
    assert "exact binomial limits" in told["methods"]
    html = page.read_text(encoding="utf-8")
    assert f"mean square of the {words} scores" in html and f"--dispersion {way}" in html
    poisson = write(tmp_path / "poisson.csv", path.read_text().replace(",n,", ",persons,"))
    alone = json.loads(run("funnel", "--csv", poisson, "--mode", "exact", "--json"))
    assert "all 12 lie inside the limits of 95%" in alone["verdict"] and "exact Poisson limits" in alone["methods"]


def verdict_of(tmp_path: Path, *wards: tuple[int, int]) -> str:
    """What is said of sixteen wards that are alike and of others, each observed of so many."""
    lines = "".join(f"ward {n},{20 + n % 3},200\n" for n in range(16))
    more = "".join(f"other {n},{observed},{of}\n" for n, (observed, of) in enumerate(wards, 1))
    path = write(tmp_path / "units.csv", "unit,observed,n\n" + lines + more)
    return str(json.loads(run("funnel", "--csv", path, "--mode", "exact", "--json"))["verdict"])


def test_a_unit_outside_the_inner_limits_alone_is_told_as_what_chance_makes(tmp_path: Path) -> None:
    inside, what = verdict_of(tmp_path), "No unit that may be shown stands out in what was observed: "
    assert inside == f"{what}all 16 lie inside the limits of 95%."
    assert verdict_of(tmp_path, (31, 200)) == (
        f"{what}all 17 lie inside the limits of 99.8%. Outside the limits of 95%, but not of 99.8%, lies 1 (other 1), "
        "which by itself says little: of units like the whole, 1 in 20 lies outside the limits of 95% by chance alone, "
        "of 17 about 0.85."
    )
    both = verdict_of(tmp_path, (50, 200), (33, 200), (33, 200))
    assert "1 stands out in what was observed (outside the limits of 99.8%): other 1. Outside the limits of 95%" in both
    assert "lie 2 more (other 2, other 3), which" in both
    alone = verdict_of(tmp_path, (55, 200))
    assert alone.endswith("other 1. No other lies outside the limits of 95%.")
    varied = verdict_of(tmp_path, *[(34, 200)] * 3, *[(8, 200)] * 3, (60, 200))
    assert "1 in 20 lies outside the limits of 95% by chance and by what units of their kind vary" in varied
    assert _named([f"ward {n}" for n in range(1, 8)]) == "ward 1, ward 2, ward 3, ward 4, ward 5 and 2 others"


def persons(seed: int, units: int = 8, each: int = 200) -> Followed:
    """Units that treat alike, of patients who differ: the later the unit, the older and more often ill."""
    random = np.random.default_rng(seed)
    unit = np.repeat(np.arange(units), each)
    age = random.normal(45 + 4 * unit, 10)
    ill = random.random(unit.size) < 0.1 + 0.05 * unit
    event = random.random(unit.size) < 1 / (1 + np.exp(-(-7 + 0.08 * age + 1.2 * ill)))
    names = np.array([f"u{n}" for n in unit])
    sex = np.where(random.random(unit.size) < 0.5, "female", "male")
    whole = np.ones(unit.size, bool)
    return Followed(np.arange(unit.size), names, sex, age, np.ones(unit.size), event, whole, ill[:, None], ("ill",))


def test_case_mix_takes_away_what_patients_explain() -> None:
    group = persons(1)
    expected = expected_probabilities(group)
    assert expected.sum() == pytest.approx(group.event.sum())
    assert discrimination(expected, group.event) > 0.7
    spread = {}
    for adjust in ("none", "age-sex", "case-mix"):
        units, _ = units_of(group, adjust)
        value = units.observed / units.size
        by_hand = [(expected[group.unit == name] ** 2).sum() for name in units.names]
        assert adjust != "case-mix" or units.squares == pytest.approx(by_hand)
        assert (units.squares is None) == (adjust == "none")
        spread[adjust] = float(np.std(value / value.mean()))
    assert spread["case-mix"] < spread["age-sex"] < spread["none"] / 2
    assert np.array_equal(expected, expected_probabilities(group))
    with pytest.raises(InputError, match="--adjust"):
        units_of(group, "everything")


def test_units_with_few_events_are_judged_and_not_shown() -> None:
    group = persons(2, units=9, each=120)
    units, _ = units_of(group, "none")
    made = Made("command", "source", (), "v")
    few = [name for name, n in zip(units.names, units.observed, strict=True) if n < 10]
    assert few
    report = funnel_report(units, rules_for("release"), made, title="t", what="w")
    shown = {row[0] for row in report.sections[0].tables[0].rows}
    assert shown.isdisjoint(few) and len(shown) <= 9 - max(2, len(few))
    everything = funnel_report(units, rules_for("exact"), made, title="t", what="w")
    assert len(everything.sections[0].tables[0].rows) == 9


@pytest.fixture(scope="module")
def hospital(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("rates")
    write_store(folder / "store", 3000, 5)
    snapshot = Store.open(folder / "store").snapshot()
    with snapshot.connect() as con:
        for code, name in (("38341003", "pressure"), ("84114007", "failure")):
            (concept,) = con.execute("SELECT concept_id FROM concept WHERE concept_code = ?", [code]).fetchone() or (0,)
            write(folder / f"{name}.json", json.dumps(first_definition(snapshot, [concept])))
    return folder


def test_follow_up_is_what_the_tables_say(hospital: Path) -> None:
    snapshot = Store.open(hospital / "store").snapshot()
    cohort = run_cohort(read_definition(hospital / "failure.json"), snapshot)
    found = followed(snapshot, cohort, outcome=None, within=730, by="provider")
    with snapshot.connect() as con:
        con.register("m", cohort.rows)
        rows = con.execute(
            "SELECT subject_id, min(cohort_start_date) s, any_value(death_date) d, max(observation_period_end_date) e"
            " FROM m LEFT JOIN death ON death.person_id = subject_id"
            " JOIN observation_period o ON o.person_id = subject_id"
            " GROUP BY 1 HAVING d IS NULL OR d > s ORDER BY 1"
        ).fetchall()
    days = [min((d - s).days if d else 730, 730, (e - s).days) for _, s, d, e in rows]
    assert found.years == pytest.approx(np.array(days) / 365.25)
    assert found.event.tolist() == [d is not None and (d - s).days <= 730 and d <= e for _, s, d, e in rows]
    assert set(found.unit.tolist()) - {""}
    counts = counts_of(found, "x")
    assert sum(counts.population.values()) == pytest.approx(found.years.sum())
    with pytest.raises(InputError, match="--by"):
        followed(snapshot, cohort, outcome=None, within=10, by="ward")


def test_a_sicker_cohort_dies_more_than_the_hospital_s_rates_let_expect(hospital: Path) -> None:
    standard = ("--store", hospital / "store", "--hospital", hospital / "pressure.json", "--within", 1500)
    told = json.loads(run("standardise", *standard, "--study", hospital / "failure.json", "--json"))
    assert "more events than" in told["verdict"]
    page = hospital / "funnel.html"
    words = ("--store", hospital / "store", "--cohort", hospital / "pressure.json", "--within", 2500)
    answer = run("funnel", *words, "--report", page)
    assert "funnel.html" in answer
    cells = re.findall(r'data-label="Observed" class="n">(\d+)<', page.read_text(encoding="utf-8"))
    assert cells and all(int(cell) >= 10 and int(cell) % 5 == 0 for cell in cells)
    for wrong, sentence in (
        (("standardise", *standard), "--csv, --study"),
        (("standardise", "--study", hospital / "failure.json"), "--standard, --hospital"),
        (("funnel",), "--csv, --cohort"),
    ):
        with pytest.raises(InputError, match=sentence):
            run(*wrong)
