"""The answer to a query of the Sample Locator: counts in strata, and the MeasureReport that Spot and Lens take."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from wardbench.ward.samples.lens import Node, Person, lists, selects

POPULATION = {
    "coding": [{"system": "http://terminology.hl7.org/CodeSystem/measure-population", "code": "initial-population"}]
}
UNKNOWN = "unknown"
NOBODY = "null"
"""What Blaze writes where a specimen or donor has no custodian."""


@dataclass(frozen=True)
class Group:
    """How many there are, and in each stratifier how many of which value."""

    name: str
    total: int
    strata: Mapping[str, Mapping[str, int]]


@dataclass(frozen=True)
class Report:
    """Donors, their conditions, and their listed specimens, each counted by itself."""

    patients: Group
    diagnoses: Group
    specimens: Group


def answer(query: Node, people: Iterable[Person], today: datetime.date) -> Report:
    """The report of a query over donors; exact."""
    gender: Counter[str] = Counter()
    age: Counter[str] = Counter()
    custodian: Counter[str] = Counter()
    codes: Counter[str] = Counter()
    kinds: Counter[str] = Counter()
    donors = conditions = tubes = 0
    for one in people:
        if not selects(query, one, today):
            continue
        donors += 1
        gender[one.gender or UNKNOWN] += 1
        age[_decade(one, today)] += 1
        custodian[one.tubes[0].custodian or NOBODY if one.tubes else NOBODY] += 1
        conditions += len(one.conditions)
        codes.update(code for code, _since in one.conditions)
        listed = [tube for tube in one.tubes if lists(query, tube)]
        tubes += len(listed)
        kinds.update(tube.kind for tube in listed)
    return Report(
        Group("patients", donors, {"gender": gender, "Age": age, "Custodian": custodian}),
        Group("diagnosis", conditions, {"diagnosis": codes}),
        Group("specimen", tubes, {"sample_kind": kinds}),
    )


def _decade(one: Person, today: datetime.date) -> str:
    if one.born is None:
        return UNKNOWN
    born = one.born
    years = today.year - born.year - ((today.month, today.day) < (born.month, born.day))
    return str(years // 10 * 10)


Shown = Callable[[str, str, str, int], int | None]
"""What may be told of a count, by group, stratifier and value (both empty for the whole group): None withholds it."""


def measure_report(report: Report, shown: Shown, at: datetime.datetime, query: str) -> dict[str, Any]:
    """A MeasureReport of FHIR R4 with the groups that Focus gives, without what may not be told."""
    groups = [_group(one, shown) for one in (report.patients, report.diagnoses, report.specimens)]
    return {
        "resourceType": "MeasureReport",
        "status": "complete",
        "type": "summary",
        "measure": f"urn:uuid:{query}",
        "date": at.isoformat(),
        "period": {"start": "2000", "end": "2030"},
        "group": [one for one in groups if one is not None],
    }


def _population(count: int) -> list[dict[str, Any]]:
    return [{"code": POPULATION, "count": count}]


def _group(one: Group, shown: Shown) -> dict[str, Any] | None:
    total = shown(one.name, "", "", one.total)
    if total is None:
        return None
    stratifiers = []
    for name, counts in one.strata.items():
        told = [(value, shown(one.name, name, value, count)) for value, count in sorted(counts.items())]
        strata = [
            {"value": {"text": value}, "population": _population(said)} for value, said in told if said is not None
        ]
        stratifiers.append({"code": [{"text": name}], "stratum": strata})
    return {"code": {"text": one.name}, "population": _population(total), "stratifier": stratifiers}
