"""What is asked for: events, how many of them and when, who the person is, and groups of such conditions.

A condition on an event may be a group of its own: what else has to be there around it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from wardbench.core.errors import InputError
from wardbench.ward.cohorts.editing.shapes.attributes import CODED, DAYS, DOMAINS, KINDS, NUMBERS, SOURCES, WHOLE
from wardbench.ward.cohorts.editing.shapes.values import (
    JSON,
    Coded,
    Day,
    Number,
    Window,
    is_switch,
    telling,
)

Count = Literal["at_least", "at_most", "exactly"]
_COUNTS: Mapping[str, int] = {"exactly": 0, "at_most": 1, "at_least": 2}
_OF_COUNTS = {number: name for name, number in _COUNTS.items()}
DISTINCT: Mapping[str, str] = {"days": "START_DATE", "visits": "VISIT_ID", "concepts": "DOMAIN_CONCEPT"}
"""What may be counted instead of events: only different ones count."""
_OF_DISTINCT = {column: name for name, column in DISTINCT.items()}
GROUPS: Mapping[str, str] = {"all": "ALL", "any": "ANY", "at_least": "AT_LEAST", "at_most": "AT_MOST"}
_OF_GROUPS = {type: name for name, type in GROUPS.items()}
SEXES: Mapping[int, str] = {8507: "MALE", 8532: "FEMALE"}
_SWITCHES = ("RestrictVisit", "IgnoreObservationPeriod")


@dataclass(frozen=True)
class Event:
    """Events of a domain with a concept of a set; `source` asks for the hospital's own codes.

    `numbers`, `days` and `coded` hold further conditions by the names of `NUMBERS`, `DAYS` and `CODED`; `around` what
    else has to be there, its windows being around the event's own days.
    """

    domain: str
    concept_set: int | None
    source: bool = False
    first: bool = False
    numbers: Mapping[str, Number] = field(default_factory=dict)
    days: Mapping[str, Day] = field(default_factory=dict)
    coded: Mapping[str, tuple[Coded, ...]] = field(default_factory=dict)
    around: Group | None = None

    def __post_init__(self) -> None:
        if self.domain not in DOMAINS:
            raise InputError("domain: {given} is none of {known}.", given=repr(self.domain), known=", ".join(DOMAINS))
        for known, given in ((NUMBERS, self.numbers), (DAYS, self.days), (CODED, self.coded)):
            for name in given:
                if self.domain not in known.get(name, ()):
                    raise InputError("{name}: a {domain} has none.", name=name, domain=self.domain)
        if self.source and self.domain not in SOURCES:
            raise InputError("source: a {domain} cannot be asked for by the hospital's own codes.", domain=self.domain)

    def json(self) -> dict[str, Any]:
        said: dict[str, Any] = {}
        if self.concept_set is not None:
            said[SOURCES[self.domain] if self.source else "CodesetId"] = self.concept_set
        if self.first:
            said["First"] = True
        said |= {NUMBERS[name][self.domain]: n.json(whole=name in WHOLE) for name, n in self.numbers.items()}
        said |= {DAYS[name][self.domain]: day.json() for name, day in self.days.items()}
        said |= {CODED[name][self.domain]: [one.json() for one in coded] for name, coded in self.coded.items()}
        if self.around is not None:
            said["CorrelatedCriteria"] = self.around.json()
        return {DOMAINS[self.domain]: said}

    @classmethod
    def read(cls, given: Any) -> Event | None:
        if not isinstance(given, Mapping) or len(given) != 1:
            return None
        [(kind, said)] = given.items()
        domain = KINDS.get(kind)
        if domain is None or not isinstance(said, Mapping):
            return None
        left = dict(telling(said))
        sets = [left.pop(key) for key in ("CodesetId", SOURCES.get(domain)) if key in left]
        if len(sets) > 1 or not all(isinstance(one, int) for one in sets) or not is_switch(left.get("First")):
            return None
        source, first = SOURCES.get(domain) in telling(said), bool(left.pop("First", False))
        numbers = _taken(left, NUMBERS, domain, Number.read)
        days = _taken(left, DAYS, domain, Day.read)
        coded = _taken(left, CODED, domain, Coded.read_all)
        around = left.pop("CorrelatedCriteria", None)
        if around is not None and _is_empty(around):
            around = None
        inside = None if around is None else Group.read(around)
        # What is left a form cannot say; nor what it could not read.
        if left or None in (numbers, days, coded) or (around is not None and inside is None):
            return None
        assert numbers is not None and days is not None and coded is not None
        return cls(domain, sets[0] if sets else None, source, first, numbers, days, coded, inside)


@dataclass(frozen=True)
class Criterion:
    """How many events, of what, when relative to the entry, and whether during the same visit.

    `second` is a second window that holds too; `outside_observation` counts events outside the observation period as
    well; `distinct`, one of `DISTINCT`, counts only different ones.
    """

    how: Count
    count: int
    event: Event
    window: Window = field(default_factory=Window)
    second: Window | None = None
    same_visit: bool = False
    outside_observation: bool = False
    distinct: str = ""

    def __post_init__(self) -> None:
        if self.how not in _COUNTS:
            raise InputError("how: {given} is none of {known}.", given=repr(self.how), known=", ".join(_COUNTS))
        if self.distinct and self.distinct not in DISTINCT:
            raise InputError("distinct: {given} is none of {known}.", given=self.distinct, known=", ".join(DISTINCT))
        if not 0 <= self.count <= 1000:
            raise InputError("count: a whole number from 0 to 1000.")
        if self.how == "at_least" and self.count == 0:
            raise InputError("count: at least 0 is no condition.")

    def json(self) -> dict[str, Any]:
        said: dict[str, Any] = {"Criteria": self.event.json(), "StartWindow": self.window.json()}
        if self.second is not None:
            said["EndWindow"] = self.second.json()
        said["Occurrence"] = {"Type": _COUNTS[self.how], "Count": self.count}
        if self.distinct:
            said["Occurrence"] |= {"IsDistinct": True, "CountColumn": DISTINCT[self.distinct]}
        if self.same_visit:
            said["RestrictVisit"] = True
        if self.outside_observation:
            said["IgnoreObservationPeriod"] = True
        return said

    @classmethod
    def read(cls, given: Any) -> Criterion | None:
        known = {"Criteria", "StartWindow", "EndWindow", "Occurrence", *_SWITCHES}
        if not isinstance(given, Mapping) or not set(given) <= known:
            return None
        event, window = Event.read(given.get("Criteria")), Window.read(given.get("StartWindow"), of_end=False)
        count, second = telling(given.get("Occurrence")), given.get("EndWindow")
        until = None if second is None else Window.read(second, of_end=True)
        if event is None or window is None or not isinstance(count, Mapping) or (until is None) != (second is None):
            return None
        if not set(count) <= {"Type", "Count", "IsDistinct", "CountColumn"}:
            return None
        how, number = _OF_COUNTS.get(count.get("Type", -1)), count.get("Count")
        # Of what is counted nothing need be said where all are counted; ATLAS leaves it behind.
        distinct = _OF_DISTINCT.get(count.get("CountColumn", "DOMAIN_CONCEPT")) if count.get("IsDistinct") else ""
        if how is None or distinct is None or not isinstance(number, int) or not 0 <= number <= 1000:
            return None
        if (how == "at_least" and number == 0) or not all(is_switch(given.get(key)) for key in _SWITCHES):
            return None
        same_visit, outside = (bool(given.get(key)) for key in _SWITCHES)
        return cls(how, number, event, window, until, same_visit, outside, distinct)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Person:
    """Who the person is on the day: age in completed years, and sex by concept id (8507 male, 8532 female)."""

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
        return said

    @classmethod
    def read(cls, given: Any) -> Person | None:
        said = telling(given)
        if not isinstance(said, Mapping) or not said or not set(said) <= {"Age", "Gender"}:
            return None
        age = Number.read(said["Age"]) if "Age" in said else None
        sexes = said.get("Gender") or []
        if ("Age" in said and age is None) or not isinstance(sexes, list) or len(sexes) > 1:
            return None
        sex = sexes[0].get("CONCEPT_ID") if sexes else None
        if sex not in (None, *SEXES) or (age is None and sex is None):
            return None
        return cls(age, sex)


@dataclass(frozen=True)
class Group:
    """Conditions of which all, any, or at least or at most `count` have to hold.

    ATLAS keeps the kinds apart, so that they stand in this order: events, persons, groups.
    """

    how: str
    members: tuple[Criterion | Person | Group, ...]
    count: int = 0

    def __post_init__(self) -> None:
        if self.how not in GROUPS:
            raise InputError("how: {given} is none of {known}.", given=repr(self.how), known=", ".join(GROUPS))
        if not 0 <= self.count <= 1000:
            raise InputError("count: a whole number from 0 to 1000.")
        if not self.members:
            raise InputError("A group needs at least one condition.")
        order = [(Criterion, Person, Group).index(type(one)) for one in self.members]
        if order != sorted(order):
            kinds = (Criterion, Person, Group)
            object.__setattr__(self, "members", tuple(sorted(self.members, key=lambda one: kinds.index(type(one)))))

    def json(self) -> dict[str, Any]:
        def of(kind: type) -> list[Any]:
            return [one.json() for one in self.members if isinstance(one, kind)]

        said: dict[str, Any] = {"Type": GROUPS[self.how]}
        if self.how.startswith("at_"):
            said["Count"] = self.count
        lists = {"CriteriaList": of(Criterion), "DemographicCriteriaList": of(Person), "Groups": of(Group)}
        return said | lists

    @classmethod
    def read(cls, given: Any) -> Group | None:
        readers: Mapping[str, Callable[[Any], Any]] = {
            "CriteriaList": Criterion.read,
            "DemographicCriteriaList": Person.read,
            "Groups": cls.read,
        }
        if not isinstance(given, Mapping) or not set(given) <= {"Type", "Count", *readers}:
            return None
        how, count = _OF_GROUPS.get(str(given.get("Type")).upper()), given.get("Count") or 0
        members = [read(one) for key, read in readers.items() for one in given.get(key) or []]
        if how is None or not isinstance(count, int) or not 0 <= count <= 1000 or not members or None in members:
            return None
        return cls(how, tuple(members), count if how.startswith("at_") else 0)


@dataclass(frozen=True)
class Entry:
    """One kind of event that can start the cohort, or end it early."""

    event: Event

    def json(self) -> dict[str, Any]:
        return self.event.json()

    @classmethod
    def read(cls, given: Any) -> Entry | None:
        event = Event.read(given)
        return None if event is None else cls(event)


@dataclass(frozen=True)
class Rule:
    """An inclusion rule: its name, the conditions, and what its author says about it."""

    name: str
    group: Group
    about: str = ""

    def json(self) -> dict[str, Any]:
        said: dict[str, Any] = {"name": self.name}
        if self.about:
            said["description"] = self.about
        return said | {"expression": self.group.json()}

    @classmethod
    def asking(cls, name: str, *members: Criterion | Person | Group) -> Rule:
        """A rule of which all `members` have to hold."""
        return cls(name, Group("all", members))

    @classmethod
    def read(cls, given: Any) -> Rule | None:
        if not isinstance(given, Mapping) or not set(given) <= {"name", "description", "expression"}:
            return None
        group = Group.read(given.get("expression"))
        return None if group is None else cls(given.get("name") or "", group, given.get("description") or "")


def _taken(
    left: dict[str, Any], known: Mapping[str, Mapping[str, str]], domain: str, read: Callable[[Any], Any]
) -> dict[str, Any] | None:
    """What of `left` is known by name, taken out of it; None where something of it cannot be read."""
    keys = {name: by_domain[domain] for name, by_domain in known.items() if domain in by_domain}
    found = {name: read(left.pop(key)) for name, key in keys.items() if key in left}
    return None if None in found.values() else found


def _is_empty(group: Any) -> bool:
    lists = ("CriteriaList", "DemographicCriteriaList", "Groups")
    return isinstance(group, Mapping) and not any(group.get(key) for key in lists)


def read_rule(given: JSON) -> Rule | None:
    """An inclusion rule as a form has it; None where it says more."""
    return Rule.read(given)


def read_entry(given: JSON) -> Entry | None:
    """An entry event as a form has it; None where it says more."""
    return Entry.read(given)
