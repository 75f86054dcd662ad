"""The expected values of published analyses, each with its stated tolerance."""

from __future__ import annotations

import csv
import gzip
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import statsmodels.api as sm

from wardbench.bench.outcomes import effects
from wardbench.bench.outcomes.balance import discrimination, equipoise, standardised_differences
from wardbench.bench.outcomes.calibration import e_value, e_value_of_limit, empirical_null, ratio_of_risks
from wardbench.bench.outcomes.cox import cox
from wardbench.bench.outcomes.power import minimal_detectable_ratio
from wardbench.bench.outcomes.survival import aalen_johansen, kaplan_meier, log_rank, restricted_mean
from wardbench.bench.outcomes.weighting import inverse_probability, overlap

Table = dict[str, np.ndarray]
Read = Callable[[str], Table]


def rows_of(place: Path) -> list[dict[str, str]]:
    text = gzip.decompress(place.read_bytes()) if place.suffix == ".gz" else place.read_bytes()
    return list(csv.DictReader(text.decode("utf-8").splitlines()))


@pytest.fixture(scope="module")
def evidence(shared: Path) -> Path:
    return shared / "data" / "evidence"


@pytest.fixture(scope="module")
def table(evidence: Path) -> Read:
    """Reads a CSV as columns of floats; what is no number is missing."""

    def read(path: str) -> Table:
        rows = rows_of(evidence / path)
        return {name: np.array([number(row[name]) for row in rows]) for name in rows[0]}

    return read


def number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


@pytest.fixture(scope="module")
def nhefs(table: Read) -> Table:
    return table("causal/nhefs.csv")


@pytest.fixture(scope="module")
def followed(nhefs: Table) -> Table:
    kept = ~np.isnan(nhefs["wt82_71"])
    return {name: column[kept] for name, column in nhefs.items()}


def confounders(people: Table) -> np.ndarray:
    """Those of What If, chapter 12: sex, race, age, school, smoking, exercise, activity, weight, with squares."""
    columns = [people["sex"], people["race"]]
    for name in ("age", "smokeintensity", "smokeyrs", "wt71"):
        columns += [people[name], people[name] ** 2]
    for name, levels in (("education", (2, 3, 4, 5)), ("exercise", (1, 2)), ("active", (1, 2))):
        columns += [people[name] == level for level in levels]
    return np.column_stack(columns).astype(float)


def designs(people: Table) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The linear model of chapter 13, with everybody treated, with nobody, and as it was."""
    ones = np.ones(len(people["qsmk"]))

    def design(arm: np.ndarray) -> np.ndarray:
        return np.column_stack([ones, arm, arm * people["smokeintensity"], confounders(people)])

    return design(ones), design(0 * ones), design(people["qsmk"])


def test_nhefs_holds_who_the_book_counts(nhefs: Table, followed: Table) -> None:
    assert len(nhefs["qsmk"]) == 1629
    assert len(followed["qsmk"]) == 1566
    assert followed["qsmk"].sum() == 403


def test_quitting_without_adjustment(followed: Table) -> None:
    crude = effects.weighted(followed["wt82_71"], followed["qsmk"], np.ones(1566))
    assert crude.treated == pytest.approx(4.525, abs=0.0006)
    assert crude.untreated == pytest.approx(1.984, abs=0.0006)
    fit = sm.OLS(followed["wt82_71"], sm.add_constant(followed["qsmk"])).fit()
    assert crude.difference == pytest.approx(fit.params[1])
    assert fit.conf_int()[1] == pytest.approx((1.7, 3.4), abs=0.06)


def test_quitting_by_inverse_probability(followed: Table) -> None:
    arm = followed["qsmk"]
    score = effects.propensity(confounders(followed), arm)
    plain, stable = inverse_probability(score, arm, stabilised=False), inverse_probability(score, arm)
    assert (plain.mean(), plain.min(), plain.max()) == pytest.approx((1.996, 1.05, 16.70), abs=0.006)
    assert (stable.mean(), stable.min(), stable.max()) == pytest.approx((0.9988, 0.33, 4.30), abs=0.006)
    for weight in (plain, stable):
        effect = effects.weighted(followed["wt82_71"], arm, weight)
        assert effect.difference == pytest.approx(3.441, abs=0.001)
        assert effect.limits() == pytest.approx((2.41, 4.47), abs=0.02)


def test_quitting_by_standardisation(followed: Table) -> None:
    effect = effects.standardised(followed["wt82_71"], *designs(followed))
    assert effect.treated == pytest.approx(5.27, abs=0.006)
    assert effect.untreated == pytest.approx(1.76, abs=0.006)
    assert effect.difference == pytest.approx(3.517, abs=0.001)
    assert effect.limits() == pytest.approx((2.6, 4.5), abs=0.07)


def test_quitting_by_g_estimation_and_by_the_score(nhefs: Table, followed: Table) -> None:
    """Chapter 14 weighs for those whose weight in 1982 is unknown; chapter 15 regresses on the score."""
    seen = ~np.isnan(nhefs["wt82_71"])
    lost = sm.Logit(seen.astype(float), sm.add_constant(np.column_stack([nhefs["qsmk"], confounders(nhefs)])))
    weight = 1 / lost.fit(disp=0).predict()[seen]
    found = effects.g_estimate(followed["wt82_71"], followed["qsmk"], confounders(followed), weight)
    assert found == pytest.approx(3.446, abs=0.002)
    score = effects.propensity(confounders(nhefs), nhefs["qsmk"])[seen]
    design = sm.add_constant(np.column_stack([followed["qsmk"], score]))
    fit = sm.OLS(followed["wt82_71"], design).fit()
    assert fit.params[1] == pytest.approx(3.55, abs=0.06)
    assert fit.conf_int()[1] == pytest.approx((2.6, 4.5), abs=0.07)


def test_quitting_doubly_robust_and_by_overlap(followed: Table) -> None:
    arm, adjusted = followed["qsmk"], confounders(followed)
    score = effects.propensity(adjusted, arm)
    effect = effects.doubly_robust(followed["wt82_71"], arm, score, *designs(followed))
    assert effect.difference == pytest.approx(3.457, abs=0.001)
    assert effect.error == pytest.approx(0.489, abs=0.002)
    assert effects.weighted(followed["wt82_71"], arm, overlap(score, arm)).difference == pytest.approx(3.461, abs=0.001)


def test_balance_of_quitters(followed: Table) -> None:
    arm, adjusted = followed["qsmk"], confounders(followed)
    score = effects.propensity(adjusted, arm)
    age = 2
    assert standardised_differences(adjusted, arm)[age] == pytest.approx(0.282, abs=0.001)
    assert abs(standardised_differences(adjusted, arm, inverse_probability(score, arm))[age]) == pytest.approx(
        0.006, abs=0.001
    )
    assert np.abs(standardised_differences(adjusted, arm, overlap(score, arm))).max() < 1e-6
    assert equipoise(score, arm) == pytest.approx(0.815, abs=0.001)
    assert discrimination(score, arm) == pytest.approx(0.663, abs=0.001)


def test_survival_of_quitters(nhefs: Table) -> None:
    """Months from January 1983 to death, at most 120."""
    died = nhefs["death"] == 1
    month = np.where(died, (nhefs["yrdth"] - 83) * 12 + nhefs["modth"], 120.0)
    arm = nhefs["qsmk"]
    for group, expected in ((1, 0.7617), (0, 0.8201)):
        curve = kaplan_meier(month[arm == group], died[arm == group])
        assert curve.at([120])[0] == pytest.approx(expected, abs=0.00006)
    test = log_rank(month, died, arm)
    assert test.chi_squared == pytest.approx(7.73, abs=0.006)
    assert test.p == pytest.approx(0.0054, abs=0.00006)
    fit = cox(month, died, arm)
    half = 1.96 * fit.errors[0]
    assert np.exp(fit.coefficients[0]) == pytest.approx(1.395, abs=0.006)
    assert np.exp([fit.coefficients[0] - half, fit.coefficients[0] + half]) == pytest.approx((1.10, 1.76), abs=0.01)
    score = effects.propensity(confounders(nhefs), arm)
    weight = inverse_probability(score, arm)
    adjusted = [kaplan_meier(month[arm == g], died[arm == g], weight[arm == g]).at([120])[0] for g in (1, 0)]
    assert adjusted == pytest.approx((0.807, 0.805), abs=0.006)


def test_training_of_the_national_supported_work(table: Read) -> None:
    trial, labour = table("causal/nsw_mixtape.csv"), table("causal/cps_mixtape.csv.gz")
    effect = effects.weighted(trial["re78"], trial["treat"], np.ones(445))
    assert effect.difference == pytest.approx(1794.3, abs=0.06)
    naive = table("causal/lalonde_matchit.csv")
    assert len(naive["treat"]) == 614
    assert effects.weighted(naive["re78"], naive["treat"], np.ones(614)).difference == pytest.approx(-635.0, abs=0.06)
    treated = trial["re78"][trial["treat"] == 1]
    assert treated.mean() - labour["re78"].mean() == pytest.approx(-8497.5, abs=0.06)


def test_cox_of_rossi(table: Read) -> None:
    rossi = table("survival/rossi.csv")
    names = ("fin", "age", "race", "wexp", "mar", "paro", "prio")
    fit = cox(rossi["week"], rossi["arrest"], np.column_stack([rossi[name] for name in names]))
    expected = (-0.3794, -0.0574, 0.3139, -0.1498, -0.4337, -0.0849, 0.0915)
    assert fit.coefficients == pytest.approx(expected, abs=0.00006)
    assert fit.log_likelihood == pytest.approx(-658.748, abs=0.0006)
    assert fit.concordance == pytest.approx(0.640, abs=0.0006)


def test_lung(table: Read) -> None:
    lung = table("survival/cancer.csv")
    time, died, sex = lung["time"], lung["status"] == 2, lung["sex"]
    fit = cox(time, died, np.column_stack([lung["age"], sex]))
    assert fit.coefficients == pytest.approx((0.0170, -0.5132), abs=0.00006)
    assert fit.errors == pytest.approx((0.00922, 0.16746), abs=0.000006)
    test = log_rank(time, died, sex == 2)
    assert (test.chi_squared, test.p) == (pytest.approx(10.33, abs=0.006), pytest.approx(0.00131, abs=0.000006))
    assert kaplan_meier(time, died).median() == 310
    curves = {group: kaplan_meier(time[sex == group], died[sex == group]) for group in (1, 2)}
    assert (curves[1].median(), curves[2].median()) == (270, 426)
    means = [restricted_mean(curves[group], 365).value for group in (1, 2)]
    assert means == pytest.approx((241.50, 297.47), abs=0.006)


def test_cox_of_veteran(table: Read) -> None:
    veteran = table("survival/veteran.csv")
    fit = cox(veteran["time"], veteran["status"], veteran["karno"])
    assert fit.coefficients[0] == pytest.approx(-0.0334, abs=0.00006)


def test_competing_risks_of_mgus(table: Read) -> None:
    mgus = table("survival/mgus2.csv")
    time = np.where(mgus["pstat"] == 1, mgus["ptime"], mgus["futime"])
    cause = np.where(mgus["pstat"] == 1, 1, 2 * mgus["death"]).astype(int)
    assert np.bincount(cause).tolist() == [409, 115, 860]
    share = aalen_johansen(time, cause).at([120, 240, 360])
    # The published curve was made after breaking ties at random.
    assert share == pytest.approx((0.0638, 0.0999, 0.1339), abs=0.002)
    wrong = 1 - kaplan_meier(time, cause == 1).at([120, 240, 360])
    assert wrong == pytest.approx((0.0952, 0.2096, 0.4248), abs=0.00006)


def test_negative_controls_of_the_self_controlled_series(evidence: Path) -> None:
    rows = rows_of(evidence / "causal/ec_sccs.csv")
    controls = [row for row in rows if float(row["groundTruth"]) == 0]
    ratios, errors = (np.array([float(row[name]) for row in controls]) for name in ("logRr", "seLogRr"))
    null = empirical_null(ratios, errors)
    assert null.mean == pytest.approx(0.7922, abs=0.0002)
    assert null.spread == pytest.approx(0.2834, abs=0.0002)
    assert null.expected_absolute_error() == pytest.approx(0.792597, abs=0.0002)
    drug = next(row for row in rows if row["drugName"].lower() == "sertraline")
    ratio, error = float(drug["logRr"]), float(drug["seLogRr"])
    assert math.exp(ratio) == pytest.approx(2.080532, abs=1e-6)
    assert 2 * (1 - 0.5 * (1 + math.erf(ratio / error / math.sqrt(2)))) < 1e-15
    assert null.p(ratio, error) == pytest.approx(0.839, abs=0.001)


def test_e_values() -> None:
    assert e_value(2.5) == pytest.approx(4.44, abs=0.006)
    assert e_value(3.9) == pytest.approx(7.26, abs=0.006)
    assert e_value(1 / 3.9) == pytest.approx(e_value(3.9))
    assert e_value_of_limit(3.9, 1.8, 8.7) == pytest.approx(3.0, abs=0.006)
    assert e_value_of_limit(1.2, 0.9, 1.6) == 1


def test_e_values_of_a_common_outcome_are_of_the_ratio_of_risks() -> None:
    """(1 - 0.5 ** sqrt(HR)) / (1 - 0.5 ** sqrt(1 / HR)), worked out by hand for a hazard ratio of 0.56."""
    assert ratio_of_risks(0.56) == pytest.approx((1 - 0.5**0.748331) / (1 - 0.5**1.336306), rel=1e-5)
    assert ratio_of_risks(0.56) == pytest.approx(0.6701, abs=0.0002)
    assert ratio_of_risks(1 / 0.56) == pytest.approx(1 / ratio_of_risks(0.56))
    assert ratio_of_risks(1) == pytest.approx(1)
    assert 1 < e_value(ratio_of_risks(0.56)) < e_value(0.56)


@pytest.mark.parametrize(("events", "ratio"), [(10, 5.88), (25, 3.07), (50, 2.21), (100, 1.75), (500, 1.28)])
def test_minimal_detectable_ratios(events: int, ratio: float) -> None:
    assert minimal_detectable_ratio(events, 0.5) == pytest.approx(ratio, abs=0.006)
