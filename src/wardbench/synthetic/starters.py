"""A hospital of nothing but persons who start one of two drugs, with thousands of codes: what a large comparison meets.

Six traits, each recorded as a code, decide who is given which drug, who dies and which codes are common; given the
traits the drug changes mortality by `HAZARD_RATIO`, and none of the `CONTROLS`. Codes are as unevenly common as in
real records: a few are had by most, most by a few in a thousand. Measurements go on after the start.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa

from wardbench.core.store import Snapshot, Store
from wardbench.synthetic.chance import Floats, Ints
from wardbench.synthetic.definitions import expression
from wardbench.synthetic.people import END, START

HAZARD_RATIO = 0.75
TRAITS = 6
CONTROLS = 20
DRUGS = (1, 2)
"""The concepts of the target's drug and of the comparator's."""
_FIRST_CODE, _FIRST_CONTROL = 100, 50
_UNIT = 8840
_SHARE = (0.45, 0.35, 0.3, 0.25, 0.2, 0.15)
_CHOICE = np.array([0.7, -0.5, 0.5, 0.6, -0.4, 0.5])
_DEATH = np.array([0.6, 0.3, 0.5, 0.7, 0.2, 0.6])
_KINDS = ("condition_occurrence", "drug_exposure", "measurement", "procedure_occurrence")
_COLUMNS = {
    "condition_occurrence": ("condition_occurrence_id", "condition_concept_id", "condition_start_date"),
    "drug_exposure": ("drug_exposure_id", "drug_concept_id", "drug_exposure_start_date"),
    "measurement": ("measurement_id", "measurement_concept_id", "measurement_date"),
    "procedure_occurrence": ("procedure_occurrence_id", "procedure_concept_id", "procedure_date"),
}


def write_starters(folder: Path, persons: int, codes: int, seed: int) -> Snapshot:
    """Write `persons` starters with so many codes as a snapshot of the store in `folder`; the same for a seed."""
    chance = np.random.default_rng(seed)
    traits = chance.random((persons, TRAITS)) < _SHARE
    target = chance.random(persons) < 1 / (1 + np.exp(0.55 - traits @ _CHOICE))
    start = chance.integers(START + 730, END - 400, persons)
    hazard = 1e-4 * np.exp(traits @ _DEATH + np.log(HAZARD_RATIO) * target)
    death = start + 1 + chance.exponential(1 / hazard).astype(np.int64)
    leaves = np.minimum(start + 30 + chance.exponential(4000, persons).astype(np.int64), END)
    last = np.minimum(leaves, death)
    events: dict[str, list[tuple[Ints, Ints, Ints]]] = {kind: [] for kind in _KINDS}
    events["drug_exposure"].append((np.arange(persons), np.where(target, *DRUGS), start))
    for number in range(TRAITS):
        who = np.flatnonzero(traits[:, number])
        events["condition_occurrence"].append(_on_some_days(chance, who, _FIRST_CODE + number, start, last))
    for number, share in enumerate(_shares(codes - TRAITS), start=TRAITS):
        who = np.flatnonzero(chance.random(persons) < share * np.where(traits[:, number % TRAITS], 1.6, 0.8))
        events[_KINDS[number % 4]].append(_on_some_days(chance, who, _FIRST_CODE + number, start, last))
    for number in range(CONTROLS):
        waited = chance.exponential(1 / (4e-5 * np.exp(0.4 * traits[:, number % TRAITS])))
        day = start + 1 + waited.astype(np.int64)
        who = np.flatnonzero(day <= last)
        events["condition_occurrence"].append((who, np.full(len(who), _FIRST_CONTROL + number), day[who]))
    people = np.arange(1, persons + 1)
    with Store.open_or_create(folder).draft() as draft:
        with draft.connect() as con:

            def write(name: str, **columns: Any) -> None:
                con.register("given", pa.table(columns))
                draft.write(con, name, "SELECT * FROM given")
                con.unregister("given")

            born = (start - chance.integers(40 * 365, 85 * 365, persons)) // 365 + 1970
            sex = np.where(chance.random(persons) < 0.5, 8507, 8532)
            write("person", person_id=people, gender_concept_id=sex, year_of_birth=born)
            write(
                "observation_period",
                observation_period_id=people,
                person_id=people,
                observation_period_start_date=_dates(start - 400 - chance.integers(0, 300, persons)),
                observation_period_end_date=_dates(last),
                period_type_concept_id=np.full(persons, 32817),
            )
            dead = np.flatnonzero(death <= leaves)
            write("death", person_id=people[dead], death_date=_dates(death[dead]))
            for kind, parts in events.items():
                who, concepts, days = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
                id_name, concept_name, day_name = _COLUMNS[kind]
                columns: dict[str, Any] = {
                    id_name: np.arange(1, len(who) + 1),
                    "person_id": who + 1,
                    concept_name: concepts,
                    day_name: _dates(days),
                }
                if kind == "measurement":
                    columns["value_as_number"] = 100 + 10 * chance.standard_normal(len(who))
                    columns["unit_concept_id"] = np.full(len(who), _UNIT)
                write(kind, **columns)
            names = [*DRUGS, *(_FIRST_CONTROL + n for n in range(CONTROLS)), *(_FIRST_CODE + n for n in range(codes))]
            write("concept", concept_id=names, concept_name=[f"Code {name}" for name in names])
        return draft.commit({"synthetic": {"starters": persons, "codes": codes, "seed": seed}})


def write_protocols(folder: Path) -> tuple[Path, Path]:
    """The comparison of the two drugs, and the description of all starters, as protocols that name no store."""
    comparison = {
        "name": "One drug or the other",
        "target": _starters("New users of the one", DRUGS[0]),
        "comparator": _starters("New users of the other", DRUGS[1]),
        "outcome": "death",
        "negative_controls": [
            _cohort(f"Control {number}", "ConditionOccurrence", [_FIRST_CONTROL + number], limit="All")
            for number in range(CONTROLS)
        ],
    }
    description = {
        "name": "Whoever started either",
        "target": _starters("New users of either", *DRUGS),
        "outcome": "death",
    }
    paths = folder / "comparison.json", folder / "description.json"
    for path, document in zip(paths, (comparison, description), strict=True):
        path.write_bytes(msgspec.json.encode(document))
    return paths


def _shares(codes: int) -> Floats:
    """Yearly shares of persons with a code, falling with its rank as in real records, about 75 codes a person."""
    shares = 1 / (np.arange(codes) + 20)
    return np.asarray(np.minimum(0.6, 75 * shares / shares.sum()))


def _on_some_days(
    chance: np.random.Generator, who: Ints, code: int, start: Ints, last: Ints
) -> tuple[Ints, Ints, Ints]:
    """One day in the year before for each of `who`, another in the month before for a quarter, one or two after."""
    before = start[who] - chance.integers(1, 366, len(who))
    soon = who[chance.random(len(who)) < 0.25]
    month = start[soon] - chance.integers(1, 31, len(soon))
    later = who[chance.random(len(who)) < 0.3]
    after = start[later] + chance.integers(1, 731, len(later))
    seen = after <= last[later]
    persons = np.concatenate([who, soon, later[seen]])
    return persons, np.full(len(persons), code), np.concatenate([before, month, after[seen]])


def _dates(days: Ints) -> pa.Array:
    return pa.array(days.astype(np.int32)).cast(pa.date32())


def _starters(name: str, *concepts: int) -> dict[str, Any]:
    return _cohort(name, "DrugExposure", list(concepts), First=True)


def _cohort(name: str, table: str, concepts: list[int], limit: str = "First", **more: Any) -> dict[str, Any]:
    items = [{"concept": {"CONCEPT_ID": concept}} for concept in concepts]
    sets = [{"id": 0, "name": name, "expression": {"items": items}}]
    return {
        "name": name,
        "expression": {"ConceptSets": sets, **expression({table: {"CodesetId": 0, **more}}, rules=[], limit=limit)},
    }
