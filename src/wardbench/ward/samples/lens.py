"""The query of the Sample Locator (the AST that Lens sends): what it asks, of which donors and specimens it is true.

Meaning as Samply's Focus gives it to BBMRI.de data: the population are donors; a specimen is listed if its donor is in
the population and the specimen passes the criteria that are of specimens (kind, temperature, date, fasting). Ranges
hold both ends. Two things are right here that are wrong there: BMI and weight lie between the least and the greatest
value, where Focus asks for what is below the least and above the greatest at once, which nothing is; and criteria of
specimens beside one another under AND all have to hold, where Focus takes any of them.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import msgspec

from wardbench.core.errors import InputError

MOST_NODES = 500
DEEPEST = 20
"""What a query may hold; Lens builds three levels."""
OPERANDS = ("AND", "OR")


@dataclass(frozen=True)
class Criterion:
    """One thing that is asked: `kind` is EQUALS, NOT_EQUALS, IN, BETWEEN, LOWER_THAN or GREATER_THAN."""

    key: str
    kind: str
    value: Any


@dataclass(frozen=True)
class Together:
    """Several things that are asked, all of them (AND) or one of them (OR); without any, nothing is asked."""

    all: bool
    parts: tuple[Node, ...]


Node: TypeAlias = Criterion | Together


@dataclass(frozen=True)
class Tube:
    """A specimen in the codes of BBMRI.de; `fasting` of HL7's table 0916."""

    kind: str
    temperature: str = ""
    taken: datetime.date | None = None
    fasting: str = ""
    diagnoses: tuple[str, ...] = ()
    custodian: str = ""


@dataclass(frozen=True)
class Person:
    """A donor: conditions by code of ICD-10 and day of onset, BMI in kg/m2 and weight in kg as they were measured."""

    gender: str = ""
    born: datetime.date | None = None
    conditions: tuple[tuple[str, datetime.date | None], ...] = ()
    bmi: tuple[float, ...] = ()
    weight: tuple[float, ...] = ()
    smoking: tuple[str, ...] = ()
    tubes: tuple[Tube, ...] = ()


FOLDED = {
    **dict.fromkeys(
        ("plasma-edta", "plasma-citrat", "plasma-heparin", "plasma-cell-free", "plasma-other", "plasma"),
        "blood-plasma",
    ),
    "serum": "blood-serum",
    **dict.fromkeys(("tissue-formalin", "tumor-tissue-ffpe", "normal-tissue-ffpe", "other-tissue-ffpe"), "tissue-ffpe"),
    **dict.fromkeys(("tumor-tissue-frozen", "normal-tissue-frozen", "other-tissue-frozen"), "tissue-frozen"),
    **dict.fromkeys(("tissue-paxgene-or-else", "tissue"), "tissue-other"),
    **dict.fromkeys(("cf-dna", "g-dna"), "dna"),
    "derivative": "derivative-other",
    "liquid": "liquid-other",
}
"""Older codes of materials, and the one that each is counted as."""


def read_query(content: bytes | str) -> Together:
    """The query that was sent; InputError, by its path, for what is not of the language or is not known."""
    try:
        said = msgspec.json.decode(content)
    except (msgspec.DecodeError, RecursionError):
        raise InputError("query: this is no JSON.") from None
    if not isinstance(said, dict) or not isinstance(said.get("ast"), dict):
        raise InputError("query: it has no ast.")
    count = [0]
    found = _node(said["ast"], "ast", 0, count)
    return found if isinstance(found, Together) else Together(True, (found,))


def _node(said: Any, path: str, depth: int, count: list[int]) -> Node:
    count[0] += 1
    if count[0] > MOST_NODES or depth > DEEPEST:
        raise InputError(f"{path}: a query holds at most {MOST_NODES} criteria, {DEEPEST} deep.")
    if not isinstance(said, dict):
        raise InputError(f"{path}: neither an operation nor a criterion.")
    if "operand" in said:
        children = said.get("children")
        if said["operand"] not in OPERANDS or not isinstance(children, list):
            raise InputError(f"{path}: an operation has the operand AND or OR, and children.")
        parts = (_node(one, f"{path}.children[{at}]", depth + 1, count) for at, one in enumerate(children))
        return Together(said["operand"] == "AND", tuple(parts))
    key, kind = said.get("key"), said.get("type")
    if not isinstance(key, str) or key not in CRITERIA:
        raise InputError(f"{path}: there is no such criterion; there are {', '.join(CRITERIA)}.")
    return Criterion(key, _kind(kind, path), _checked(key, kind, said.get("value"), path))


KINDS = ("EQUALS", "NOT_EQUALS", "IN", "BETWEEN", "LOWER_THAN", "GREATER_THAN")


def _kind(kind: Any, path: str) -> str:
    if kind not in KINDS:
        raise InputError(f"{path}: its type is none of {', '.join(KINDS)}.")
    return str(kind)


def _checked(key: str, kind: Any, value: Any, path: str) -> Any:
    """The value of a criterion, as it is compared: a set of codes, or the two ends of a range."""
    of = CRITERIA[key]
    fits = (kind in ("EQUALS", "NOT_EQUALS", "IN")) == (of.read is _code)
    if not fits:
        raise InputError(f"{path}: {key} cannot be asked by {kind}.")
    if kind == "IN":
        if not isinstance(value, list):
            raise InputError(f"{path}: IN needs a list of values.")
        return frozenset(of.read(one, path) for one in value)
    if of.read is _code:
        return frozenset({of.read(value, path)})
    if kind == "BETWEEN":
        if not isinstance(value, dict) or not {"min", "max"} & set(value):
            raise InputError(f"{path}: BETWEEN needs a least and a greatest value.")
        ends = (None if value.get(end) is None else of.read(value[end], path) for end in ("min", "max"))
        return tuple(ends)
    end = of.read(value, path)
    return (None, end) if kind == "LOWER_THAN" else (end, None)


def _code(value: Any, path: str) -> str:
    if not isinstance(value, str) or len(value) > 200:
        raise InputError(f"{path}: the value is no code.")
    return FOLDED.get(value, value)


def _number(value: Any, path: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise InputError(f"{path}: the value is no number.")
    return float(value)


def _years(value: Any, path: str) -> float:
    # Focus rounds the ends of ages up.
    return float(math.ceil(_number(value, path)))


def _day(value: Any, path: str) -> datetime.date:
    """The day of a moment in UTC, as Focus takes it."""
    try:
        moment = datetime.datetime.fromisoformat(str(value))
    except ValueError:
        raise InputError(f"{path}: the value is no date.") from None
    return (moment if moment.tzinfo is None else moment.astimezone(datetime.UTC)).date()


@dataclass(frozen=True)
class Asked:
    """How a criterion is read, and the values of a donor and of a specimen that it is held against."""

    read: Callable[[Any, str], Any]
    donor: Callable[[Person, datetime.date], Iterable[Any]]
    tube: Callable[[Tube], Iterable[Any]] | None = None


def _age(born: datetime.date | None, on: datetime.date | None) -> Sequence[int]:
    if born is None or on is None:
        return ()
    return (on.year - born.year - ((on.month, on.day) < (born.month, born.day)),)


def _of_tubes(value: Callable[[Tube], Iterable[Any]]) -> Callable[[Person, datetime.date], Iterable[Any]]:
    return lambda one, _today: (each for tube in one.tubes for each in value(tube))


def _one(value: Any) -> Sequence[Any]:
    return () if value in ("", None) else (value,)


def _specimen(read: Callable[[Any, str], Any], value: Callable[[Tube], Iterable[Any]]) -> Asked:
    return Asked(read, _of_tubes(value), value)


CRITERIA: Mapping[str, Asked] = {
    "gender": Asked(_code, lambda one, _today: _one(one.gender)),
    "diagnosis": Asked(
        _code,
        lambda one, _today: (
            *(code for code, _since in one.conditions),
            *(code for tube in one.tubes for code in tube.diagnoses),
        ),
    ),
    "date_of_diagnosis": Asked(_day, lambda one, _today: (since for _code_of, since in one.conditions if since)),
    "diagnosis_age_donor": Asked(
        _years, lambda one, _today: (age for _code_of, since in one.conditions for age in _age(one.born, since))
    ),
    "donor_age": Asked(_years, lambda one, today: _age(one.born, today)),
    "bmi": Asked(_number, lambda one, _today: one.bmi),
    "body_weight": Asked(_number, lambda one, _today: one.weight),
    "smoking_status": Asked(_code, lambda one, _today: one.smoking),
    "sample_kind": _specimen(_code, lambda tube: (tube.kind,)),
    "storage_temperature": _specimen(_code, lambda tube: _one(tube.temperature)),
    "sampling_date": _specimen(_day, lambda tube: _one(tube.taken)),
    "fasting_status": _specimen(_code, lambda tube: _one(tube.fasting)),
}


def is_code(key: str) -> bool:
    """Whether a criterion is held against codes."""
    return CRITERIA[key].read is _code


def is_day(key: str) -> bool:
    """Whether a criterion is held against days."""
    return CRITERIA[key].read is _day


def _holds(asked: Criterion, values: Iterable[Any]) -> bool:
    if isinstance(asked.value, frozenset):
        found = any(value in asked.value for value in values)
        return not found if asked.kind == "NOT_EQUALS" else found
    low, high = asked.value
    if asked.kind == "BETWEEN":
        return any((low is None or value >= low) and (high is None or value <= high) for value in values)
    return any((low is None or value > low) and (high is None or value < high) for value in values)


def selects(node: Node, one: Person, today: datetime.date) -> bool:
    """Whether a donor is in the population."""
    if isinstance(node, Criterion):
        return _holds(node, CRITERIA[node.key].donor(one, today))
    if not node.parts:
        return True
    found = (selects(part, one, today) for part in node.parts)
    return all(found) if node.all else any(found)


def lists(node: Node, tube: Tube) -> bool:
    """Whether a specimen of a donor in the population is listed."""
    verdict = _listed(node, tube)
    return verdict is None or verdict


def _listed(node: Node, tube: Tube) -> bool | None:
    """None where nothing is asked of specimens."""
    if isinstance(node, Criterion):
        value = CRITERIA[node.key].tube
        return None if value is None else _holds(node, value(tube))
    said = [verdict for part in node.parts if (verdict := _listed(part, tube)) is not None]
    if not said:
        return None
    return all(said) if node.all else any(said)


def canonical(node: Node) -> bytes:
    """The same bytes for what is the same query but for the order of its parts."""
    return repr(_plain(node)).encode()


def _plain(node: Node) -> Any:
    if isinstance(node, Criterion):
        value = sorted(node.value) if isinstance(node.value, frozenset) else [str(end) for end in node.value]
        return (node.key, "IN" if node.kind == "EQUALS" else node.kind, value)
    return ("AND" if node.all else "OR", sorted({repr(_plain(part)) for part in node.parts}))
