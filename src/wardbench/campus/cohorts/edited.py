"""What an edit of a definition gives, and what a button that adds a concept makes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from wardbench.campus.cohorts.finding import concepts
from wardbench.campus.cohorts.part_forms import PartForm
from wardbench.core.errors import InputError, NotFoundError
from wardbench.ward.cohorts.editing import ConceptItems, Event, Found, Number, Person, Working

Fields = Mapping[str, Any]
AGED = Person(Number("gte", 20))
"""What a condition on a person begins with: a band that a feasibility count may ask about."""


@dataclass(frozen=True)
class Edit:
    """A definition after an edit; `said` in words, `focus` the id to go on from, `open` the part to show as a form.

    `reshaped` where the form that was used no longer has the fields that it should have; `gone` the part taken away.
    """

    working: Working
    said: str
    focus: str = ""
    open: str = ""
    reshaped: bool = False
    gone: str = ""


class InvalidFormError(InputError):
    """A form that cannot be taken as it is; the page shows it again with its errors."""

    def __init__(self, part: str, form: Any) -> None:
        self.part = part
        self.form = form
        errors = form.errors
        if not isinstance(form, PartForm):
            errors = [str(error) for field in form.errors.values() for error in field]
        super().__init__(" ".join(errors))


def found_concept(places: list[str]) -> Found:
    found = concepts().of(int(places[0]), places[1] if len(places) > 1 else "")
    if found is None:
        raise NotFoundError(_("There is no such concept in the records."))
    return found


def item_of(found: Found) -> ConceptItems:
    return ConceptItems(
        found.concept_id, found.name, found.code, found.vocabulary, descendants=found.standard and found.kinds > 0
    )


def event_of(found: Found, number: int) -> Event:
    return Event(found.domain, number, source=not found.standard and found.domain != "specimen")
