"""The rules of questions by themselves: the machine as a whole, and words that could name a patient."""

from __future__ import annotations

from pathlib import Path

import pytest

from wardbench.campus.people.roles import TITLES, Role
from wardbench.campus.questions.identifiers import BIRTH_DATE, HOSPITAL_NUMBER, REGISTER_NUMBER, identifier_in
from wardbench.campus.questions.rules import ACTIONS, ASKER, DONE, MOVES, SIDES, STATUSES, WHO, Action, Side, Status


def test_the_machine_is_whole() -> None:
    assert set(SIDES) == set(Side) and set(STATUSES) == set(Status)
    assert set(ACTIONS) == set(DONE) == set(WHO) == set(Action)
    assert {action for _, action in MOVES} == set(Action)
    reached, waiting = {Status.OPEN}, [Status.OPEN]
    while waiting:
        here = waiting.pop()
        for (before, _), after in MOVES.items():
            if before is here and after not in reached:
                reached.add(after)
                waiting.append(after)
    assert reached == set(Status), "every status can be reached"
    assert {before for before, _ in MOVES} == set(Status), "nothing is a dead end"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("85.07.30-033.28", REGISTER_NUMBER),
        ("number 85073003328.", REGISTER_NUMBER),
        ("(85 07 30 033 28)", REGISTER_NUMBER),
        ("00.02.29-001.45", REGISTER_NUMBER),
        ("a BIS number 85.27.30-033.71", REGISTER_NUMBER),
        ("1 84 12 76 451 089 46", REGISTER_NUMBER),
        ("1841276451089 46", REGISTER_NUMBER),
        ("BSN 111222333", REGISTER_NUMBER),
        ("bsn: 1112.22.333", REGISTER_NUMBER),
        ("a woman born 12/03/1950", BIRTH_DATE),
        ("DOB: 1950-03-12", BIRTH_DATE),
        ("date of birth was the 3rd of March 1950", BIRTH_DATE),
        ("born on March 3, 1950", BIRTH_DATE),
        ("geboren op 3 maart 1950", BIRTH_DATE),
        ("geboortedatum 3-3-50", BIRTH_DATE),
        ("née le 3 août 1950", BIRTH_DATE),
        ("°12/03/1950", BIRTH_DATE),
        ("MRN 1234567", HOSPITAL_NUMBER),
        ("patient number: 12345", HOSPITAL_NUMBER),
        ("Patient-ID AB12345", HOSPITAL_NUMBER),
        ("patiëntnummer 7654321", HOSPITAL_NUMBER),
        ("EAD-nr 500123W456", HOSPITAL_NUMBER),
        ("numéro de dossier 445566", HOSPITAL_NUMBER),
    ],
)
def test_what_could_name_a_patient_is_found(text: str, sentence: str) -> None:
    assert identifier_in(f"The case of {text} puzzles us.") == sentence


@pytest.mark.parametrize(
    "text",
    [
        "Patients with type 2 diabetes mellitus (SNOMED CT 44054006) on metformin since 2015-01-01.",
        "85.07.30-033.29 has a wrong check.",
        "12345678901",
        "PMID 32551838 and doi 10.1038/s41431-021-00905-x",
        "Telephone 016 33 22 11, +32 16 33 22 11",
        "ORCID 0000-0002-1825-0097",
        "NCT04123456 and S123456",
        "Patients born before 1960 have a worse outcome; of those born in 1950, 12 of 100 died.",
        "Babies with a birth weight under 1500 g, seen from 01/02/2020 on.",
        "The number of patients was 12345, in 2019 and 2020.",
        "eGFR fell from 95 to 61 in 12 months; 1 of 3 on 500 mg.",
        "ISBN 978-3-16-148410-0",
        "Concepts 2000000071 and 127013003",
        "p = 0.0001; 95 % CI 1.02-1.17; n = 10 000 000",
    ],
)
def test_what_names_nobody_passes(text: str) -> None:
    assert identifier_in(text) is None


MANUAL = Path(__file__).parents[2] / "docs/how-to/questions.md"


def test_the_manual_tells_of_the_machine_as_it_is() -> None:
    rows = [line.strip("|").split("|") for line in MANUAL.read_text(encoding="utf-8").splitlines() if "->" in line]
    told = {(before.strip(), action.strip()): after.strip(" ->") for before, action, after, _ in rows}
    assert told == {(STATUSES[b], ACTIONS[action]): STATUSES[after] for (b, action), after in MOVES.items()}
    who = {action.strip(): people.strip() for _, action, _, people in rows}
    for action, allowed in WHO.items():
        titles = [TITLES[Role(role)].lower() for role in sorted(allowed - {ASKER})]
        expected = ", ".join([*(["who raised it"] if ASKER in allowed else []), *titles])
        assert who[ACTIONS[action]] == expected, action
