"""Definitions as ATLAS JSON that somebody pastes or uploads."""

from __future__ import annotations

import json
from typing import Any

from django.utils.translation import gettext as _

from wardbench.core.errors import InputError


def read_json(text: str) -> dict[str, Any]:
    """The expression in pasted or uploaded ATLAS JSON, alone or as what ATLAS exports. InputError where it is none.

    What it says is checked by whoever takes it.
    """
    try:
        given = json.loads(text.lstrip("\ufeff"), object_pairs_hook=_unique)
        # JSON can write half a character of UTF-16, which nothing can keep or show.
        json.dumps(given, ensure_ascii=False).encode()
    except (json.JSONDecodeError, RecursionError) as error:
        line = getattr(error, "lineno", 1)
        raise InputError(_("This is not JSON: line %(line)d.") % {"line": line}) from None
    except ValueError:
        raise InputError(_("This JSON holds a number too long for any, or half a character.")) from None
    expression = given.get("expression", given) if isinstance(given, dict) else None
    if not isinstance(expression, dict) or "PrimaryCriteria" not in expression:
        raise InputError(_("This is no cohort definition of ATLAS: PrimaryCriteria is missing."))
    return expression


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _value in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise InputError(_("The key %(key)s is there twice in one object.") % {"key": repr(twice)})
    return found
