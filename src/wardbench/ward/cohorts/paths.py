"""Every part of a definition with its path in the JSON, as sentences about it name it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import msgspec

from wardbench.ward.cohorts.definition import Expression
from wardbench.ward.cohorts.definition.shapes import Concept


def parts(shape: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """`shape` and everything below it, each with its path: shapes, and the values of their keys; None is left out."""
    yield path, shape
    if isinstance(shape, msgspec.Struct):
        for name, key in keys(type(shape)).items():
            value = getattr(shape, name)
            if value is not None:
                yield from parts(value, f"{path}.{key}" if path else key)
    elif isinstance(shape, list | tuple):
        for position, value in enumerate(shape):
            yield from parts(value, f"{path}[{position}]")


@cache
def keys(shape: type[msgspec.Struct]) -> Mapping[str, str]:
    """The key in the JSON of each attribute of a kind of shape."""
    return {field.name: field.encode_name for field in msgspec.structs.fields(shape)}


def given_names(expression: Expression) -> dict[int, str]:
    """What the definition itself calls its concepts, by id; the first name where it has several."""
    names: dict[int, str] = {}
    _gather_names(expression, names)
    return names


def _gather_names(part: Any, names: dict[int, str]) -> None:
    # As `parts` would, without paths that nobody reads: there are thousands of concepts, and this is done at each edit.
    if isinstance(part, Concept):
        if part.concept_name:
            names.setdefault(part.concept_id, part.concept_name)
    elif isinstance(part, msgspec.Struct):
        for name in keys(type(part)):
            value = getattr(part, name)
            if isinstance(value, msgspec.Struct | list | tuple):
                _gather_names(value, names)
    elif isinstance(part, list | tuple):
        for value in part:
            _gather_names(value, names)
