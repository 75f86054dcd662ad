"""What a report shows of an analysis: every covariate, how far an estimate may be trusted, charts that can be read."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from test_outcome_comparison import ask, planted
from test_outcome_subjects import protocol

from tiny_cohort_hospital import concepts, condition, drug, observed, person, snapshot
from wardbench.bench.outcomes import charts
from wardbench.bench.outcomes.analysis import Analysis, Variant, analyse
from wardbench.bench.outcomes.comparison import Risk, compare
from wardbench.bench.outcomes.diagnostics import OF_AN_ARM, first_day, prevalent
from wardbench.bench.outcomes.protocol import Protocol, question
from wardbench.bench.outcomes.released import enough_to_tell, gates
from wardbench.bench.outcomes.report import render, report_of
from wardbench.bench.outcomes.sensitivity import WITHOUT, further
from wardbench.bench.outcomes.shown_balance import TOP, band_names, released_balance
from wardbench.bench.outcomes.shown_curves import curve, summary
from wardbench.bench.outcomes.shown_effects import effects, headline, may_be_told
from wardbench.bench.outcomes.shown_others import forest, subgroup_rows, variants
from wardbench.bench.outcomes.strength import GRADES, strength
from wardbench.bench.outcomes.subgroups import Group
from wardbench.bench.outcomes.subjects import DEATH, FREE, OTHER_CAUSE, OUTCOME
from wardbench.bench.outcomes.survival import Mean
from wardbench.core.disclosure import Rules, rules_for

EXACT, RELEASE = rules_for("exact"), rules_for("release")


def analysed(seed: int, **more: Any) -> Any:
    subjects, matrix, controls = planted(seed, **more)
    return SimpleNamespace(subjects=subjects, matrix=matrix, comparison=ask(subjects, matrix, controls), variants=())


@pytest.mark.parametrize("mode", ["release", "exact"])
def test_every_covariate_is_counted_and_few_persons_are_in_no_dot(mode: str) -> None:
    found = analysed(21, n=400)
    values = found.matrix.values.tolil()
    values[:, 7] = 0
    values[np.arange(5), 7] = 1
    found.matrix = type(found.matrix)(values.tocsc(), found.matrix.columns)
    shown = released_balance(found, rules_for(mode))
    assert shown.judged == 51
    assert sum(sum(row.after) for row in shown.bands) == 51
    assert shown.rare == (1 if mode == "release" else 0)
    assert sum(spot.covariates for spot in shown.spots) == 51 - shown.rare
    assert len(shown.bands) == len(band_names())
    assert len(shown.rows) == TOP
    furthest = [max(abs(row.before), abs(row.after)) for row in shown.rows]
    assert furthest == sorted(furthest, reverse=True)
    assert furthest[0] == pytest.approx(np.abs(found.comparison.arms.before).max(), abs=0.01)
    assert all(row.label != found.matrix.columns[7].label for row in shown.rows) or mode == "exact"


@pytest.mark.parametrize(("mode", "value"), [("release", "15.0 in 100 or more"), ("exact", "19.0 in 100")])
def test_a_share_in_steps_of_outcomes_is_not_told_as_the_whole(mode: str, value: str) -> None:
    """Of a hundred 15 have the outcome by day 100 and 4 more by day 300."""
    rules = rules_for(mode)
    days = np.array([100.0] * 15 + [300.0] * 4 + [900.0] * 81)
    ended = np.array([OUTCOME] * 19 + [FREE] * 81)
    shown = curve("Target", days, ended, np.ones(100), np.array([100, 200, 365, 800]), rules)
    asked = SimpleNamespace(protocol=SimpleNamespace(horizons=(100, 365)))
    found = SimpleNamespace(subjects=SimpleNamespace(days=days, ended=ended), question=asked)
    rows = {row.name: row for row in summary(found, (shown,), {"Target": np.ones(100, dtype=bool)}, rules)}
    assert rows["Target: outcome by day 365"].value == value
    assert rows["Target: outcome by day 100"].value == "15.0 in 100"
    assert ("the last by day 100: fewer" in rows["Target: outcome by day 365"].note) == (mode == "release")


def test_where_people_die_of_something_else_days_are_lost_and_deaths_are_shown() -> None:
    rules = rules_for("release")
    days = np.array([50.0] * 12 + [100.0] * 15 + [300.0] * 4 + [900.0] * 69)
    ended = np.array([DEATH] * 12 + [OUTCOME] * 15 + [OUTCOME] * 4 + [FREE] * 69)
    asked = SimpleNamespace(protocol=SimpleNamespace(horizons=(365,)))
    found = SimpleNamespace(subjects=SimpleNamespace(days=days, ended=ended), question=asked)
    grid, everybody = np.array([60, 200, 365, 800]), np.ones(100, dtype=bool)
    shown = curve("Target", days, ended, np.ones(100), grid, rules)
    deaths = curve("Target", days, ended, np.ones(100), grid, rules, of=OTHER_CAUSE)
    assert [(point.day, point.share) for point in deaths.points] == [(0, 0), *((int(day), 0.12) for day in grid)]
    assert [point.share for point in shown.points] == [0, 0, 0.15, 0.15, 0.15]
    assert shown.points[0].at_risk.text == "100"
    outcome, lost = summary(found, (shown,), {"Target": everybody}, rules)
    assert "12 in 100 died without it" in outcome.note
    assert lost.name == "Target: days lost to it by day 365"
    assert lost.value == f"{(15 * 265 + 4 * 65) / 100:.0f} days"
    assert "nearly all" in curve("x", days, ended, np.ones(100), grid, rules, whole=105).points[0].at_risk.text


def test_a_curve_without_a_step_is_told_as_fewer_than_it_takes() -> None:
    rules = rules_for("release")
    days = np.array([10.0] * 9 + [900.0] * 91)
    ended = np.array([OUTCOME] * 9 + [FREE] * 91)
    asked = SimpleNamespace(protocol=SimpleNamespace(horizons=(365,)))
    found = SimpleNamespace(subjects=SimpleNamespace(days=days, ended=ended), question=asked)
    shown = curve("Target", days, ended, np.ones(100), np.array([200, 365]), rules)
    (row,) = summary(found, (shown,), {"Target": np.ones(100, dtype=bool)}, rules)
    assert (row.value, row.interval) == ("fewer than 10 persons", "")
    assert (shown.points, shown.withheld) == ((), "fewer than 10 persons had it by day 365")
    exact = curve("Target", days, ended, np.ones(100), np.array([200, 365]), rules_for("exact"))
    assert [point.share for point in exact.points] == [0, 0.09, 0.09] and not exact.withheld


def test_a_curve_that_nobody_or_few_are_followed_for_says_so() -> None:
    days, ended, grid = np.array([10.0] * 95 + [900.0] * 5), np.full(100, FREE), np.array([200, 365])
    shown = {mode: curve("x", days, ended, np.ones(100), grid, rules_for(mode)) for mode in ("release", "exact")}
    assert shown["release"].withheld == "fewer than 10 persons were followed to day 200"
    assert len(shown["exact"].points) == 3, "that nobody had it is the truth where nothing is withheld"
    gone = curve("x", days[:95], ended[:95], np.ones(95), grid, rules_for("exact"))
    assert gone.withheld == "nobody was followed to day 200"
    few = curve("x", days[:9], ended[:9], np.ones(9), grid, rules_for("release"))
    assert few.withheld == "fewer than 10 persons were followed"


@pytest.mark.parametrize("mode", ["release", "exact"])
def test_a_page_draws_no_line_at_nought_for_a_few_and_lists_no_order_alone(tmp_path: Path, mode: str) -> None:
    """Of sixty who start one drug four have the outcome, and three start another drug."""
    people = range(1, 61)
    data = snapshot(
        tmp_path / "store",
        person=[person(n) for n in people],
        observation_period=[observed(n, n) for n in people],
        drug_exposure=[*(drug(n, n, 10, 2) for n in people), *(drug(100 + n, n, 20, 3) for n in people[:3])],
        condition_occurrence=[condition(n, n, 30) for n in people[5:9]],
        concept=concepts(1, 2, 3),
    )
    asked = question(protocol(comparator=None), tmp_path)
    told = report_of(analyse(asked, data), data, mode=mode)
    html = render(told)
    if mode == "release":
        assert "fewer than 10 persons had the outcome" in told.verdict
        assert "Target: no curve is drawn, because fewer than 10 persons had it by day 30." in html
        assert "0.0%" not in html and "Chart of shares by day" not in html
        assert "No order of drugs may be listed" in html and "Treatment pathways" not in html
        assert "concept 3" not in html, "three persons are not named by their drug"
    else:
        assert "no curve is drawn" not in html and "Chart of shares by day" in html
        assert "concept 2, then concept 3" in html


def test_a_comparison_with_other_deaths_says_whose_ratio_it_is() -> None:
    subjects, matrix, controls = planted(1)
    ended = np.where((subjects.ended == OUTCOME) & (np.arange(subjects.size) % 3 == 0), DEATH, subjects.ended)
    found = ask(replace(subjects, ended=ended), matrix, controls)
    rows = {row.name: row for row in effects(found, EXACT)}
    assert "(cause-specific)" in rows["Hazard ratio"].note
    assert rows["Days lost to the outcome by day 700"].value.startswith("-")
    assert (
        "cause-specific"
        not in {row.name: row for row in effects(ask(subjects, matrix, controls), EXACT)}["Hazard ratio"].note
    )


def test_all_outcomes_of_a_subgroup_are_not_told_as_all_of_its_persons() -> None:
    groups = [Group("old", 300, 60, None, "", 0.0), Group("young", 80, 4, None, "", 0.0)]
    one = SimpleNamespace(name="Age", groups=groups, p=None)
    comparison = SimpleNamespace(estimates=SimpleNamespace(proportional_p=0.5))
    rows = subgroup_rows(SimpleNamespace(comparison=comparison, subgroups=[one]), rules_for("release"))  # type: ignore[arg-type]
    assert [row.outcomes.text for row in rows] == ["nearly all outcomes", "fewer than 10"]


def test_how_far_it_may_be_trusted_follows_from_what_was_found() -> None:
    subjects, matrix, controls = planted(1)
    sound, without = ask(subjects, matrix, controls), ask(subjects, matrix, [])
    assert strength(sound, [("overlap", sound)], (), EXACT).grade == GRADES[0]
    told = strength(without, [("overlap", sound)], (), EXACT)
    assert told.grade == GRADES[1]
    assert "negative controls" in told.doubts[0].why
    few = ask(*planted(2, ratio=1.0, n=500))
    assert any("chance alone" in doubt.why for doubt in strength(few, (), (), EXACT).doubts)
    null = ask(*planted(3, ratio=1.0))
    assert any("in other ways" in doubt.why for doubt in strength(sound, [("another", null)], (), EXACT).doubts)
    assert any("age" in doubt.why for doubt in strength(sound, (), ["age"], EXACT).doubts)
    assert strength(without, [("another", null)], ["age"], EXACT).grade == GRADES[2]


@pytest.mark.parametrize("rules", [EXACT, RELEASE], ids=["exact", "release"])
def test_days_and_doubts_are_of_the_last_day_to_which_both_arms_were_followed(rules: Rules) -> None:
    """Nobody is followed to day 5000: by then shares are carried forward, and the answer is that by day 365."""
    subjects, matrix, controls = planted(1)
    asked = Protocol(name="x", target="t", comparator="c", outcome="death", horizons=(365, 5000), adjustment="iptw")
    found = compare(asked, subjects, matrix, controls)
    assert found.estimates is not None
    rows = {row.name: row for row in effects(found, rules)}
    assert "were followed" in rows["Risk difference by day 5000"].note or rules is EXACT
    assert rows["Days without the outcome by day 365"].value == f"{found.estimates.means[0].value:+.0f} days"
    assert abs(found.estimates.means[1].value) > 3 * abs(found.estimates.means[0].value)
    wide = replace(found.estimates.risks[1], error=9.0)
    far = replace(found, estimates=replace(found.estimates, risks=(found.estimates.risks[0], wide)))
    assert not any("chance" in doubt.why for doubt in strength(far, [("overlap", found)], (), rules).doubts)
    away = replace(found.estimates.risks[1], target=0.9, error=0.001)
    other = replace(found, estimates=replace(found.estimates, risks=(found.estimates.risks[0], away)))
    assert strength(found, [("overlap", other)], (), rules).grade == GRADES[0]


def test_other_choices_leave_whom_they_say_and_the_naive_answer_stands_apart() -> None:
    subjects, matrix, controls = planted(1)
    chance = np.random.default_rng(1)
    subjects = replace(subjects, index=chance.integers(0, 1000, subjects.size))
    asked = Protocol(name="x", target="t", comparator="c", outcome="death", horizons=(365, 700), washout_days=0)
    main = compare(asked, subjects, matrix, controls)
    nobody = np.zeros(subjects.size, dtype=bool)
    found = dict(further(asked, None, subjects, matrix, controls, nobody, main))  # type: ignore[arg-type]
    assert list(found) == ["only preference scores of 0.3 to 0.7", "the later half of the calendar", WITHOUT]
    later = found["the later half of the calendar"]
    assert set(np.flatnonzero(later.arms.adjusted.weight)) <= set(np.flatnonzero(subjects.index >= 500 - 50))
    assert abs(later.arms.after[0]) < 0.02 < abs(later.arms.before[0])
    assert later.estimates is not None
    assert later.estimates.hazard_ratio.error > main.estimates.hazard_ratio.error  # type: ignore[union-attr]
    naive = found[WITHOUT].estimates
    assert naive is not None and naive.hazard_ratio.log > later.estimates.hazard_ratio.log
    said = SimpleNamespace(
        comparison=main,
        question=SimpleNamespace(protocol=asked),
        variants=[Variant(name, other) for name, other in found.items()],
        subgroups=(),
    )
    rows = variants(said, EXACT)  # type: ignore[arg-type]
    assert [row.name for row in rows] == ["as asked (matching)", *found]
    assert "calibrated ratio" in rows[0].note and "calibrated" not in rows[-1].note
    drawn = charts.forest([(row.name, row.value, row.low, row.high) for row in forest(said, EXACT)], "x")  # type: ignore[arg-type]
    assert drawn.count("<circle") == len([row for row in rows if row.interval])


@pytest.mark.parametrize("value", [0.0, 0.004, 0.1, 0.11, 0.25, 0.256, 0.9, 1.0, 3.3, 8.0, 8.1])
def test_axes_end_where_their_quarters_are_round(value: float) -> None:
    end = charts.quartered(value)
    assert value <= end * (1 + 1e-9)
    assert end <= max(1.0, 2.5 * value)
    assert len(f"{100 * end / 4:.3g}") <= 4


@pytest.mark.parametrize(
    ("low", "high"), [(76, 89), (37.3, 3226), (0.4, 3.65), (-3, 8), (120, 120), (0, 0), (1e-4, 2e-4), (9.99, 10.01)]
)
def test_levels_of_values_are_round_and_hold_them_all(low: float, high: float) -> None:
    levels = charts.round_levels(low, high)
    assert levels[0] <= low and high <= levels[-1]
    assert 3 <= len(levels) <= 6
    assert np.diff(levels) == pytest.approx(levels[1] - levels[0])
    assert all(float(f"{level:.3g}") == level for level in levels if (low, high) != (9.99, 10.01))


def test_values_over_time_say_how_many_were_measured() -> None:
    windows = [-365, 0, 1, 92], [-1, 0, 91, 1095], [1, 1, 1, None], [2, 2, 2, 2], [3, 3, 3, None]
    drawn = charts.course(charts.Course(*windows, ["50", "≈715", "90", "<10"]), "Potassium", "mmol/L")
    assert "Persons measured" in drawn and "≈715" in drawn and "&lt;10" in drawn
    assert ">90<" not in drawn, "so close to time zero the table alone has it"


def test_days_are_named_by_whole_years_where_they_are_some() -> None:
    assert charts.days_to_name(1095) == [0, 365, 730, 1095]
    assert charts.days_to_name(3650) == [0, 730, 1460, 2190, 2920, 3650]
    assert charts.days_to_name(400) == [0, 100, 200, 300, 400]


def test_thousands_of_covariates_are_a_small_picture() -> None:
    chance = np.random.default_rng(1)
    spots = [(float(x), float(y)) for x, y in np.abs(chance.normal(0, 0.05, (5000, 2))).round(2)]
    drawn = charts.scatter(spots, "Every covariate", 0.1)
    assert len(drawn) < 12_000
    assert "Every covariate" in drawn and 'class="limit"' in drawn


def test_a_share_by_a_day_is_told_where_enough_had_it_and_were_followed() -> None:
    """A difference of 0.9 in 100 among 115 would be one person."""
    found = ask(*planted(1))
    assert found.estimates is not None

    def told(*risks: Risk, rules: Any = RELEASE) -> list[str]:
        means = tuple(Mean(day, 1.0) for day in range(len(risks)))
        rows = effects(replace(found, estimates=replace(found.estimates, risks=risks, means=means)), rules)
        return [row.note if row.value == "not shown" else row.value for row in rows[: len(risks) + 1]]

    def risk(day: int, had: tuple[int, int], left: int = 60) -> Risk:
        return Risk(day, had[0] / 115, had[1] / 115, 0.01, had, (115 - had[0], 115 - had[1]), (left, left))

    first, middle, last = risk(30, (1, 0)), risk(300, (12, 21)), risk(365, (25, 31))
    few = "fewer than 10 persons of one of the arms had it by then"
    assert told(first, middle, last)[:3] == [few, "-7.8 in 100", "-5.2 in 100"]
    near = risk(290, (16, 30))
    assert told(near, last)[:2] == [
        "fewer than 10 persons of one of the arms had it from then to day 365",
        "-5.2 in 100",
    ]
    gone = risk(1095, (25, 31), left=9)
    so_long = "fewer than 10 persons of one of the arms were followed so long"
    assert told(last, gone)[1:] == [so_long, "+0 days"], "the mean is of the last day that both were followed to"
    assert told(gone) == [so_long] * 2
    assert told(risk(9, (110, 50)))[0] == "all of one of the arms, or nearly all, had it by then"
    assert told(first, rules=EXACT)[0] == "nobody of one of the arms had it by then"
    assert told(risk(30, (1, 2)), rules=EXACT)[0] == "-0.9 in 100"
    named = SimpleNamespace(name="x")
    asked = SimpleNamespace(target=named, comparator=named, outcome=None)
    lines = [
        headline(
            SimpleNamespace(comparison=replace(found, estimates=replace(found.estimates, risks=of)), question=asked),
            RELEASE,
        )  # type: ignore[arg-type]
        for of in ((last, gone), (first,))
    ]
    assert lines[0].startswith("by day 365, ")
    assert lines[1].startswith("too few persons had the outcome") and "the hazard ratio is" in lines[1]


def test_what_so_few_of_an_arm_had_is_not_told_by_a_ratio() -> None:
    found = ask(*planted(1))
    assert found.estimates is not None and may_be_told(found, RELEASE)
    few = replace(found, estimates=replace(found.estimates, outcomes=(7, 40)))
    held = tuple(replace(gate, value=7) if gate.name == OF_AN_ARM else gate for gate in few.gates)
    whole: Any = Analysis(None, "", None, None, None, replace(few, gates=held), ())  # type: ignore[arg-type]
    assert enough_to_tell(whole, EXACT) is whole
    locked = enough_to_tell(whole, RELEASE).comparison
    assert locked is not None and locked.estimates is None
    assert locked.refusals == ("fewer than 10 persons of one of the arms had the outcome",)
    row = next(row for row in gates(locked, RELEASE) if row.name == OF_AN_ARM)
    assert (row.value, row.passed) == ("fewer than 10", False)


def test_a_share_that_stands_for_few_is_no_figure() -> None:
    subjects, matrix, _ = planted(1)
    users = np.arange(subjects.size) == 0
    found = ask(subjects, matrix, [])
    judged = replace(found, gates=(prevalent(users, subjects.treated), first_day(subjects, 700)))
    assert {row.value for row in gates(judged, RELEASE)[:2]} == {"fewer than 10 persons"}
    assert gates(judged, EXACT)[0].value.startswith("0.00")


def test_of_nobody_no_interval_is_told() -> None:
    days, ended = np.array([50.0, 60.0, 70.0]), np.array([FREE, OUTCOME, FREE])
    shown = curve("a", days, ended, np.ones(3), np.array([30, 65]), EXACT)
    assert [(point.share, point.low is None, point.high is None) for point in shown.points] == [
        (0.0, True, True), (0.0, True, True), (0.5, False, False),
    ]  # fmt: skip
    asked = SimpleNamespace(question=SimpleNamespace(protocol=SimpleNamespace(horizons=(30,))))
    asked.subjects = SimpleNamespace(days=days, ended=ended)
    rows = summary(asked, (shown,), {"a": np.ones(3, dtype=bool)}, EXACT)  # type: ignore[arg-type]
    assert (rows[0].value, rows[0].interval) == ("0.0 in 100", "")


def test_a_chance_of_hardly_anything_is_not_written_in_zeros() -> None:
    found = ask(*planted(1))
    tiny = replace(found, gates=tuple(replace(gate, value=1.7e-52) for gate in found.gates if "Chance" in gate.name))
    assert gates(tiny, EXACT)[0].value == "below 0.0001"


def test_a_description_of_nobody_says_at_which_step_they_were_lost(tmp_path: Path) -> None:
    people = range(1, 4)
    data = snapshot(
        tmp_path / "store",
        person=[person(n) for n in people],
        observation_period=[observed(n, n) for n in people],
        drug_exposure=[drug(n, n, 10, 2) for n in people],
        concept=concepts(1, 2, 3),
    )
    asked = question(protocol(comparator=None, washout_days=5000), tmp_path)
    assert (
        "0 patients are described, as nobody is left after the step “Observed for 5000 days before”."
        in report_of(analyse(asked, data), data, mode="exact").verdict
    )
