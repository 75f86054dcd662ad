"""Who is compared and for how long, beside a plain account of each person; and what was recorded of them before."""

from __future__ import annotations

import json
import random
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tiny_cohort_hospital import concept_set, concepts, condition, drug, expression, observed, on, person, snapshot
from wardbench.bench.outcomes.covariates import extract
from wardbench.bench.outcomes.protocol import Covariates, FollowUp, Protocol, question, read_question
from wardbench.bench.outcomes.subjects import DEATH, FREE, OUTCOME, Subjects, assemble, follow
from wardbench.core.errors import InputError, NotFoundError
from wardbench.core.store import Snapshot

EPOCH = date(1970, 1, 1)
FIRST = (on(1) - EPOCH).days - 1


def use(concept: int) -> dict[str, Any]:
    """First use of a drug, for five days."""
    asked = expression({"DrugExposure": {"CodesetId": concept, "First": True}})
    asked["ConceptSets"] = [concept_set(concept, concept)]
    asked["EndStrategy"] = {"DateOffset": {"DateField": "StartDate", "Offset": 5}}
    return asked


def protocol(**other: Any) -> Protocol:
    given: dict[str, Any] = {
        "name": "Two against three",
        "target": use(2),
        "comparator": use(3),
        "outcome": expression(),
        "washout_days": 5,
        "follow_up": FollowUp(1, 30, 4),
        "horizons": (30,),
    }
    return Protocol(**{**given, **other})


def hospital(folder: Path, seed: int, size: int = 150) -> tuple[Snapshot, list[dict[str, Any]]]:
    """Persons with everything within sixty days, so that ties and edges happen all the time."""
    chance = random.Random(seed)
    people = []
    for number in range(1, size + 1):
        start = chance.randint(1, 20)
        end = chance.randint(start, 60)
        died = chance.choice([None, None, min(60, end + chance.choice([0, 0, 1]))])
        people.append(
            {
                "id": number,
                "seen": (start, end),
                "died": died,
                **{
                    name: sorted(chance.sample(range(1, 61), chance.choice(many)))
                    for name, many in ((2, (0, 1, 1)), (3, (0, 1, 1)), ("outcome", (0, 0, 1, 2)))
                },
            }
        )
    drugs = [(p["id"], day, name) for p in people for name in (2, 3) for day in p[name]]
    ills = [(p["id"], day) for p in people for day in p["outcome"]]
    return snapshot(
        folder,
        person=[person(p["id"], gender_concept_id=8507 + 25 * (p["id"] % 2)) for p in people],
        observation_period=[observed(p["id"], p["id"], *p["seen"]) for p in people],
        drug_exposure=[drug(n, who, day, name) for n, (who, day, name) in enumerate(drugs, 1)],
        condition_occurrence=[condition(n, who, day) for n, (who, day) in enumerate(ills, 1)],
        death=[{"person_id": p["id"], "death_date": on(p["died"])} for p in people if p["died"]],
        concept=concepts(1, 2, 3),
    ), people


def ill(days: int) -> dict[str, Any]:
    """From each illness on, for so many days."""
    return {**expression(), "EndStrategy": {"DateOffset": {"DateField": "StartDate", "Offset": days}}}


def plain(
    people: list[dict[str, Any]], asked: Protocol, ill_for: int | None = None
) -> dict[int, tuple[bool, int, int, int]]:
    """Of each person who is followed: of the target, time zero, days, how it ended; of those alone who are ill at time
    zero, which they are for `ill_for` days, where it is given."""

    def starts(p: dict[str, Any], name: int) -> int | None:
        day = p[name][0] if p[name] else None
        return day if day is not None and p["seen"][0] <= day <= p["seen"][1] else None

    def falls_ill(p: dict[str, Any]) -> list[int]:
        return [day for day in p["outcome"] if p["seen"][0] <= day <= p["seen"][1]]

    both = [(p, starts(p, 2), starts(p, 3)) for p in people]
    alone = [(p, t is not None, t or c) for p, t, c in both if (t is None) != (c is None)]
    if ill_for is not None:
        alone = [(p, target, day) for p, target, day in alone if any(0 <= day - d <= ill_for for d in falls_ill(p))]
    sides = [[day for _, target, day in alone if target is side] for side in (True, False)]
    low, high = max(map(min, sides)), min(map(max, sides))
    found = {}
    for p, target, index in alone:
        if not low <= index <= high or p["seen"][0] > index - asked.washout_days:
            continue
        outcomes = [day for day in p["outcome"] if p["seen"][0] <= day <= p["seen"][1]]
        begins, follow_up = index + asked.follow_up.first_day, asked.follow_up
        if asked.outcome != "death" and asked.exclude_prior_outcome and any(day < begins for day in outcomes):
            continue
        last = min(p["seen"][1], index + follow_up.last_day)
        if asked.estimand == "as-treated":
            last = min(last, min(p["seen"][1], index + 5) + follow_up.after_stop)
        if asked.outcome == "death":
            outcomes = [p["died"]] if p["died"] else []
        for day in range(index, last + 1):
            happened = day in outcomes and day >= begins
            if happened or day == p["died"] or day == last:
                if day >= begins:
                    ended = OUTCOME if happened else DEATH if day == p["died"] else FREE
                    found[p["id"]] = (target, index, day - begins + 1, ended)
                break
    return found


def told(subjects: Subjects) -> dict[int, tuple[bool, int, int, int]]:
    rows = zip(subjects.person, subjects.treated, subjects.index, subjects.days, subjects.ended, strict=True)
    return {int(p): (bool(t), int(i) - FIRST, int(d), int(e)) for p, t, i, d, e in rows}


@pytest.mark.parametrize("seed", [1, 2])
def test_everybody_is_followed_as_a_plain_account_says(tmp_path: Path, seed: int) -> None:
    data, people = hospital(tmp_path / "store", seed)
    ways: list[dict[str, Any]] = [
        {},
        {"estimand": "as-treated"},
        {"outcome": "death"},
        {"exclude_prior_outcome": False, "washout_days": 0},
        {"follow_up": FollowUp(0, 10, 0), "horizons": (10,)},
    ]
    for way in ways:
        asked = protocol(**way)
        expected = plain(people, asked)
        assert len(expected) > 10
        subjects = assemble(question(asked, tmp_path), data)
        assert told(subjects) == expected
        last = subjects.attrition[-1]
        assert (last.target, last.comparator) == (subjects.treated.sum(), (~subjects.treated).sum())


def test_a_population_is_who_is_in_it_at_time_zero(tmp_path: Path) -> None:
    data, people = hospital(tmp_path / "store", 5, 600)
    asked = protocol(outcome="death", population=ill(12))
    expected = plain(people, asked, ill_for=12)
    assert 10 < len(expected) < len(plain(people, asked))
    assert told(assemble(question(asked, tmp_path), data)) == expected


def test_who_is_left_out_is_as_if_not_there(tmp_path: Path) -> None:
    data, people = hospital(tmp_path / "store", 6)
    gone = {p["id"] for p in people if p["id"] % 3 == 0}
    asked = protocol()
    expected = plain([p for p in people if p["id"] not in gone], asked)
    subjects = assemble(question(asked, tmp_path), data, without=gone)
    assert told(subjects) == expected
    assert subjects.attrition[0].target < assemble(question(asked, tmp_path), data).attrition[0].target


@pytest.mark.parametrize("estimand", ["intention-to-treat", "as-treated"])
def test_other_outcomes_of_the_same_persons(tmp_path: Path, estimand: str) -> None:
    data, people = hospital(tmp_path / "store", 3)
    dying = question(protocol(outcome="death", estimand=estimand), tmp_path)
    ill = protocol(exclude_prior_outcome=False, estimand=estimand)
    subjects = assemble(dying, data)
    (found,) = follow(dying, data, subjects, [question(ill, tmp_path).outcome])
    expected = plain(people, ill)
    assert told(found) == {who: expected[who] for who in subjects.person.tolist()}


def test_covariates_are_what_was_recorded_before_and_never_the_treatment(tmp_path: Path) -> None:
    data, people = hospital(tmp_path / "store", 4)
    asked = protocol(covariates=Covariates(windows=((-20, -1), (-3, -2))), exclude_prior_outcome=False)
    subjects = assemble(question(asked, tmp_path), data)
    matrix = extract(question(asked, tmp_path), data, subjects)
    dense = matrix.values.toarray()
    by_id = {p["id"]: p for p in people}
    assert {c.concept_id for c in matrix.columns if c.window} == {1}
    for covariate, column in zip(matrix.columns, dense.T, strict=True):
        for who, index, value in zip(subjects.person.tolist(), subjects.index - FIRST, column, strict=True):
            if covariate.window:
                first, last = covariate.window
                assert value == any(index + first <= day <= index + last for day in by_id[who]["outcome"])
            elif covariate.name in ("Male", "Female"):
                assert value == (covariate.name == ("Female" if who % 2 else "Male"))
    labels = [covariate.label for covariate in matrix.columns]
    assert "concept 1, days -20 to -1" in labels
    assert len(set(labels)) == len(labels)


def test_a_protocol_is_read_from_yaml_and_json_and_named_by_its_content(tmp_path: Path) -> None:
    (tmp_path / "target.json").write_text(json.dumps(use(2)))
    (tmp_path / "p.yaml").write_text(
        "name: Two against three\ntarget: target.json\noutcome: death\nhorizons: [90, 365]\n", encoding="utf-8"
    )
    plain = {"name": "Two against three", "target": use(2), "outcome": "death", "horizons": [90, 365]}
    (tmp_path / "p.json").write_text(json.dumps(plain))
    (tmp_path / "q.json").write_text(json.dumps({**plain, "horizons": [90, 364]}))
    (tmp_path / "r.json").write_text(json.dumps({**plain, "target": use(3)}))
    digests = [read_question(tmp_path / name).digest for name in ("p.yaml", "p.json", "q.json", "r.json")]
    assert digests[0] == digests[1]
    assert len(set(digests)) == 3


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"name": " "}, "name"),
        ({"horizons": []}, "horizons"),
        ({"horizons": [400, 300]}, "horizons"),
        ({"horizons": [2000]}, "horizons"),
        ({"version": 2}, "version"),
        ({"follow_up": {"first_day": 5, "last_day": 4}}, "follow_up"),
        ({"covariates": {"windows": [[-5, 0]]}}, "windows"),
        ({"covariates": {"least_share": 1}}, "least_share"),
        ({"matching_ratio": 0}, "matching_ratio"),
        ({"comparator": None, "negative_controls": [use(3)]}, "negative_controls"),
        ({"washout": 3}, "washout"),
        ({"adjustment": "wishing"}, "adjustment"),
        ({"target": {"PrimaryCriteria": {}}}, "target"),
        ({"outcome": "nowhere.json"}, "nowhere.json"),
        ({"population": {"PrimaryCriteria": {}}}, "population"),
        ({"comparator": use(2)}, "comparator: it is the same cohort as the target"),
        ({"outcome": use(3)}, "outcome: it is the same cohort as the comparator"),
        ({"negative_controls": [use(4), use(2)]}, r"negative_controls\[1\]: it is the same cohort as the target"),
        (
            {"negative_controls": [use(4), use(5), use(4)]},
            r"controls\[2\]: it is the same cohort as negative_controls\[0\]",
        ),
        (
            {"subgroups": [use(4), "sex", {"name": "Once more", "expression": use(4)}]},
            r"subgroups\[2\]: .* as subgroups\[0\]",
        ),
        ({"washout_days": 40_000}, "a hundred years"),
        ({"subgroups": ["sex", "sex"]}, "subgroups: each once"),
        ({"subgroups": ["weather.json"]}, "weather.json"),
        ({"subgroups": ["age", *(use(n) for n in range(10, 15))]}, "subgroups: at most 5"),
        ({"comparator": None, "subgroups": ["sex"]}, "subgroups: they part a comparison"),
    ],
)
def test_a_protocol_that_cannot_be_is_refused_by_its_field(
    tmp_path: Path, change: dict[str, Any], sentence: str
) -> None:
    plain = {**msgspec.to_builtins(protocol()), "follow_up": {}, "horizons": [365], **change}
    path = tmp_path / "p.json"
    path.write_text(json.dumps(plain))
    with pytest.raises((InputError, NotFoundError), match=sentence):
        read_question(path)


WRITTEN = "name: A\ntarget: t.json\noutcome: death\n"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[1]", "a protocol is fields with values, not a list."),
        ("", "a protocol is fields with values, not nothing."),
        ("name: [", r"line 1: not YAML \("),
        ("\x00", "it is not YAML: it holds characters that no text has."),
        (WRITTEN + "follow_up:\n\tfirst_day: 1\n", "line 5: a tab; YAML is indented with spaces."),
        (WRITTEN + "name: B\n", "line 4: name: it stands there twice."),
        (WRITTEN + "1: 3\n", "line 4: the name of a field is a word, not a whole number."),
        (WRITTEN + "? [1, 2]\n: 3\n", "line 4: the name of a field is a word, not a list."),
        (WRITTEN + "washout: 3\n", r"washout: there is no such field; is washout_days meant\?"),
        (WRITTEN + "follow_up: {last: 3}\n", r"follow_up.last: there is no such field; is last_day meant\?"),
        (WRITTEN + "washout_days: a year\n", "washout_days: here belongs a whole number, not text."),
        (WRITTEN + "horizons: [1.5]\n", r"horizons\[0\]: here belongs a whole number, not a fraction."),
        (
            WRITTEN + "covariates: {windows: [[1, 2, 3]]}\n",
            r"covariates.windows\[0\]: here belongs a list of length 2, not 3.",
        ),
        (WRITTEN + "estimand: itt\n", "estimand: one of intention-to-treat, as-treated."),
        (
            WRITTEN + "subgroups: [yes]\n",
            r"subgroups\[0\]: here belongs the name of a file or a cohort itself, not yes",
        ),
        ("name: 2020-01-01\ntarget: t.json\noutcome: death\n", "name: here belongs text, not a date."),
        ("name: A\ntarget: t.json\n", "outcome: it is missing, and every protocol has it."),
        ("name: A\ntarget: ''\noutcome: death\n", "target: here belongs the name of a file or a cohort itself."),
        (WRITTEN, "target: there is no file .*t.json."),
        ("name: A\ntarget: t.json\noutcome: Death\n", "target: there is no file"),
    ],
)
def test_what_is_no_protocol_is_refused_by_its_line_or_field(tmp_path: Path, text: str, sentence: str) -> None:
    path = tmp_path / "p.yaml"
    path.write_text(text)
    with pytest.raises((InputError, NotFoundError), match=f"p.yaml: {sentence}"):
        read_question(path)


def test_a_protocol_in_json_is_held_to_the_same(tmp_path: Path) -> None:
    path = tmp_path / "p.json"
    for text, sentence in (
        ('{"name": "A",\n"name": "B"}', "name: it stands there twice."),
        ('{"name": "A",\n}', r"line \d: not JSON"),
        ("[" * 100_000, "nested too deeply"),
    ):
        path.write_text(text)
        with pytest.raises(InputError, match=sentence):
            read_question(path)
    path.write_bytes('{"name": "Caf\xe9"}'.encode("latin-1"))
    with pytest.raises(InputError, match="it is not text in UTF-8"):
        read_question(path)
    with pytest.raises(NotFoundError):
        read_question(tmp_path / "none.yaml")


def test_death_with_a_capital_is_no_file(tmp_path: Path) -> None:
    path = tmp_path / "p.json"
    path.write_text(json.dumps({"name": "A", "target": use(2), "outcome": "Death"}))
    with pytest.raises(NotFoundError, match=r"outcome: there is no file .*Death; where it is death, write death"):
        read_question(path)
