"""The planted truths are in the data: the right analysis of what is written down finds them, the naive one does not."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from wardbench.synthetic import campus, codes, laboratory
from wardbench.synthetic.diseases import BY_NAME
from wardbench.synthetic.people import END, START, YEAR
from wardbench.synthetic.records import NEVER
from wardbench.synthetic.stories import acute, colon_cancer, heart_failure
from wardbench.synthetic.truths import Truths

PERSONS, SEED = 60_000, 11

Array = npt.NDArray[Any]


@dataclass
class Seen:
    """What an analyst sees of a whole campus, by person."""

    female: list[Array] = field(default_factory=list)
    smoker: list[Array] = field(default_factory=list)
    birth: list[Array] = field(default_factory=list)
    first: list[Array] = field(default_factory=list)
    last: list[Array] = field(default_factory=list)
    died: list[Array] = field(default_factory=list)
    conditions: dict[str, list[Array]] = field(default_factory=lambda: {n: [] for n in ("person", "day", "code")})
    drugs: dict[str, list[Array]] = field(default_factory=lambda: {n: [] for n in ("person", "day", "code")})
    values: dict[str, list[Array]] = field(default_factory=lambda: {n: [] for n in ("person", "day", "code", "value")})


class Campus:
    """A campus in memory: arrays by person, and tables of conditions, drugs and values."""

    def __init__(self) -> None:
        seen, self.truths = Seen(), Truths(PERSONS, SEED)
        for first, end in campus.spans(PERSONS):
            block = campus.make(SEED, first, end)
            self.truths.add(block)
            lives = block.lives
            seen.female.append(lives.female)
            seen.smoker.append(lives.smoking == 2)
            seen.birth.append(lives.birth)
            seen.first.append(lives.entry)
            seen.last.append(lives.last)
            seen.died.append(lives.death < NEVER)
            for table, kept in (("condition", seen.conditions), ("drug", seen.drugs), ("measurement", seen.values)):
                for name, parts in kept.items():
                    values = block.tables[table][name]
                    parts.append(values - 1 if name == "person" else values)
        self.female, self.birth, self.first, self.last, self.died, self.smoker = (
            np.concatenate(a) for a in (seen.female, seen.birth, seen.first, seen.last, seen.died, seen.smoker)
        )
        self.conditions, self.drugs, self.values = (
            {name: np.concatenate(parts) for name, parts in table.items()}
            for table in (seen.conditions, seen.drugs, seen.values)
        )

    def first_day(self, table: dict[str, Array], code: int) -> Array:
        """The first day a person has a code, NEVER without one."""
        day = np.full(PERSONS, NEVER)
        of = table["code"] == code
        np.minimum.at(day, table["person"][of], table["day"][of])
        return day

    def age(self, day: Array) -> Array:
        return (day - self.birth) / YEAR


@pytest.fixture(scope="module")
def seen() -> Campus:
    return Campus()


@pytest.fixture(scope="module")
def heart(seen: Campus) -> dict[str, Array]:
    """Those who start one of the two drugs for heart failure: follow-up, death, drug, and what to adjust for."""
    bisoprolol, carvedilol = (seen.first_day(seen.drugs, code) for code in (codes.BISOPROLOL, codes.CARVEDILOL))
    start = np.minimum(bisoprolol, carvedilol)
    who = np.flatnonzero(start < NEVER)
    of_class = np.stack([seen.first_day(seen.conditions, code) for code in codes.NYHA])[:, who]
    assert ((of_class == start[who]).sum(axis=0) == 1).all(), "the class is noted on the day the drug is started"
    return {
        "who": who,
        "start": start[who],
        "days": (seen.last - start)[who],
        "died": seen.died[who],
        "carvedilol": (carvedilol < bisoprolol)[who].astype(float),
        "class": (of_class == start[who]).argmax(axis=0),
        "age": seen.age(start)[who],
        "male": (~seen.female)[who].astype(float),
    }


def cox(days: Array, died: Array, covariates: Array) -> tuple[Array, Array]:
    """Cox regression with Breslow's ties by Newton's method: coefficients and their standard errors."""
    order = np.argsort(-days, kind="stable")
    days, event, x = days[order], died[order].astype(bool), covariates[order] - covariates.mean(axis=0)
    at_risk = np.searchsorted(-days, -days, side="right") - 1
    beta = np.zeros(x.shape[1])
    for _ in range(20):
        weight = np.exp(x @ beta)
        total = np.cumsum(weight)[at_risk][event]
        mean = np.cumsum(weight[:, None] * x, axis=0)[at_risk][event] / total[:, None]
        square = np.cumsum(weight[:, None, None] * x[:, :, None] * x[:, None, :], axis=0)[at_risk][event]
        information = (square / total[:, None, None] - mean[:, :, None] * mean[:, None, :]).sum(axis=0)
        step = np.linalg.solve(information, (x[event] - mean).sum(axis=0))
        beta += step
        if np.abs(step).max() < 1e-8:
            break
    return beta, np.sqrt(np.diag(np.linalg.inv(information)))


def test_the_adjusted_comparison_finds_the_planted_hazard_ratio_and_the_naive_one_finds_harm(
    seen: Campus, heart: dict[str, Array]
) -> None:
    drug = heart["carvedilol"][:, None]
    classes = (heart["class"][:, None] == np.arange(1, 4)).astype(float)
    adjusted, error = cox(heart["days"], heart["died"], np.c_[drug, heart["age"], heart["male"], classes])
    truth = np.log(heart_failure.HAZARD_RATIO)
    assert abs(adjusted[0] - truth) < 3 * error[0]
    assert error[0] < 0.06, "enough deaths to tell the truth from nothing"
    naive, naive_error = cox(heart["days"], heart["died"], np.c_[drug, heart["age"], heart["male"]])
    assert naive[0] - 3 * naive_error[0] > truth
    assert naive[0] > 0
    effects = np.asarray(heart_failure.CLASS_EFFECT)
    assert np.allclose(adjusted[3:], effects[1:] - effects[0], atol=4 * error[3:].max())


def test_within_a_class_the_planted_hazard_ratio_is_found_without_any_model_of_class(heart: dict[str, Array]) -> None:
    found, errors = [], []
    for number in range(4):
        of = heart["class"] == number
        beta, error = cox(
            heart["days"][of], heart["died"][of], np.c_[heart["carvedilol"], heart["age"], heart["male"]][of]
        )
        found.append(beta[0])
        errors.append(error[0])
    weight = 1 / np.square(errors)
    pooled = (weight * found).sum() / weight.sum()
    assert abs(pooled - np.log(heart_failure.HAZARD_RATIO)) < 3 / np.sqrt(weight.sum())


def test_negative_controls_do_not_depend_on_the_drug_given_the_class(seen: Campus, heart: dict[str, Array]) -> None:
    """Mantel-Haenszel rate ratio over classes, all outcomes together; the crude one is away from 1."""
    start = np.full(PERSONS, NEVER)
    start[heart["who"]] = heart["start"]
    controls = np.isin(seen.conditions["code"], [kind.code for kind in acute.NEGATIVE_CONTROLS])
    after = controls & (seen.conditions["day"] > start[seen.conditions["person"]])
    events = np.bincount(seen.conditions["person"][after], minlength=PERSONS)[heart["who"]]
    target, years = heart["carvedilol"] == 1, heart["days"] / YEAR
    crude = (events[target].sum() / years[target].sum()) / (events[~target].sum() / years[~target].sum())
    above, below, variance = 0.0, 0.0, 0.0
    for number in range(4):
        of = heart["class"] == number
        a, b = events[of & target].sum(), events[of & ~target].sum()
        t, c = years[of & target].sum(), years[of & ~target].sum()
        above, below = above + a * c / (t + c), below + b * t / (t + c)
        variance += (a + b) * t * c / (t + c) ** 2
    error = np.sqrt(variance / (above * below))
    assert abs(np.log(above / below)) < 3.5 * error
    assert np.log(crude) > 4 * error


def test_the_second_drug_of_diabetes_makes_no_difference_given_hba1c(seen: Campus) -> None:
    glipizide, empagliflozin = (seen.first_day(seen.drugs, code) for code in (codes.GLIPIZIDE, codes.EMPAGLIFLOZIN))
    start = np.minimum(glipizide, empagliflozin)
    measured = np.full(PERSONS, np.nan)
    values = seen.values
    of = (values["code"] == codes.HBA1C) & (values["day"] == start[values["person"]])
    measured[values["person"][of]] = values["value"][of]
    who = np.flatnonzero(start < NEVER)
    assert not np.isnan(measured[who]).any(), "HbA1c is measured on the day the second drug is chosen"
    days, died = (seen.last - start)[who], seen.died[who]
    drug = (empagliflozin < glipizide)[who].astype(float)
    basics = np.c_[drug, seen.age(start)[who], ~seen.female[who]]
    naive, naive_error = cox(days, died, basics)
    assert naive[0] > 2 * naive_error[0]
    bands = np.digitize(measured[who], np.quantile(measured[who], np.linspace(0.1, 0.9, 9)))[:, None] == np.arange(
        1, 10
    )
    adjusted, error = cox(days, died, np.c_[basics, bands])
    assert abs(adjusted[0]) < 3 * error[0]


@pytest.mark.parametrize("code", [codes.HAEMOGLOBIN, codes.CREATININE])
@pytest.mark.parametrize("female", [True, False])
def test_the_healthy_have_the_reference_limits_and_the_rest_pollute_them(seen: Campus, code: int, female: bool) -> None:
    analyte = laboratory.BY_CODE[code]
    values = seen.values
    of = (values["code"] == code) & (seen.female[values["person"]] == female)
    sick = np.full(PERSONS, NEVER)
    for disease in analyte.moves:
        sick = np.minimum(sick, seen.first_day(seen.conditions, BY_NAME[disease].code))
    healthy = of & (values["day"] < sick[values["person"]])
    limits = analyte.limits(female)
    width = limits[1] - limits[0]
    found = np.quantile(values["value"][healthy], [0.025, 0.975])
    assert np.abs(found - limits).max() < 0.03 * width + 0.5 * 10.0**-analyte.decimals
    polluted = np.quantile(values["value"][of], [0.025, 0.975])
    assert np.abs(polluted - limits).max() > 0.08 * width
    document = [r for r in seen.truths.document()["parameters"]["reference_limits"] if r["low"] == limits[0]]
    assert [r["sex"] for r in document] == ["female" if female else "male"]


@pytest.mark.parametrize("name", ["diabetes", "heart failure", "copd", "colon cancer", "arthritis", "asthma"])
@pytest.mark.parametrize("female", [True, False])
def test_new_cases_are_as_many_as_the_incidence_says(seen: Campus, name: str, female: bool) -> None:
    """Observed cases against the cumulative hazard of everybody at risk, from the formula in the truths."""
    [truth] = [i for i in seen.truths.document()["parameters"]["incidence"] if i["name"] == name]
    noted = seen.first_day(seen.conditions, BY_NAME[name].code)
    at_risk = (noted > seen.first) & (seen.female == female)
    begin = np.maximum(seen.age(seen.first), truth["youngest"])[at_risk]
    until = np.maximum(seen.age(np.minimum(noted, seen.last)), truth["youngest"])[at_risk]
    growth, level = truth["growth"], truth["per_1000"]["female" if female else "male"] / 1000
    level = level * np.where(seen.smoker[at_risk], truth["daily_smokers_times"], 1)
    expected = (level / growth * (np.exp(growth * (until - 60)) - np.exp(growth * (begin - 60)))).sum()
    cases = ((noted > seen.first) & (noted < NEVER) & (seen.female == female)).sum()
    assert expected > 25
    # A day of rounding at either end of each follow-up is far below the chance of counting.
    assert abs(cases - expected) < 3.5 * np.sqrt(expected)


def test_influenza_comes_in_its_season_as_often_as_planted_and_is_treated_with_antivirals(seen: Campus) -> None:
    [truth] = [k for k in seen.truths.document()["parameters"]["seasonal"] if k["name"] == "influenza"]
    ages, share = (5, 40, 80), [truth["yearly_probability"][age] for age in ("5", "40", "80")]
    years = np.arange(START, END - 365, YEAR)
    whole = (seen.first[:, None] <= years) & (seen.last[:, None] >= years + YEAR)
    expected = (np.interp((years - seen.birth[:, None]) / YEAR, ages, share) * whole).sum()
    of = seen.conditions["code"] == codes.INFLUENZA
    person, day = seen.conditions["person"][of], seen.conditions["day"][of]
    year = ((day - START) / YEAR).astype(int)
    inside = year < len(years)
    counted = whole[person[inside], year[inside]].sum()
    assert abs(counted - expected) < 4 * np.sqrt(expected)
    peak, spread = truth["peak"]["day_of_year"], truth["peak"]["standard_deviation_days"]
    from_peak = ((day - START) % YEAR - peak + YEAR / 2) % YEAR - YEAR / 2
    assert peak < 60, "influenza is a disease of the winter"
    assert 0.9 < (np.abs(from_peak) < 1.96 * spread).mean() < 0.98
    happened = seen.truths.document()["happened"]["influenza"]
    assert happened["episodes"] == of.sum()
    assert 0.3 < happened["antiviral"] / happened["episodes"] < 0.7
    assert 0.85 < happened["found"] / happened["tests"] < 0.95


def test_the_cancer_has_its_stages_and_they_shorten_life(seen: Campus) -> None:
    noted = np.stack([seen.first_day(seen.conditions, code) for code in codes.STAGE])
    cases = (noted < NEVER).sum(axis=1)
    assert np.allclose(cases / cases.sum(), colon_cancer.STAGE_SHARE, atol=0.022)
    truths = seen.truths.document()["happened"]["colon_cancer"]
    assert list(truths["stage"].values()) == cases.tolist()
    rates = []
    for days in noted:
        who = days < NEVER
        rates.append(seen.died[who].sum() / ((seen.last - days)[who].sum() / YEAR))
    assert rates == sorted(rates) and rates[3] > 4 * rates[1]
    assert 0 < truths["tissue"] < truths["removed"] < cases.sum()


def test_the_immune_disease_burns_in_crp_and_the_inhibitor_puts_it_out(seen: Campus) -> None:
    start = np.minimum(seen.first_day(seen.drugs, codes.ADALIMUMAB), seen.first_day(seen.drugs, codes.ETANERCEPT))
    ill = seen.first_day(seen.conditions, codes.ARTHRITIS)
    values = seen.values
    of = (values["code"] == codes.CRP) & (values["day"] >= ill[values["person"]])
    person, day = values["person"][of], values["day"][of]
    treated = start[person] < NEVER
    before, after = treated & (day <= start[person]), treated & (day > start[person])
    medians = [np.median(values["value"][of][k]) for k in (before, after)]
    assert medians[0] > 2.5 * medians[1]
    assert medians[0] > 2 * laboratory.BY_CODE[codes.CRP].limits(True)[1]
