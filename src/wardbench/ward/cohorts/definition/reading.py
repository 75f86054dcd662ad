"""Reading definitions from files: one expression, or many as lines or as a folder."""

from __future__ import annotations

import codecs
import gzip
import itertools
import json
import re
import unicodedata
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from wardbench.core.errors import InputError, NotFoundError, UnsupportedError
from wardbench.core.omop.concept_sets import ConceptItem, ConceptSet
from wardbench.ward.cohorts.definition.expression import Expression
from wardbench.ward.cohorts.definition.leniency import as_declared

DESCRIPTIVE = frozenset(
    {"id", "name", "description", "expressionType", "tags", "hasWriteAccess"}
    | {"createdBy", "createdDate", "modifiedBy", "modifiedDate"}
)
"""Keys beside `expression` that say nothing about who is in the cohort."""

LARGEST_WHOLE = 2**31 - 1
"""The largest concept id, and more than enough for days and counts."""
LARGEST_NUMBER = 1e15
"""Beyond any measured value, and with room for four decimals in a double."""

# msgspec works out what a type is when it is first read; two threads that read their first at once crash the process,
# so that it is asked for here, where one thread alone imports.
msgspec.json.Decoder(Expression)


@dataclass(frozen=True)
class Definition:
    """One cohort definition: `expression` decides who is in the cohort, `id` and `name` how it is called.

    `source` is the file (and line) it came from, for sentences about it.
    """

    id: int
    name: str
    expression: Expression
    source: str = field(default="", compare=False)

    @cached_property
    def concept_sets(self) -> Mapping[int, ConceptSet]:
        """The expression's concept sets by their id."""
        return {
            named.id: ConceptSet(frozenset(ConceptItem(*item) for item in named.meaning))
            for named in self.expression.concept_sets or ()
        }

    @property
    def repeated_concept_sets(self) -> Mapping[int, int]:
        """How often the expression lists each concept set under the same id: once, as a rule."""
        return Counter(named.id for named in self.expression.concept_sets or ())

    @property
    def concept_set_names(self) -> Mapping[ConceptSet, str]:
        """What the definition calls its concept sets; the first name where two are equal."""
        names: dict[ConceptSet, str] = {}
        for named in self.expression.concept_sets or ():
            names.setdefault(self.concept_sets[named.id], printable(named.name or "") or f"concept set {named.id}")
        return names

    @property
    def rule_names(self) -> tuple[str, ...]:
        """What the definition calls its inclusion rules, in order."""
        rules = self.expression.inclusion_rules or ()
        return tuple(printable(rule.name or "") or f"rule {number}" for number, rule in enumerate(rules, start=1))


@dataclass(frozen=True)
class Entry:
    """A definition that is JSON and has not been checked any further; `decode` checks it."""

    id: int
    name: str
    source: str
    expression: Any
    refusal: UnsupportedError | None = None

    def decode(self) -> Definition:
        """The definition; InputError or UnsupportedError that names the path within it which cannot be used."""
        if self.refusal is not None:
            raise self.refusal
        try:
            return Definition(self.id, self.name, _expression(self.expression), self.source)
        except msgspec.ValidationError as error:
            raise _refusal(str(error)) from None
        except RecursionError:
            raise InputError("the expression is nested too deeply.") from None


def _expression(given: Any) -> Expression:
    _check_numbers(given)
    try:
        return msgspec.convert(given, Expression)
    except msgspec.ValidationError:
        given = as_declared(given, Expression)
        _check_numbers(given)
        return msgspec.convert(given, Expression)


def read_definition(path: str | Path) -> Definition:
    """The definition in a JSON file: an expression, or an object with `expression` and optionally `id` and `name`.

    InputError or UnsupportedError names the file and the path within it that cannot be used.
    """
    path = Path(path)
    entry = _numbered([_entry(_parse(_content(path), str(path)), _id_of(path), path.stem, str(path))])[0]
    try:
        return entry.decode()
    except (InputError, UnsupportedError) as error:
        raise type(error)(f"{path}: {error}") from None


def read_definitions(path: str | Path) -> Iterator[Definition]:
    """Every definition of a file of lines (.jsonl, .jsonl.gz) or of a folder of .json files."""
    for entry in read_entries(path):
        try:
            yield entry.decode()
        except (InputError, UnsupportedError) as error:
            raise type(error)(f"{entry.source}: {error}") from None


def read_entries(path: str | Path) -> Iterator[Entry]:
    """As `read_definitions`, checked only so far as to tell one definition from the next.

    InputError names the file and line that is no JSON, has no expression, or repeats an id.
    """
    path = Path(path)
    seen: dict[int, str] = {}
    for entry in _numbered(list(_folder(path) if path.is_dir() else _lines(path))):
        if entry.id in seen:
            raise InputError(f"{entry.source}: the id {entry.id} is that of {seen[entry.id]} too.")
        seen[entry.id] = entry.source
        yield entry
    if not seen:
        raise InputError(f"{path}: there is no cohort definition here.")


def _folder(folder: Path) -> Iterator[_Found]:
    for path in sorted(folder.glob("*.json")):
        yield _entry(_parse(_content(path), str(path)), _id_of(path), path.stem, str(path))


def _lines(path: Path) -> Iterator[_Found]:
    if path.name.endswith(".json"):
        yield _entry(_parse(_content(path), str(path)), _id_of(path), path.stem, str(path))
        return
    for number, line in enumerate(_content(path).splitlines(), start=1):
        if line.strip():
            source = f"{path}, line {number}"
            yield _entry(_parse(line, source), None, "", source)


def _numbered(found: list[_Found]) -> list[Entry]:
    """The entries, those without an id under the smallest numbers that are nobody's."""
    taken = {one.id for one in found if one.id is not None}
    free = (number for number in itertools.count(1) if number not in taken)
    entries = []
    for one in found:
        id = one.id if one.id is not None else next(free)
        name = printable(one.name) or f"Definition {id}"
        entries.append(Entry(id, name, one.source, one.expression, one.refusal))
    return entries


def _content(path: Path) -> bytes:
    try:
        content = path.read_bytes()
        return gzip.decompress(content) if path.suffix == ".gz" else content
    except FileNotFoundError:
        raise NotFoundError(f"{path}: there is no such file.") from None
    except (gzip.BadGzipFile, EOFError, zlib.error):
        raise InputError(f"{path}: not a complete gzip file.") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}).") from None


def _parse(content: bytes, source: str) -> Any:
    try:
        value = msgspec.json.decode(content.removeprefix(codecs.BOM_UTF8))
        json.loads(content.removeprefix(codecs.BOM_UTF8), object_pairs_hook=lambda pairs: _unique(pairs, source))
        return value
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{source}: not valid JSON ({error}).") from None
    except RecursionError:
        raise InputError(f"{source}: the JSON is nested too deeply.") from None


def _unique(pairs: list[tuple[str, Any]], source: str) -> None:
    """Refuse an object that says something twice: one of the two would be silently ignored."""
    keys = [key for key, _ in pairs]
    for key in keys:
        if keys.count(key) > 1:
            raise InputError(f"{source}: the key {key!r} is there twice in one object.")


def _check_numbers(given: Any) -> None:
    """Refuse a number that no id, day or value of a record can be, before it reaches an engine."""
    if not _all_fit([given]):
        _refuse_number(given, "")


def _all_fit(values: Iterable[Any]) -> bool:
    for value in values:
        if isinstance(value, str):
            continue
        if isinstance(value, dict | list):
            if not _all_fit(value.values() if isinstance(value, dict) else value):
                return False
        elif isinstance(value, int):
            if abs(value) > LARGEST_WHOLE:
                return False
        elif isinstance(value, float) and not abs(value) <= LARGEST_NUMBER:
            return False
    return True


def _refuse_number(value: Any, path: str) -> None:
    """Name the path of the first number that does not fit."""
    match value:
        case dict():
            for key, part in value.items():
                _refuse_number(part, f"{path}.{key}" if path else str(key))
        case list():
            for position, part in enumerate(value):
                _refuse_number(part, f"{path}[{position}]")
        case int() if abs(value) > LARGEST_WHOLE:
            raise InputError(f"{path}: the number is beyond {LARGEST_WHOLE:,}.")
        case float() if not abs(value) <= LARGEST_NUMBER:
            raise InputError(f"{path}: the number is beyond {LARGEST_NUMBER:,.0f}.")


def printable(text: str) -> str:
    """`text` on one line, without characters that steer a terminal or turn the direction of what follows."""
    if text.isascii() and text.isprintable():
        return " ".join(text.split())
    return " ".join("".join(" " if unicodedata.category(c) == "Cc" else c for c in text if c not in _TURNS).split())


_TURNS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")


def _id_of(path: Path) -> int | None:
    return int(path.stem) if re.fullmatch(r"[0-9]{1,9}", path.stem) else None


class _Found(NamedTuple):
    """What was found in a file; None where it has no id of its own."""

    id: int | None
    name: str
    source: str
    expression: Any
    refusal: UnsupportedError | None = None


def _entry(value: Any, id: int | None, name: str, source: str) -> _Found:
    if not isinstance(value, dict):
        raise InputError(f"{source}: a cohort definition is a JSON object.")
    if "expression" not in value:
        if "PrimaryCriteria" not in value:
            raise InputError(f"{source}: neither a cohort expression nor an object that has one.")
        return _Found(id, name, source, value)
    if not isinstance(value["expression"], dict):
        raise InputError(f"{source}: expression: a cohort expression is a JSON object.")
    refusal = None
    for key in sorted(value.keys() - DESCRIPTIVE - {"expression"}):
        refusal = refusal or UnsupportedError(f"{key}: not supported.")
    if value.get("expressionType", "SIMPLE_EXPRESSION") != "SIMPLE_EXPRESSION":
        refusal = UnsupportedError("expressionType: only SIMPLE_EXPRESSION is supported.")
    given = value.get("id", id)
    if given is not None and (not isinstance(given, int) or isinstance(given, bool) or abs(given) > LARGEST_WHOLE):
        raise InputError(f"{source}: id: not a whole number of at most {LARGEST_WHOLE:,}.")
    return _Found(given, str(value.get("name") or name), source, value["expression"], refusal)


_UNKNOWN_FIELD = re.compile(r"Object contains unknown field `(?P<field>[^`]*)`(?: - at `(?P<path>[^`]*)`)?")
_AT_PATH = re.compile(r"(?P<what>.*?) - at `(?P<path>[^`]*)`", re.DOTALL)


def _refusal(sentence: str) -> InputError | UnsupportedError:
    """A validator's message as one of ours: the path first, and apart what is unknown from what is wrong."""
    if match := _UNKNOWN_FIELD.fullmatch(sentence):
        path = _path(match["path"])
        return UnsupportedError(f"{path}{'.' if path else ''}{match['field']}: not supported.")
    if match := _AT_PATH.fullmatch(sentence):
        path, what = _path(match["path"]), match["what"]
        if what.endswith("is not supported"):
            return UnsupportedError(f"{path}: {what}.")
        return InputError(f"{path}: {what}." if path else f"{what}.")
    return InputError(f"{sentence}.")


def _path(path: str | None) -> str:
    return (path or "$").removeprefix("$").removeprefix(".")
