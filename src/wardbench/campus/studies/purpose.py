"""The purpose of a study in DUO terms, as a registration keeps it and as the matcher takes it. No Django here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wardbench.campus.people.roles import gettext_noop
from wardbench.core.duo import Concern, Match, Permission, Purpose, Use, match
from wardbench.core.errors import InputError

FIELDS = ("use", "diseases", "methods", "genetic", "for_profit", "commercial", "clinical_care", "concerns")


def read_purpose(given: Mapping[str, Any]) -> Purpose:
    """A purpose from what a registration keeps; InputError where it says too little or what no term names."""
    unknown = set(given) - set(FIELDS)
    if unknown:
        raise InputError(
            gettext_noop("purpose: {name} is none of {known}."), name=min(unknown), known=", ".join(FIELDS)
        )
    try:
        return Purpose(
            use=Use(given.get("use", "")),
            diseases=frozenset(given.get("diseases", ())),
            methods=bool(given.get("methods")),
            genetic=given.get("genetic"),
            for_profit=given.get("for_profit"),
            commercial=given.get("commercial"),
            clinical_care=bool(given.get("clinical_care")),
            concerns=frozenset(Concern(one) for one in given.get("concerns", ())),
        )
    except ValueError:
        raise InputError(gettext_noop("purpose: choose one of the terms of data use.")) from None


def is_purpose(given: Mapping[str, Any]) -> bool:
    """Whether it says enough to be matched."""
    try:
        return bool(read_purpose(given))
    except InputError:
        return False


def within(wanted: Purpose, permitted: Mapping[str, Any]) -> Match:
    """Whether a use lies within the purpose that a permit was given for."""
    given = read_purpose(permitted)
    return match(wanted, Permission(use=given.use, diseases=given.diseases, methods=given.methods or None))
