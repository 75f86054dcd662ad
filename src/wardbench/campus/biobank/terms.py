"""What may be done with a collection: its terms as they are kept, held against a purpose, and materials by name."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from typing import Any

from wardbench.campus.biobank.models import Collection
from wardbench.campus.people.roles import gettext_noop
from wardbench.core.duo import Modifier, Outcome, Permission, Purpose, Use, match
from wardbench.core.errors import InputError
from wardbench.core.miabis import MATERIALS

NOT_SAID = gettext_noop("Nobody has said yet what may be done with this collection.")


def permission_of(given: Mapping[str, Any]) -> Permission:
    """The terms of a collection as they are kept; InputError where nobody has said, or it cannot be read."""
    if not given.get("use"):
        raise InputError(NOT_SAID)
    try:
        return Permission(
            use=Use(given["use"]),
            diseases=frozenset(given.get("diseases", ())),
            modifiers=frozenset(Modifier(one) for one in given.get("modifiers", ())),
            methods=given.get("methods"),
            countries=frozenset(given.get("countries", ())),
            institutions=frozenset(given.get("institutions", ())),
            users=frozenset(given.get("users", ())),
            projects=frozenset(given.get("projects", ())),
            moratorium=datetime.date.fromisoformat(given["moratorium"]) if given.get("moratorium") else None,
            months=given.get("months"),
            collaborator=given.get("collaborator", ""),
            restriction=given.get("restriction", ""),
        )
    except (ValueError, TypeError):
        raise InputError(gettext_noop("The terms of this collection cannot be read.")) from None


def of_purpose(collection: Collection, purpose: Purpose) -> tuple[Outcome, str]:
    """What a collection's terms say to a purpose, and the sentence that decides; nothing where it is allowed.

    Terms that nobody has said, or that cannot be read, leave it to a person.
    """
    try:
        found = match(purpose, permission_of(collection.permission))
    except InputError as error:
        return Outcome.PERSON, str(error)
    if found.outcome is Outcome.ALLOWED:
        return found.outcome, ""
    return found.outcome, str(next(line for line in found.lines if line.outcome is found.outcome))


def is_called(material: str, words: str) -> bool:
    """Whether somebody's words for a material mean MIABIS's code: they are the code, or its name."""
    said = words.strip().casefold()
    return said in (material.casefold(), MATERIALS.get(material, "").casefold())


def materials_called(words: Iterable[str]) -> list[str]:
    """MIABIS's codes of the materials that these words mean, in MIABIS's order."""
    said = list(words)
    return [code for code in MATERIALS if any(is_called(code, one) for one in said)]
