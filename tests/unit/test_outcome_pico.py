"""Questions in the words of PICO: the protocols that they become, run beside a plain account of each person."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest

import tiny_cohort_hospital as tiny
from wardbench.bench.outcomes.pico import Picked, Pico, Profile, protocol_of
from wardbench.bench.outcomes.protocol import question
from wardbench.bench.outcomes.subjects import assemble
from wardbench.core.errors import InputError
from wardbench.core.store import Snapshot
from wardbench.ward.patients import profile

ILL, OTHER = Picked(1, "Ill", "condition"), Picked(4, "Other", "condition")
LOCAL = Picked(2_000_000_009, "Local code", "condition", standard=False)
FIRST, SECOND = Picked(2, "First", "drug"), Picked(3, "Second", "drug")


@pytest.fixture(scope="module")
def hospital(tmp_path_factory: pytest.TempPathFactory) -> tuple[Snapshot, list[dict[str, Any]]]:
    """A person for each way to have, or have not, two diagnoses, a local code and two drugs before or after."""
    people = []
    for number, (ill, other, local, first, second, woman) in enumerate(
        itertools.product((None, 10, 40), (None, 12), (None, 20), (None, 30), (None, 30, 35), (False, True)), 1
    ):
        age = 20 + number % 60
        people.append({"id": number, 1: ill, 4: other, 9: local, 2: first, 3: second, "woman": woman, "age": age})
    ills = [(p["id"], p[concept], concept) for p in people for concept in (1, 4) if p[concept]]
    drugs = [(p["id"], p[concept], concept) for p in people for concept in (2, 3) if p[concept]]
    local = [
        tiny.condition(10_000 + p["id"], p["id"], p[9], 0, condition_source_concept_id=LOCAL.concept_id)
        for p in people
        if p[9]
    ]
    rows = [
        tiny.condition(n, who, day, concept, condition_source_concept_id=0)
        for n, (who, day, concept) in enumerate(ills, 1)
    ]
    data = tiny.snapshot(
        tmp_path_factory.mktemp("pico") / "store",
        person=[
            tiny.person(p["id"], gender_concept_id=8532 if p["woman"] else 8507, year_of_birth=2020 - p["age"])
            for p in people
        ],
        observation_period=[tiny.observed(p["id"], p["id"], 1, 90) for p in people],
        condition_occurrence=rows + local,
        drug_exposure=[tiny.drug(n, who, day, concept) for n, (who, day, concept) in enumerate(drugs, 1)],
        concept=[
            *({**one, "concept_code": "c", "vocabulary_id": "V"} for one in tiny.concepts(1, 2, 3, 4)),
            {"concept_id": LOCAL.concept_id, "concept_name": "Local code", "concept_code": "L", "vocabulary_id": "W",
             "invalid_reason": None},
        ],
    )  # fmt: skip
    return data, people


def arms(data: Snapshot, asked: Pico) -> tuple[set[int], set[int]]:
    subjects = assemble(question(protocol_of(asked), Path()), data)
    return set(subjects.person[subjects.treated].tolist()), set(subjects.person[~subjects.treated].tolist())


def asked(**other: Any) -> Pico:
    return Pico(**{"name": "A question", "washout_days": 5, "days": 30, **other})


def has(p: dict[str, Any], concept: int, by: int) -> bool:
    return p[concept] is not None and p[concept] <= by


@pytest.mark.parametrize("conditions", [(), (ILL,), (ILL, OTHER), (LOCAL,)], ids=len)
def test_new_users_with_the_profile_by_their_first_day(
    hospital: tuple[Snapshot, list[dict[str, Any]]], conditions: tuple[Picked, ...]
) -> None:
    data, people = hospital
    wanted = [9 if one is LOCAL else one.concept_id for one in conditions]
    found = arms(data, asked(
        profile=Profile(conditions, 8532, 30, 60), intervention=(FIRST,), comparison=(SECOND,)
    ))  # fmt: skip

    def fits(p: dict[str, Any], day: int | None) -> bool:
        return day is not None and p["woman"] and 30 <= p["age"] <= 60 and all(has(p, c, day) for c in wanted)

    both = [(fits(p, p[2]), fits(p, p[3]), p) for p in people]
    alone = [(p[2] if t else p[3], t, p["id"]) for t, c, p in both if t != c]
    # Started while both were in use: on the days that both arms have.
    days = [[day for day, t, _ in alone if t is side] for side in (True, False)]
    low, high = max(map(min, days)), min(map(max, days))
    expected = {side: {who for day, t, who in alone if t is side and low <= day <= high} for side in (True, False)}
    assert all(expected.values()) and found == (expected[True], expected[False])


def test_without_an_intervention_they_are_followed_from_the_diagnosis(
    hospital: tuple[Snapshot, list[dict[str, Any]]],
) -> None:
    data, people = hospital
    found, nobody = arms(data, asked(profile=Profile((ILL, OTHER), None, None, 50)))
    assert not nobody
    assert found == {p["id"] for p in people if p[1] and has(p, 4, p[1]) and p["age"] <= 50}


def test_treatments_of_several_concepts_and_of_the_hospital_s_own_codes(
    hospital: tuple[Snapshot, list[dict[str, Any]]],
) -> None:
    data, people = hospital
    found, _nobody = arms(data, asked(intervention=(FIRST, SECOND)))
    assert found == {p["id"] for p in people if p[2] or p[3]}
    found, _nobody = arms(data, asked(profile=Profile((LOCAL,))))
    assert found == {p["id"] for p in people if p[9]}


def test_a_cohort_as_the_population_and_as_who_is_described(hospital: tuple[Snapshot, list[dict[str, Any]]]) -> None:
    data, people = hospital
    cohort = protocol_of(asked(profile=Profile((ILL,)))).target
    assert isinstance(cohort, dict)
    found, _nobody = arms(data, asked(population=cohort, intervention=(FIRST,)))
    assert found == {p["id"] for p in people if p[2] and has(p, 1, p[2])}
    found, _nobody = arms(data, asked(population=cohort))
    assert found == {p["id"] for p in people if p[1]}


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({}, "population"),
        ({"profile": Profile((), 8507)}, "population"),
        ({"population": {"name": "x"}, "profile": Profile((ILL,))}, "not by both"),
        ({"profile": Profile((ILL,)), "comparison": (FIRST,)}, "intervention"),
        ({"intervention": (FIRST,), "comparison": (FIRST, SECOND)}, "comparison"),
        ({"intervention": (FIRST,), "controls": (ILL,)}, "nothing is compared"),
        ({"intervention": (FIRST,), "profile": Profile((), None, 60, 50)}, "between"),
    ],
)
def test_what_contradicts_itself_is_refused(wrong: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        protocol_of(asked(**wrong))


def test_the_profile_of_a_patient_holds_no_day_and_no_number(hospital: tuple[Snapshot, list[dict[str, Any]]]) -> None:
    data, people = hospital
    whole = next(p for p in people if p[1] == 40 and p[4] and p[9] and p[2] and p[3] == 35 and p["woman"])
    found = profile(data, whole["id"])
    assert (found.sex, found.age) == (8532, whole["age"])
    assert [(one.name, one.standard) for one in found.conditions] == [
        ("concept 1", True), ("Local code", False), ("concept 4", True)
    ]  # fmt: skip
    assert [one.concept_id for one in found.drugs] == [3, 2]
