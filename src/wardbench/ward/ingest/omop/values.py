"""SQL that reads a value as the type the model asks for, or gives NULL where it is no such value.

Nothing is bent to fit: a fraction is no integer, an infinity no number. Days keep the calendar of the source.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

REASONS: Mapping[str, str] = MappingProxyType(
    {
        "BIGINT": "not an integer",
        "INTEGER": "not an integer of 32 bits",
        "DOUBLE": "not a number",
        "DATE": "not a date",
        "TIMESTAMP": "not a date and time",
    }
)
"""Why a value is refused, by the type it should have."""

_WHOLE = re.compile(r"U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?", re.IGNORECASE)
_FRACTIONAL = re.compile(r"DOUBLE|FLOAT|REAL|DECIMAL.*", re.IGNORECASE)


def given(column: str, source: str, target: str) -> str:
    """SQL for what the source holds in `column`, NULL where it holds nothing: empty text, or a float that is NaN."""
    if source in ("DOUBLE", "FLOAT"):
        return f"CASE WHEN NOT isnan({column}) THEN {column} END"
    if is_typed(source):
        return column
    text = column if source == "VARCHAR" else f"{column}::VARCHAR"
    return f"nullif({text}, '')" if target == "VARCHAR" else f"nullif(trim({text}), '')"


def is_typed(source: str) -> bool:
    """Whether a DuckDB type is read as itself; all others are read through their text."""
    return bool(
        _WHOLE.fullmatch(source) or _FRACTIONAL.fullmatch(source) or source == "DATE" or source.startswith("TIMESTAMP")
    )


def read(value: str, source: str, target: str) -> str:
    """SQL for `value`, which `given` made from a column of type `source`, as `target`."""
    if not is_typed(source):
        return _TEXT[target].format(x=value)
    moment = source == "DATE" or source.startswith("TIMESTAMP")
    if target == "VARCHAR":
        return f"{value}::VARCHAR"
    if moment != (target in ("DATE", "TIMESTAMP")):
        # A number for a date may be 20200131; a date for a number is refused like any other text.
        return _TEXT[target].format(x=f"{value}::VARCHAR")
    if moment:
        return f"CASE WHEN isfinite({value}) THEN {value}::TIMESTAMP::{target} END"
    if target == "DOUBLE":
        return f"CASE WHEN isfinite({value}::DOUBLE) THEN {value}::DOUBLE END"
    if _FRACTIONAL.fullmatch(source):
        return f"CASE WHEN trunc({value}) = {value} THEN try_cast({value} AS {target}) END"
    return f"try_cast({value} AS {target})"


_DAY = (
    "CASE WHEN ascii({x}) NOT BETWEEN 48 AND 57 THEN NULL"
    " WHEN length({x}) = 10 THEN try_cast({x} AS DATE)"
    " WHEN length({x}) = 8 THEN coalesce(try_strptime({x}, '%Y%m%d')::DATE, try_cast({x} AS DATE))"
    " WHEN try_cast({x} AS TIMESTAMP) IS NOT NULL THEN try_cast({x} AS TIMESTAMP)::DATE END"
)

_MOMENT = (
    "CASE WHEN ascii({x}) NOT BETWEEN 48 AND 57 THEN NULL"
    " WHEN length({x}) = 8 THEN coalesce(try_strptime({x}, '%Y%m%d'), try_cast({x} AS TIMESTAMP))"
    " ELSE try_cast({x} AS TIMESTAMP) END"
)

_INTEGER = (
    "CASE WHEN regexp_matches({{x}}, '[^0-9-]')"
    " THEN try_cast(regexp_extract({{x}}, '^([+-]?[0-9]+)(\\.0*)?$', 1) AS {type}) ELSE try_cast({{x}} AS {type}) END"
)

_TEXT: Mapping[str, str] = MappingProxyType(
    {
        "VARCHAR": "{x}",
        "BIGINT": _INTEGER.format(type="BIGINT"),
        "INTEGER": _INTEGER.format(type="INTEGER"),
        "DOUBLE": "CASE WHEN isfinite(try_cast({x} AS DOUBLE)) THEN try_cast({x} AS DOUBLE) END",
        "DATE": _DAY,
        "TIMESTAMP": _MOMENT,
    }
)
