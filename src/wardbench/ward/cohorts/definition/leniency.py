"""Values that are not of the type they should be, and that Circe's parser takes all the same.

Circe reads JSON with Jackson, which takes a number in quotes for the number, an empty text for nothing, and nothing
where a number belongs for 0. Its days may be written without leading zeros. Definitions that old tools or people
wrote by hand have all of these. What is not listed here is left as it is, for the strict reading to refuse.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache
from types import NoneType
from typing import Any, Literal, get_args, get_origin, get_type_hints

import msgspec

_WHOLE = re.compile(r"\s*[+-]?[0-9]{1,12}\s*")
_DECIMAL = re.compile(r"\s*[+-]?[0-9]{1,17}\.[0-9]{1,17}\s*")
_DAY = re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})")
_TRUTHS = {"true": True, "false": False}


def as_declared(value: Any, declared: Any) -> Any:
    """`value`, plain JSON, with what Circe's parser would turn into the type `declared` turned into it."""
    kinds = get_args(declared) if _is_union(declared) else (declared,)
    if NoneType in kinds and (value is None or value == ""):
        return None if any(kind is not str for kind in kinds if kind is not NoneType) else value
    for kind in kinds:
        match value:
            case dict() if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
                return _object(value, kind)
            case list() if get_origin(kind) is not None and get_origin(kind) is Sequence:
                return [as_declared(part, get_args(kind)[0]) for part in value]
            case bool():
                continue
            case str() | int():
                found = _scalar(value, kind)
                if found is not None:
                    return found
    return value


def _object(value: Mapping[str, Any], kind: type[msgspec.Struct]) -> dict[str, Any]:
    found = {}
    for key, part in value.items():
        declared, has_default = _fields(kind).get(key, (Any, False))
        part = as_declared(part, declared)
        if has_default and (part is None or part == "") and not _takes(part, declared):
            continue
        found[key] = part
    return found


@cache
def _fields(kind: type[msgspec.Struct]) -> Mapping[str, tuple[Any, bool]]:
    """By the key as JSON spells it: the declared type, and whether the key may be left out."""
    hints = get_type_hints(kind)
    return {f.encode_name: (hints[f.name], not f.required) for f in msgspec.structs.fields(kind)}


def _scalar(value: str | int, kind: Any) -> Any:
    """The value as that type, or None where Circe's parser has no way from one to the other."""
    if get_origin(kind) is Literal and isinstance(value, str) and value not in get_args(kind):
        number = int(value) if _WHOLE.fullmatch(value) else None
        return number if number in get_args(kind) else None
    if kind is bool:
        return bool(value) if isinstance(value, int) else _TRUTHS.get(value.strip().lower())
    if kind is str:
        return value if isinstance(value, str) else str(value)
    if isinstance(value, int):
        return value if kind in (int, float) else None
    if kind in (int, float) and _WHOLE.fullmatch(value):
        return int(value)
    if kind is float and _DECIMAL.fullmatch(value):
        return float(value)
    if kind is date and (day := _DAY.fullmatch(value)):
        return f"{day[1]}-{day[2]:0>2}-{day[3]:0>2}"
    return None


def _takes(value: Any, declared: Any) -> bool:
    kinds = get_args(declared) if _is_union(declared) else (declared,)
    return declared is Any or (NoneType in kinds if value is None else str in kinds)


def _is_union(declared: Any) -> bool:
    return NoneType in get_args(declared) or declared == (int | float)
