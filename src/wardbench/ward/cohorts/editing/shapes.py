"""The simple shapes: what a form can say. Each is written as ATLAS writes it; its reader gives None for more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from wardbench.core.errors import InputError

JSON = Mapping[str, Any]

DOMAINS: Mapping[str, str] = {
    "condition": "ConditionOccurrence",
    "drug": "DrugExposure",
    "procedure": "ProcedureOccurrence",
    "measurement": "Measurement",
    "observation": "Observation",
    "device": "DeviceExposure",
    "visit": "VisitOccurrence",
    "specimen": "Specimen",
    "death": "Death",
    "condition_era": "ConditionEra",
    "drug_era": "DrugEra",
}
"""What events are about, and what ATLAS calls them."""
_KINDS = {kind: domain for domain, kind in DOMAINS.items()}
SOURCES: Mapping[str, str] = {
    "condition": "ConditionSourceConcept",
    "drug": "DrugSourceConcept",
    "procedure": "ProcedureSourceConcept",
    "measurement": "MeasurementSourceConcept",
    "observation": "ObservationSourceConcept",
    "device": "DeviceSourceConcept",
    "visit": "VisitSourceConcept",
    "death": "DeathSourceConcept",
}
"""Where ATLAS asks for the hospital's own codes instead of standard concepts."""

OPERATORS = ("gt", "gte", "lt", "lte", "eq", "bt")
"""Greater, greater or equal, less, less or equal, equal, between."""
Count = Literal["at_least", "at_most", "exactly"]
_COUNTS: Mapping[str, int] = {"exactly": 0, "at_most": 1, "at_least": 2}
_OF_COUNTS = {number: name for name, number in _COUNTS.items()}
Limit = Literal["First", "All", "Last"]
LIMITS: tuple[Limit, ...] = ("First", "All", "Last")
MOST_DAYS = 36_500
_SWITCHES = ("RestrictVisit", "IgnoreObservationPeriod")


@dataclass(frozen=True)
class Number:
    """A condition on a number: `op` one of `OPERATORS`; `extent` is the upper end of between."""

    op: str
    value: float
    extent: float | None = None

    def __post_init__(self) -> None:
        if self.op not in OPERATORS:
            raise InputError("operator: {given} is none of {known}.", given=repr(self.op), known=", ".join(OPERATORS))
        if (self.op == "bt") != (self.extent is not None):
            raise InputError("between needs two numbers, and nothing else does.")
        if self.extent is not None and self.extent < self.value:
            raise InputError("between: the second number is the larger one.")

    def json(self, *, whole: bool = False) -> dict[str, Any]:
        def shown(value: float) -> float | int:
            return int(value) if whole or value == int(value) else value

        said: dict[str, Any] = {"Value": shown(self.value), "Op": self.op}
        if self.extent is not None:
            said["Extent"] = shown(self.extent)
        return said

    @classmethod
    def read(cls, given: Any) -> Number | None:
        if not isinstance(given, Mapping) or not set(given) <= {"Value", "Op", "Extent"}:
            return None
        value: Any = given.get("Value")
        op, extent = given.get("Op"), given.get("Extent")
        if (
            not _is_number(value)
            or not isinstance(op, str)
            or op not in OPERATORS
            or not (extent is None or _is_number(extent))
        ):
            return None
        if op == "bt":
            return None if extent is None or extent < value else cls(op, value, extent)
        return cls(op, value)


@dataclass(frozen=True)
class Bound:
    """One end of a window: `days` before (negative) or after (positive) the entry; None for any time.

    `side` says which end of time None is: -1 any time before, 1 any time after.
    """

    days: int | None
    side: int

    def __post_init__(self) -> None:
        if self.days is not None and abs(self.days) > MOST_DAYS:
            raise InputError("days: {most} at most.", most=MOST_DAYS)

    def json(self) -> dict[str, Any]:
        if self.days is None:
            return {"Coeff": self.side}
        coefficient = -1 if self.days < 0 or (self.days == 0 and self.side < 0) else 1
        return {"Days": abs(self.days), "Coeff": coefficient}

    @classmethod
    def read(cls, given: Any) -> Bound | None:
        if not isinstance(given, Mapping) or not set(given) <= {"Days", "Coeff"} or given.get("Coeff") not in (-1, 1):
            return None
        days, side = given.get("Days"), given["Coeff"]
        if days is None:
            return cls(None, side)
        if not isinstance(days, int) or isinstance(days, bool) or not 0 <= days <= MOST_DAYS:
            return None
        return cls(days * side, side)


ANY_BEFORE, ANY_AFTER = Bound(None, -1), Bound(None, 1)


@dataclass(frozen=True)
class Event:
    """Events of a domain with a concept of a set; `source` asks for the hospital's own codes."""

    domain: str
    concept_set: int | None
    source: bool = False
    first: bool = False
    value: Number | None = None
    age: Number | None = None

    def __post_init__(self) -> None:
        if self.domain not in DOMAINS:
            raise InputError("domain: {given} is none of {known}.", given=repr(self.domain), known=", ".join(DOMAINS))
        if self.value is not None and self.domain != "measurement":
            raise InputError("value: only a measurement has a value to compare.")
        if self.source and self.domain not in SOURCES:
            raise InputError("source: a {domain} cannot be asked for by the hospital's own codes.", domain=self.domain)

    def json(self) -> dict[str, Any]:
        said: dict[str, Any] = {}
        if self.concept_set is not None:
            said[SOURCES[self.domain] if self.source else "CodesetId"] = self.concept_set
        if self.first:
            said["First"] = True
        if self.value is not None:
            said["ValueAsNumber"] = self.value.json()
        if self.age is not None:
            said[_age_key(self.domain)] = self.age.json(whole=True)
        return {DOMAINS[self.domain]: said}

    @classmethod
    def read(cls, given: Any) -> Event | None:
        if not isinstance(given, Mapping) or len(given) != 1:
            return None
        [(kind, said)] = given.items()
        domain = _KINDS.get(kind)
        if domain is None or not isinstance(said, Mapping):
            return None
        own = SOURCES.get(domain)
        said = _telling(said)
        if not set(said) <= {"CodesetId", "First", "ValueAsNumber", _age_key(domain), own}:
            return None
        sets = [said[key] for key in ("CodesetId", own) if key is not None and said.get(key) is not None]
        if len(sets) > 1 or not all(isinstance(one, int) for one in sets) or not _is_switch(said.get("First")):
            return None
        numbers = {}
        for key, wanted in (("ValueAsNumber", domain == "measurement"), (_age_key(domain), True)):
            numbers[key] = Number.read(said[key]) if said.get(key) is not None else None
            if said.get(key) is not None and (numbers[key] is None or not wanted):
                return None
        source = own is not None and said.get(own) is not None
        first = bool(said.get("First"))
        return cls(
            domain, sets[0] if sets else None, source, first, numbers["ValueAsNumber"], numbers[_age_key(domain)]
        )


def _age_key(domain: str) -> str:
    return "AgeAtStart" if domain.endswith("_era") else "Age"


@dataclass(frozen=True)
class Entry:
    """One kind of event that can start the cohort."""

    event: Event

    def json(self) -> dict[str, Any]:
        return self.event.json()


@dataclass(frozen=True)
class Rule:
    """How many events, of what, when relative to the entry, and whether during the same visit.

    `outside_observation` counts events outside the observation period as well.
    """

    name: str
    how: Count
    count: int
    event: Event
    start: Bound = ANY_BEFORE
    end: Bound = field(default_factory=lambda: Bound(0, 1))
    same_visit: bool = False
    outside_observation: bool = False

    def __post_init__(self) -> None:
        if self.how not in _COUNTS:
            raise InputError("how: {given} is none of {known}.", given=repr(self.how), known=", ".join(_COUNTS))
        if not 0 <= self.count <= 1000:
            raise InputError("count: a whole number from 0 to 1000.")
        if self.how == "at_least" and self.count == 0:
            raise InputError("count: at least 0 is no condition.")

    def json(self) -> dict[str, Any]:
        criterion: dict[str, Any] = {
            "Criteria": self.event.json(),
            "StartWindow": {"Start": self.start.json(), "End": self.end.json(), "UseEventEnd": False},
            "Occurrence": {"Type": _COUNTS[self.how], "Count": self.count},
        }
        if self.same_visit:
            criterion["RestrictVisit"] = True
        if self.outside_observation:
            criterion["IgnoreObservationPeriod"] = True
        return _rule(self.name, criteria=[criterion])

    @classmethod
    def read(cls, given: JSON) -> Rule | None:
        criteria = _alone(given, "CriteriaList")
        known = {"Criteria", "StartWindow", "Occurrence", *_SWITCHES}
        if (
            criteria is None
            or not set(criteria) <= known
            or not all(_is_switch(criteria.get(key)) for key in _SWITCHES)
        ):
            return None
        event, window, count = Event.read(criteria.get("Criteria")), criteria.get("StartWindow"), criteria["Occurrence"]
        if event is None or not isinstance(window, Mapping) or not isinstance(count, Mapping):
            return None
        window, count = _telling(window), _telling(count)
        if not set(window) <= {"Start", "End", "UseEventEnd", "UseIndexEnd"} or not set(count) <= {"Type", "Count"}:
            return None
        if window.get("UseEventEnd") or window.get("UseIndexEnd"):
            return None
        start, end = Bound.read(window.get("Start")), Bound.read(window.get("End"))
        how, number = _OF_COUNTS.get(count.get("Type", -1)), count.get("Count")
        if start is None or end is None or how is None or not isinstance(number, int) or not 0 <= number <= 1000:
            return None
        if how == "at_least" and number == 0:
            return None
        same_visit, outside = (bool(criteria.get(key)) for key in _SWITCHES)
        name = given.get("name") or ""
        return cls(name, how, number, event, start, end, same_visit, outside)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Demographics:
    """Who the person is at entry: age in completed years, and sex by concept id (8507 male, 8532 female)."""

    name: str
    age: Number | None = None
    sex: int | None = None

    def __post_init__(self) -> None:
        if self.age is None and self.sex is None:
            raise InputError("Give an age or a sex.")
        if self.sex not in (None, *SEXES):
            raise InputError("sex: 8507 (male) or 8532 (female).")

    def json(self) -> dict[str, Any]:
        said: dict[str, Any] = {}
        if self.age is not None:
            said["Age"] = self.age.json(whole=True)
        if self.sex is not None:
            said["Gender"] = [{"CONCEPT_ID": self.sex, "CONCEPT_NAME": SEXES[self.sex]}]
        return _rule(self.name, demographics=[said])

    @classmethod
    def read(cls, given: JSON) -> Demographics | None:
        said = _alone(given, "DemographicCriteriaList")
        if said is None or not said or not set(said) <= {"Age", "Gender"}:
            return None
        age = Number.read(said["Age"]) if said.get("Age") is not None else None
        if said.get("Age") is not None and age is None:
            return None
        sexes = said.get("Gender") or []
        if not isinstance(sexes, list) or len(sexes) > 1:
            return None
        sex = sexes[0].get("CONCEPT_ID") if sexes else None
        if sex not in (None, *SEXES) or (age is None and sex is None):
            return None
        return cls(given.get("name") or "", age, sex)


SEXES: Mapping[int, str] = {8507: "MALE", 8532: "FEMALE"}


@dataclass(frozen=True)
class Exit:
    """When somebody leaves the cohort: at the end of observation, or so many days after the entry starts or ends."""

    kind: Literal["observation", "after_start", "after_end"] = "observation"
    days: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.days <= MOST_DAYS:
            raise InputError("days: from 0 to {most}.", most=MOST_DAYS)

    def json(self) -> dict[str, Any] | None:
        if self.kind == "observation":
            return None
        return {
            "DateOffset": {"DateField": "StartDate" if self.kind == "after_start" else "EndDate", "Offset": self.days}
        }


@dataclass(frozen=True)
class ConceptItems:
    """One concept of a set: with its descendants and mapped concepts or not, included or left out."""

    concept_id: int
    name: str
    code: str = ""
    vocabulary: str = ""
    excluded: bool = False
    descendants: bool = True
    mapped: bool = False

    def json(self) -> dict[str, Any]:
        return {
            "concept": {
                "CONCEPT_ID": self.concept_id,
                "CONCEPT_NAME": self.name,
                "CONCEPT_CODE": self.code,
                "VOCABULARY_ID": self.vocabulary,
            },
            "isExcluded": self.excluded,
            "includeDescendants": self.descendants,
            "includeMapped": self.mapped,
        }

    @classmethod
    def read(cls, given: JSON) -> ConceptItems:
        concept = given.get("concept", {})
        return cls(
            int(concept.get("CONCEPT_ID") or 0),
            str(concept.get("CONCEPT_NAME") or ""),
            str(concept.get("CONCEPT_CODE") or ""),
            str(concept.get("VOCABULARY_ID") or ""),
            bool(given.get("isExcluded")),
            bool(given.get("includeDescendants")),
            bool(given.get("includeMapped")),
        )


def read_rule(given: JSON) -> Rule | Demographics | None:
    """An inclusion rule as a form has it; None where it says more."""
    if not set(given) <= {"name", "description", "expression"} or given.get("description"):
        return None
    return Rule.read(given) or Demographics.read(given)


def read_entry(given: JSON) -> Entry | None:
    """An entry event as a form has it; None where it says more."""
    event = Event.read(given)
    return None if event is None else Entry(event)


def read_exit(given: JSON | None) -> Exit | None:
    """How somebody leaves as a form has it; None where it says more."""
    if not given or not any(given.values()):
        return Exit()
    offset = given.get("DateOffset")
    if set(given) - {"DateOffset"} or not isinstance(offset, Mapping) or not set(offset) <= {"DateField", "Offset"}:
        return None
    days = offset.get("Offset", 0)
    if not isinstance(days, int) or not 0 <= days <= MOST_DAYS:
        return None
    return Exit("after_end" if offset.get("DateField") == "EndDate" else "after_start", days)


def _rule(name: str, *, criteria: list[Any] | None = None, demographics: list[Any] | None = None) -> dict[str, Any]:
    return {
        "name": name,
        "expression": {
            "Type": "ALL",
            "CriteriaList": criteria or [],
            "DemographicCriteriaList": demographics or [],
            "Groups": [],
        },
    }


def _alone(given: JSON, wanted: str) -> JSON | None:
    """The only criterion of a rule, where it is in the list `wanted`."""
    group = given.get("expression")
    if not isinstance(group, Mapping) or group.get("Count") or group.get("Type") not in ("ALL", "ANY"):
        return None
    lists = {key: group.get(key) or [] for key in ("CriteriaList", "DemographicCriteriaList", "Groups")}
    if set(group) - {"Type", "Count", *lists} or sum(len(one) for one in lists.values()) != 1 or not lists[wanted]:
        return None
    only = lists[wanted][0]
    if not isinstance(only, Mapping) or (wanted == "CriteriaList" and "Occurrence" not in only):
        return None
    return only


def _telling(given: JSON) -> JSON:
    """What is said, without the much that ATLAS writes and that says nothing."""
    return {key: value for key, value in given.items() if value is not None and value is not False and value != []}


def _is_switch(given: Any) -> bool:
    return given is None or isinstance(given, bool)


def _is_number(given: Any) -> bool:
    return isinstance(given, int | float) and not isinstance(given, bool)
