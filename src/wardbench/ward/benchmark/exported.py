"""Results from a laboratory's own export: a CSV file with one result a line."""

from __future__ import annotations

from datetime import date

import numpy as np

from wardbench.core.errors import InputError
from wardbench.ward.benchmark.lines import File, Line, Source, read_lines
from wardbench.ward.benchmark.results import NO_DAY, Results

FEMALE = frozenset({"f", "female", "woman", "w", "weiblich", "v", "vrouw", "vrouwelijk", "femme"})
MALE = frozenset({"m", "male", "man", "mann", "männlich", "mannelijk", "h", "homme"})
EPOCH = date(1970, 1, 1)


def exported_results(
    path: Source, *, value: str = "value", unit: str = "", analyte: str = "", healthy: str | None = None
) -> tuple[Results, File]:
    """The results in the column `value` of a file, with its columns sex, age, date (ISO 8601), device and person where
    it has them; `healthy` is COLUMN=WORD and flags the lines of healthy persons.

    Results below or above a limit (`<5`) are left out and counted. Without a column person each line is a person of its
    own. InputError naming file, line and column for whatever is not what it should be.
    """
    file = read_lines(path)
    column = file.column(value) or value
    sex, age, day, device, person = (file.column(name, required=False) for name in _COLUMNS)
    group, word = _healthy(file, healthy)
    limited = empty = small = 0
    rows: list[tuple[float, str, float, int, str, str, bool]] = []
    for line in file.lines:
        cell = line.text(column)
        if cell[:1] in ("<", ">", "≤", "≥"):
            limited += 1
            continue
        number = line.number_of(column)
        if number is None:
            empty += 1
        elif number <= 0:
            small += 1
        else:
            rows.append(
                (
                    number,
                    _sex(line, sex),
                    np.nan if age is None else _age(line, age),
                    NO_DAY if day is None else _day(line, day),
                    "" if device is None else line.text(device),
                    f"line {line.number}" if person is None else line.text(person) or f"line {line.number}",
                    group is not None and line.text(group) == word,
                )
            )
    if not rows:
        raise InputError(f"{path}: column {column}: holds no number above 0.")
    if group is not None and all(line.text(group) != word for line in file.lines):
        raise InputError(f"{path}: column {group}: no line has the word that --healthy names.")
    values, sexes, ages, days, devices, persons, healthies = zip(*rows, strict=True)
    results = Results(
        analyte or column,
        unit or "the file's unit",
        np.array(values),
        np.unique(np.array(persons, dtype=np.str_), return_inverse=True)[1].astype(np.int64),
        np.array(sexes, dtype=np.str_),
        np.array(ages, dtype=float),
        np.array(devices, dtype=np.str_),
        np.array(days, dtype=np.int64),
        np.array(healthies, dtype=bool),
        f"the results in {path.name}",
        (("given as below or above a limit", limited), ("empty", empty), ("0 or below", small)),
        named_persons=person is not None,
    )
    return results, file


_COLUMNS = ("sex", "age", "date", "device", "person")


def _healthy(file: File, asked: str | None) -> tuple[str | None, str]:
    if asked is None:
        return None, ""
    name, equals, word = asked.partition("=")
    if not equals or not word:
        raise InputError("--healthy: of a file it is COLUMN=WORD, as in Category=reference.")
    return file.column(name), word


def _sex(line: Line, column: str | None) -> str:
    word = "" if column is None else line.text(column).lower()
    if word in FEMALE:
        return "female"
    if word in MALE:
        return "male"
    if word and column is not None:
        raise line.fault(column, "neither f (female) nor m (male); leave it empty where it is not known.")
    return ""


def _age(line: Line, column: str) -> float:
    age = line.number_of(column)
    if age is not None and not 0 <= age < 130:
        raise line.fault(column, "not an age in years.")
    return np.nan if age is None else float(np.floor(age))


def _day(line: Line, column: str) -> int:
    text = line.text(column)
    if not text:
        return NO_DAY
    try:
        return (date.fromisoformat(text[:10]) - EPOCH).days
    except ValueError:
        raise line.fault(column, "not a date as 2026-01-31.") from None
