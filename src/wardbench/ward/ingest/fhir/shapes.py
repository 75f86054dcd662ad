"""The FHIR R4 data types as far as they are read, and the DuckDB columns that follow from them.

One declaration serves both readers: DuckDB reads the derived columns, msgspec decodes the same classes line by line.
What is not declared is never read, so names, addresses and business identifiers do not reach a store.
"""

from __future__ import annotations

import types
import typing
from functools import cache

import msgspec


class Shape(msgspec.Struct, omit_defaults=True):
    """Base of everything that is read; an element that is absent or null is None."""


class Coding(Shape):
    system: str | None = None
    code: str | None = None
    display: str | None = None
    userSelected: bool | None = None  # noqa: N815 - FHIR's own names, here and below


class CodeableConcept(Shape):
    coding: list[Coding] | None = None
    text: str | None = None


class Identifier(Shape):
    """Only whether there is one: its value is never read."""

    use: str | None = None


class Reference(Shape):
    reference: str | None = None
    identifier: Identifier | None = None


class Period(Shape):
    start: str | None = None
    end: str | None = None


class Quantity(Shape):
    value: float | None = None
    comparator: str | None = None
    unit: str | None = None
    system: str | None = None
    code: str | None = None


class Range(Shape):
    low: Quantity | None = None
    high: Quantity | None = None


class Ratio(Shape):
    numerator: Quantity | None = None
    denominator: Quantity | None = None


class Meta(Shape):
    lastUpdated: str | None = None  # noqa: N815
    versionId: str | None = None  # noqa: N815


class ModifierExtension(Shape):
    url: str | None = None


class Resource(Shape):
    """What every resource has."""

    resourceType: str = ""  # noqa: N815
    id: str | None = None
    meta: Meta | None = None
    modifierExtension: list[ModifierExtension] | None = None  # noqa: N815


_SCALARS: dict[object, str] = {str: "VARCHAR", float: "DOUBLE", int: "BIGINT", bool: "BOOLEAN"}


@cache
def columns(shape: type[Shape]) -> dict[str, str]:
    """The elements of a shape and their DuckDB types, by FHIR name."""
    hints = typing.get_type_hints(shape)
    return {f.encode_name: _sql_type(hints[f.name]) for f in msgspec.structs.fields(shape)}


def struct(shape: type[Shape]) -> str:
    """The DuckDB type of a shape."""
    inside = ", ".join(f'"{name}" {sql}' for name, sql in columns(shape).items())
    return f"STRUCT({inside})"


def _sql_type(hint: typing.Any) -> str:
    if isinstance(hint, types.UnionType):
        (hint,) = (h for h in typing.get_args(hint) if h is not type(None))
    if typing.get_origin(hint) is list:
        return f"{_sql_type(typing.get_args(hint)[0])}[]"
    if hint in _SCALARS:
        return _SCALARS[hint]
    return struct(hint)
