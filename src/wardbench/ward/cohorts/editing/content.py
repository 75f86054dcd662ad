"""What a definition is called by its content: equal content has an equal hash, wherever and however it was written."""

from __future__ import annotations

import hashlib

import msgspec

from wardbench.ward.cohorts.definition import Definition
from wardbench.ward.cohorts.export import atlas_expression


def content_hash(definition: Definition) -> str:
    """SHA-256, in hex, of the expression as ATLAS would have it, keys sorted, without spaces.

    Key order, what ATLAS writes that says nothing, and the definition's own name and id make no difference; the names
    of rules and of concept sets do.
    """
    return hashlib.sha256(msgspec.json.encode(atlas_expression(definition), order="sorted")).hexdigest()
