"""A definition as ATLAS writes it: the same bytes for the same content, and nothing that ATLAS would have to guess."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from wardbench.core.results import written_whole
from wardbench.ward.cohorts.definition import Definition

_ORDER = (
    "ConceptSets",
    "PrimaryCriteria",
    "AdditionalCriteria",
    "QualifiedLimit",
    "ExpressionLimit",
    "InclusionRules",
    "EndStrategy",
    "CensoringCriteria",
    "CollapseSettings",
    "CensorWindow",
    "cdmVersionRange",
)
_WITHOUT: Mapping[str, Any] = {
    "ConceptSets": [],
    "InclusionRules": [],
    "CensoringCriteria": [],
    "CollapseSettings": {"CollapseType": "ERA", "EraPad": 0},
    "CensorWindow": {},
    "cdmVersionRange": ">=5.0.0",
}
"""What ATLAS writes where nothing is said."""
_LISTS_OF_A_GROUP = ("CriteriaList", "DemographicCriteriaList", "Groups")


def atlas_expression(definition: Definition) -> dict[str, Any]:
    """The expression of `definition` as plain JSON values, in the order of ATLAS; what says nothing is left out."""
    given = _said(msgspec.to_builtins(definition.expression))
    complete = {**_WITHOUT, **given}
    ordered = [key for key in _ORDER if key in complete]
    return {key: complete[key] for key in [*ordered, *(key for key in complete if key not in _ORDER)]}


def atlas_json(definition: Definition) -> bytes:
    """`atlas_expression` as indented JSON with a line end: what ATLAS imports, and `read_definition` reads."""
    return msgspec.json.format(msgspec.json.encode(atlas_expression(definition)), indent=2) + b"\n"


def export_definition(definition: Definition, out: Path) -> None:
    """Write `atlas_json` to `out`, whole or not at all."""
    with written_whole(out) as draft:
        draft.write_bytes(atlas_json(definition))


def _said(value: Any) -> Any:
    match value:
        case dict():
            said = {key: _said(part) for key, part in value.items() if part is not None}
            if "Type" in said and any(key in said for key in _LISTS_OF_A_GROUP):
                said = {**said, **{key: said.get(key, []) for key in _LISTS_OF_A_GROUP}}
            return said
        case list() | tuple():
            return [_said(part) for part in value]
    return value
