"""What the form of a concept set does, and the buttons beside it."""

from __future__ import annotations

from dataclasses import replace

from django.utils.translation import gettext as _

from wardbench.campus.cohorts.edited import Edit, Fields, found_concept, item_of
from wardbench.core.errors import InputError
from wardbench.ward.cohorts import editing
from wardbench.ward.cohorts.editing import ConceptItems, Working, outline


def _items(work: Working, number: int) -> tuple[str, list[ConceptItems]]:
    for one in outline(work).sets:
        if one.id == number:
            return one.name, list(one.items)
    raise InputError(_("concept set: there is none with the id %(number)d.") % {"number": number})


def add_item(work: Working, places: list[str], fields: Fields) -> Edit:
    number, found = int(places[0]), found_concept(places[1:])
    name, items = _items(work, number)
    if found.concept_id in {item.concept_id for item in items}:
        raise InputError(_("%(name)s: it is in this concept set already.") % {"name": found.name})
    changed = editing.change_concept_set(work, number, name, [*items, item_of(found)])
    said = _("{name} added.").format(name=found.name)
    return Edit(changed, said, f"find-set-{number}", f"set-{number}", reshaped=True)


def remove_item(work: Working, places: list[str], fields: Fields) -> Edit:
    number, place = map(int, places)
    name, items = _items(work, number)
    gone = items.pop(place)
    changed = editing.change_concept_set(work, number, name, items)
    said = _("{name} removed.").format(name=gone.name)
    return Edit(changed, said, f"find-set-{number}", f"set-{number}", reshaped=True)


def change_set(work: Working, places: list[str], fields: Fields) -> Edit:
    number = int(places[0])
    _name, items = _items(work, number)
    changed = [
        replace(
            item,
            excluded=fields.get(f"excluded-{place}") == "on",
            descendants=fields.get(f"descendants-{place}") == "on",
            mapped=fields.get(f"mapped-{place}") == "on",
        )
        for place, item in enumerate(items)
    ]
    name = str(fields.get("name", _name))
    return Edit(editing.change_concept_set(work, number, name, changed), _("Concept set changed."), "", f"set-{number}")


def drop_sets(work: Working, places: list[str], fields: Fields) -> Edit:
    """Take away the concept sets that nothing refers to."""
    loose = set(editing.unused_concept_sets(work))
    left = [one for one in work.expression.get("ConceptSets") or [] if one["id"] not in loose]
    changed = Working({**work.expression, "ConceptSets": left}, work.off)
    return Edit(changed, _("Unused concept sets removed."), "sets-title")
