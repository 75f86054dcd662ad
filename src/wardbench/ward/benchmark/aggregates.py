"""The aggregates of a study that a researcher brings: a small CSV or JSON file of counts and summaries, no persons.

    variable,level,n,mean,sd,median,q25,q75
    persons,,412,,,,,
    age,,412,63.1,11.2,64,55,71
    sex,female,180,,,,,
    sex,male,232,,,,,
    condition:ICD10CM:E11.9,,97,,,,,
    measurement:LOINC:4548-4,,398,7.1,1.3,,,

As JSON it is a list of such lines as objects. `persons` says how many there are. Of numbers `n` is how many have one,
of levels and of conditions, drugs and procedures how many have it; a code is VOCABULARY:CODE or a concept id.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

import msgspec

from wardbench.core.errors import InputError, NotFoundError
from wardbench.ward.benchmark.lines import File, Line, Source, read_lines
from wardbench.ward.benchmark.summaries import Levels, Numbers, Summary

COLUMNS = ("variable", "level", "n", "mean", "sd", "median", "q25", "q75")
NUMBERS = ("mean", "sd", "median", "q25", "q75")
CODED = ("condition", "drug", "procedure", "measurement")
FEWEST = 10
"""Persons of a study, below which its aggregates would point at persons."""
MOST = 500
GREATEST = 1e12
"""Of a count or a number, in its unit; beyond is a slip of the pen, and squares have to stay numbers."""
OLDEST = 130
YES = "yes"


@dataclass(frozen=True)
class Aggregates:
    """A study's summaries by variable, in the order of the file."""

    name: str
    persons: int
    variables: dict[str, Summary]
    file: File


def read_aggregates(path: Source) -> Aggregates:
    """Read and check; InputError naming file, line and column, NotFoundError where there is no file."""
    file = _json_lines(path) if path.suffix.lower() == ".json" else read_lines(path)
    for column in file.columns:
        if column.lower() not in COLUMNS:
            raise InputError(
                f"{path}: line 1: column {column} is not one of {', '.join(COLUMNS)}; aggregates hold no persons."
            )
    for needed in ("variable", "n"):
        file.column(needed)
    if len(file.lines) > MOST:
        raise InputError(f"{path}: has more than {MOST} lines; aggregates are of groups, not of persons.")
    rows = [_row(file, line) for line in file.lines]
    persons = _persons(path, rows)
    return Aggregates(path.stem, persons, _variables(rows, persons), file)


@dataclass(frozen=True)
class _Row:
    line: Line
    variable: str
    level: str
    n: int
    numbers: dict[str, float | None]


def _row(file: File, line: Line) -> _Row:
    columns = {name: file.column(name, required=False) for name in COLUMNS}
    texts = {name: "" if column is None else line.text(column) for name, column in columns.items()}
    n = line.count_of(columns["n"] or "n")
    if not texts["variable"]:
        raise line.fault("variable", "empty; say what is counted.")
    if n is None:
        raise line.fault("n", "empty; say of how many.")
    numbers = {name: None if columns[name] is None else line.number_of(columns[name] or name) for name in NUMBERS}
    kind, colon, code = texts["variable"].partition(":")
    row = _Row(line, f"{kind.lower()}{colon}{code}", texts["level"].lower(), n, numbers)
    _check(row)
    return row


def _check(row: _Row) -> None:
    kind, colon, _ = row.variable.partition(":")
    if row.variable not in ("persons", "age", "sex") and not (colon and kind in CODED):
        known = "persons, age, sex, " + ", ".join(f"{word}:CODE" for word in CODED)
        raise row.line.fault("variable", f"not known here; there are {known}.")
    has_numbers = any(value is not None for value in row.numbers.values())
    if row.variable == "sex" and row.level not in ("female", "male"):
        raise row.line.fault("level", "of sex it is female or male.")
    if row.variable != "sex" and row.level:
        raise row.line.fault("level", "only sex has levels.")
    if has_numbers != (row.variable == "age" or kind == "measurement"):
        raise row.line.fault("variable", "age and measurements have numbers, the others have none.")
    for name, value in (("n", float(row.n)), *row.numbers.items()):
        if value is not None and abs(value) > GREATEST:
            raise row.line.fault(name, "too great to be true.")
        if value is not None and row.variable == "age" and name not in ("n", "sd") and not 0 <= value <= OLDEST:
            raise row.line.fault(name, "not an age in years.")
    sd = row.numbers["sd"]
    if sd is not None and sd < 0:
        raise row.line.fault("sd", "below 0.")
    if has_numbers and (row.n == 0 or (row.n == 1 and sd)):
        raise row.line.fault("n", "too few to have these numbers.")
    _check_together(row)


def _check_together(row: _Row) -> None:
    """Whether the numbers can be of one group, but for their rounding: no median lies further from its mean than a
    standard deviation, and no quartiles further apart than the square root of 8 of them (Chebyshev's inequality)."""
    sd, low, middle, high = (row.numbers[name] for name in ("sd", "q25", "median", "q75"))
    mean = row.numbers["mean"]
    quartiles = [value for value in (low, middle, high) if value is not None]
    if quartiles != sorted(quartiles):
        raise row.line.fault("median", "q25, median and q75 do not rise.")
    if sd is None:
        return
    rounding = 0.01 * max(abs(value) for value in (sd, mean, low, middle, high) if value is not None)
    if mean is not None and middle is not None and abs(mean - middle) > sd + rounding:
        raise row.line.fault("mean", "further from the median than a standard deviation, which cannot be.")
    if low is not None and high is not None and high - low > 8**0.5 * sd + rounding:
        raise row.line.fault("sd", "too small for quartiles so far apart.")


def _persons(path: Source, rows: list[_Row]) -> int:
    found = [row for row in rows if row.variable == "persons"]
    if len(found) != 1:
        raise InputError(f"{path}: one line has the variable persons and says how many there are.")
    if found[0].n < FEWEST:
        raise found[0].line.fault("n", f"fewer than {FEWEST} persons are not compared: that would point at them.")
    return found[0].n


def _variables(rows: list[_Row], persons: int) -> dict[str, Summary]:
    found: dict[str, Summary] = {}
    for row in rows:
        if row.n > persons:
            raise row.line.fault("n", "more than there are persons.")
        if row.variable == "persons":
            continue
        before = found.get(row.variable)
        if row.variable == "sex":
            levels = before.counts if isinstance(before, Levels) else ()
            if row.level in dict(levels):
                raise row.line.fault("level", "named twice.")
            if row.n + sum(n for _, n in levels) > persons:
                raise row.line.fault("n", "the levels together have more than there are persons.")
            found["sex"] = Levels((*levels, (row.level, row.n)))
        elif before is not None:
            raise row.line.fault("variable", "named twice.")
        elif any(value is not None for value in row.numbers.values()):
            found[row.variable] = Numbers(row.n, **row.numbers)
        else:
            found[row.variable] = Levels(((YES, row.n),))
    if not found:
        raise InputError(f"{rows[0].line.path}: has no variable besides persons.")
    return found


class _TwiceError(Exception):
    """A name that an object has twice, of which one value would be silently forgotten."""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise _TwiceError(name if name in COLUMNS else "a name")
        found[name] = value
    return found


def _json_lines(path: Source) -> File:
    try:
        raw = path.read_bytes()
        rows = msgspec.json.decode(raw, type=list[dict[str, Any]])
        json.loads(raw, object_pairs_hook=_once)
    except FileNotFoundError:
        raise NotFoundError(f"{path}: there is no such file.") from None
    except _TwiceError as error:
        raise InputError(f"{path}: {error} stands twice in one line.") from None
    except (msgspec.DecodeError, OSError, UnicodeDecodeError):
        raise InputError(f"{path}: is not a JSON list of objects with {', '.join(COLUMNS)}.") from None
    columns = tuple(dict.fromkeys(str(name) for row in rows for name in row))
    if not rows:
        raise InputError(f"{path}: holds nothing.")
    lines = []
    for number, row in enumerate(rows, 1):
        if any(isinstance(value, dict | list | bool) for value in row.values()):
            raise InputError(f"{path}: line {number}: holds more than texts and numbers.")
        cells = {name: "" if row.get(name) is None else str(row[name]) for name in columns}
        lines.append(Line(str(path), number, cells, "."))
    return File(str(path), hashlib.sha256(raw).hexdigest(), columns, tuple(lines))
