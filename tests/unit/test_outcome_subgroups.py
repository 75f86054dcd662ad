"""Subgroups: a planted interaction is found, an absent one is not, and a ratio of few is pulled to the whole."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from test_outcome_subjects import FIRST, hospital, ill, protocol, use

from wardbench.bench.outcomes import subgroups as module
from wardbench.bench.outcomes.comparison import Ratio
from wardbench.bench.outcomes.protocol import question, read_question
from wardbench.bench.outcomes.subgroups import Group, judged, subgroups
from wardbench.bench.outcomes.subjects import assemble, engine_of, in_cohort, observed_before


def group(name: str, log: float, error: float) -> Group:
    return Group(name, 100, 50, Ratio(log, error))


def test_a_difference_between_groups_is_told_from_chance() -> None:
    differs = judged("Sex", [group("a", math.log(0.5), 0.1), group("b", math.log(1.0), 0.1)])
    assert differs.p == pytest.approx(2 * 0.5 * math.erfc(math.log(2) / math.hypot(0.1, 0.1) / math.sqrt(2)), rel=1e-6)
    alike = judged("Sex", [group("a", math.log(0.7), 0.2), group("b", math.log(0.8), 0.2)])
    assert alike.p is not None and alike.p > 0.5
    # Where groups differ no more than by chance, each shrinks to the whole entirely.
    assert alike.groups[0].shrunk == pytest.approx(alike.groups[1].shrunk)
    assert math.log(0.5) < differs.groups[0].shrunk < differs.groups[1].shrunk < math.log(1.0)


def test_the_less_certain_of_two_shrinks_more() -> None:
    found = judged("Sex", [group("many", 0.0, 0.05), group("few", 1.0, 0.3)]).groups
    assert abs(found[1].shrunk - 1.0) > 5 * abs(found[0].shrunk - 0.0)


def test_with_one_ratio_nothing_is_tested() -> None:
    found = judged("Sex", [group("a", 0.1, 0.1), Group("b", 3, 1, None, "too few persons or outcomes")])
    assert found.p is None


def test_an_absent_interaction_is_found_as_seldom_as_it_should() -> None:
    chance = np.random.default_rng(3)
    found = [judged("x", [group(n, 0.2 + 0.3 * chance.normal(), 0.3) for n in "ab"]).p or 1.0 for _ in range(1000)]
    assert 0.03 < np.mean(np.array(found) < 0.05) < 0.07


def test_groups_are_who_is_in_them_at_time_zero(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data, people = hospital(tmp_path / "store", 7, 600)
    asked = question(
        protocol(outcome="death", subgroups=("sex", "age", {"name": "Ill", "expression": ill(12)})), tmp_path
    )
    engine = engine_of(data)
    subjects = assemble(asked, engine)
    inside = dict(zip(subjects.person.tolist(), in_cohort(engine, subjects, asked.subgroups[2][1]), strict=True))
    alone = assemble(question(protocol(outcome="death", population=ill(12)), tmp_path), engine)
    assert {who for who, yes in inside.items() if yes} >= set(alone.person.tolist())
    assert 0 < sum(inside.values()) < len(inside)
    long = observed_before(engine, subjects, 8)
    seen = {p["id"]: p["seen"][0] for p in people}
    index = subjects.index - FIRST
    assert long.tolist() == [seen[who] <= day - 8 for who, day in zip(subjects.person.tolist(), index, strict=True)]
    monkeypatch.setattr(module, "FEWEST_PERSONS", 1)
    arms = type("Arms", (), {})()
    arms.score = np.full(subjects.size, 0.5)
    arms.adjusted = type("Adjusted", (), {"weight": np.ones(subjects.size), "cluster": np.arange(subjects.size)})()
    found = subgroups(asked, engine, subjects, arms)
    assert [one.name for one in found] == ["Sex", "Age", "Ill"]
    assert [sum(part.persons for part in one.groups) for one in found] == [subjects.size] * 3
    assert found[2].groups[0].persons == sum(inside.values())


def test_subgroups_are_part_of_what_a_protocol_is_called(tmp_path: Path) -> None:
    plain: dict[str, Any] = {"name": "x", "target": use(2), "comparator": use(3), "outcome": "death"}
    digests = []
    for number, more in enumerate(({}, {"subgroups": []}, {"subgroups": ["sex"]}, {"subgroups": ["age"]})):
        (tmp_path / f"{number}.json").write_text(json.dumps({**plain, **more}))
        digests.append(read_question(tmp_path / f"{number}.json").digest)
    assert digests[0] == digests[1]
    assert len(set(digests)) == 3
