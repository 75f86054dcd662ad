"""What a button or form of the builder does to a definition. A button says `do` and where, as in `remove-rule:3`.

Each edit gives the definition after it, what was done in words for whoever cannot see it, and where to go on.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.utils.translation import gettext as _

from wardbench.campus.cohorts.finding import concepts
from wardbench.campus.cohorts.forms import CourseForm, DemographicsForm, EntryForm, PartForm, RuleForm
from wardbench.core.errors import InputError, NotFoundError, WardbenchError
from wardbench.core.omop.tables import FIRST_CUSTOM_CONCEPT
from wardbench.ward.cohorts import editing
from wardbench.ward.cohorts.editing import (
    ConceptItems,
    Demographics,
    Entry,
    Event,
    Found,
    Number,
    Outline,
    Rule,
    Working,
    outline,
)

Fields = Mapping[str, Any]

REARRANGING = frozenset({"undo", "redo", "add-rule", "add-none", "add-person", "remove-rule", "up", "down"})
"""What makes other rules, or their order."""


@dataclass(frozen=True)
class Edit:
    """A definition after an edit; `said` in words, `focus` the id to go on from, `open` the part to show as a form."""

    working: Working
    said: str
    focus: str = ""
    open: str = ""


class InvalidFormError(InputError):
    """A form that cannot be taken as it is; the page shows it again with its errors."""

    def __init__(self, part: str, form: Any) -> None:
        self.part = part
        self.form = form
        errors = [str(error) for field in form.errors.values() for error in field]
        super().__init__(" ".join(errors))


def edit(work: Working, do: str, fields: Fields) -> Edit:
    """`work` after what `do` says. InputError where that cannot be done, InvalidFormError where a form is not right."""
    name, *places = do.split(":")
    if name not in _EDITS:
        raise InputError(_("do: %(name)s is nothing that can be done here.") % {"name": repr(name)})
    try:
        return _EDITS[name](work, places, fields)
    except (ValueError, IndexError) as error:
        if isinstance(error, WardbenchError):
            raise
        raise InputError(_("do: %(do)s does not say where.") % {"do": repr(do)}) from None


def form_of(work: Working, part: str, fields: Fields | None = None) -> PartForm | CourseForm | None:
    """The form for a part (`rule-3`, `entry-0`, `course`), filled in as it is or as given; None where none says it."""
    kind, _dash, place = part.partition("-")
    said = outline(work)
    if kind == "course":
        return CourseForm(fields, outline=said, initial=CourseForm.of(said))
    lines: Sequence[Any] = said.rules if kind == "rule" else said.entries if kind == "entry" else ()
    form = next((line.form for line in lines if str(line.number) == place), None)
    if isinstance(form, Demographics):
        return DemographicsForm(fields, initial=DemographicsForm.of(form))
    if isinstance(form, Rule):
        return RuleForm(fields, initial=RuleForm.of(form), **_sets(said, form.event))
    if isinstance(form, Entry):
        return EntryForm(fields, initial=EntryForm.of(form), **_sets(said, form.event))
    return None


def _sets(said: Outline, event: Event) -> dict[str, Any]:
    own = [one.id for one in said.sets if one.items and all(i.concept_id >= FIRST_CUSTOM_CONCEPT for i in one.items)]
    asked = [event.concept_set] if event.source and event.concept_set is not None else []
    return {"sets": said.set_names, "sources": [*own, *asked]}


def _checked(work: Working, part: str, fields: Fields) -> Any:
    form = form_of(work, part, fields)
    if form is None:
        raise InputError(_("%(part)s: no form can say this; edit it as JSON.") % {"part": part})
    if not form.is_valid():
        raise InvalidFormError(part, form)
    return form


def _change_rule(work: Working, places: list[str], fields: Fields) -> Edit:
    number = int(places[0])
    form = _checked(work, f"rule-{number}", fields)
    changed = editing.change_rule(work, number, form.part())
    return Edit(changed, _("Rule {n} changed.").format(n=number + 1), "", f"rule-{number}")


def _change_entry(work: Working, places: list[str], fields: Fields) -> Edit:
    number = int(places[0])
    form = _checked(work, f"entry-{number}", fields)
    return Edit(editing.change_entry(work, number, form.part()), _("Entry event changed."), "", f"entry-{number}")


def _course(work: Working, places: list[str], fields: Fields) -> Edit:
    form = _checked(work, "course", fields)
    given = form.cleaned_data
    changed = editing.set_observation(work, given["prior"], given["post"])
    if "limit" in form.fields:
        changed = editing.set_limit(changed, given["limit"])
    if (how := form.exit()) is not None:
        changed = editing.set_exit(changed, how)
    return Edit(changed, _("Course changed."), "", "course")


def _remove_rule(work: Working, places: list[str], fields: Fields) -> Edit:
    number = int(places[0])
    left = len(work.rules()) - 1
    focus = f"rule-{min(number, left - 1)}-switch" if left else "find-rule"
    return Edit(editing.remove_rule(work, number), _("Rule {n} removed.").format(n=number + 1), focus)


def _switch(work: Working, places: list[str], fields: Fields) -> Edit:
    number = int(places[0])
    changed = editing.switch_rule(work, number)
    on = changed.rules()[number][1]
    said = _("Rule {n} is on.") if on else _("Rule {n} is off.")
    return Edit(changed, said.format(n=number + 1), f"rule-{number}-switch")


def _move(by: int) -> Callable[[Working, list[str], Fields], Edit]:
    def moved(work: Working, places: list[str], fields: Fields) -> Edit:
        number = int(places[0])
        to = number + by
        changed = editing.move_rule(work, number, to)
        last = len(work.rules()) - 1
        # At either end the button that was pressed is gone, so that its fellow gets the focus.
        way = "down" if to == 0 else "up" if to == last else "up" if by < 0 else "down"
        return Edit(changed, _("Rule moved to place {n}.").format(n=to + 1), f"rule-{to}-{way}")

    return moved


def _remove_entry(work: Working, places: list[str], fields: Fields) -> Edit:
    return Edit(editing.remove_entry(work, int(places[0])), _("Entry event removed."), "find-entry")


def _found(places: list[str]) -> Found:
    found = concepts().of(int(places[0]), places[1] if len(places) > 1 else "")
    if found is None:
        raise NotFoundError(_("There is no such concept in the records."))
    return found


def _item(found: Found) -> ConceptItems:
    return ConceptItems(
        found.concept_id, found.name, found.code, found.vocabulary, descendants=found.standard and found.kinds > 0
    )


def _event(found: Found, number: int) -> Event:
    return Event(found.domain, number, source=not found.standard and found.domain != "specimen")


def _add_entry(work: Working, places: list[str], fields: Fields) -> Edit:
    found = _found(places)
    work, number = editing.new_concept_set(work, found.name, [_item(found)])
    work = editing.add_entry(work, Entry(_event(found, number)))
    last = len(work.expression["PrimaryCriteria"]["CriteriaList"]) - 1
    return Edit(work, _("Entry event added: {name}.").format(name=found.name), f"entry-{last}-edit")


def _add_rule(work: Working, places: list[str], fields: Fields) -> Edit:
    found = _found(places)
    work, number = editing.new_concept_set(work, found.name, [_item(found)])
    rule = Rule(found.name, "at_least", 1, _event(found, number))
    return _added(editing.add_rule(work, rule), found.name)


def _add_none(work: Working, places: list[str], fields: Fields) -> Edit:
    found = _found(places)
    work, number = editing.new_concept_set(work, found.name, [_item(found)])
    name = _("No {name}").format(name=found.name)
    return _added(editing.add_rule(work, Rule(name, "exactly", 0, _event(found, number))), name)


def _add_person(work: Working, places: list[str], fields: Fields) -> Edit:
    name = _("Adults")
    return _added(editing.add_rule(work, Demographics(name, Number("gte", 18))), name)


def _added(work: Working, name: str) -> Edit:
    last = len(work.rules()) - 1
    return Edit(work, _("Rule added: {name}.").format(name=name), f"rule-{last}-edit", f"rule-{last}")


def _items(work: Working, number: int) -> tuple[str, list[ConceptItems]]:
    for one in outline(work).sets:
        if one.id == number:
            return one.name, list(one.items)
    raise InputError(_("concept set: there is none with the id %(number)d.") % {"number": number})


def _add_item(work: Working, places: list[str], fields: Fields) -> Edit:
    number, found = int(places[0]), _found(places[1:])
    name, items = _items(work, number)
    if found.concept_id in {item.concept_id for item in items}:
        raise InputError(_("%(name)s: it is in this concept set already.") % {"name": found.name})
    changed = editing.change_concept_set(work, number, name, [*items, _item(found)])
    return Edit(changed, _("{name} added.").format(name=found.name), f"find-set-{number}", f"set-{number}")


def _remove_item(work: Working, places: list[str], fields: Fields) -> Edit:
    number, place = map(int, places)
    name, items = _items(work, number)
    gone = items.pop(place)
    changed = editing.change_concept_set(work, number, name, items)
    return Edit(changed, _("{name} removed.").format(name=gone.name), f"find-set-{number}", f"set-{number}")


def _change_set(work: Working, places: list[str], fields: Fields) -> Edit:
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


def _drop_sets(work: Working, places: list[str], fields: Fields) -> Edit:
    """Take away the concept sets that nothing refers to."""
    loose = set(editing.unused_concept_sets(work))
    left = [one for one in work.expression.get("ConceptSets") or [] if one["id"] not in loose]
    return Edit(Working({**work.expression, "ConceptSets": left}, work.off), _("Unused concept sets removed."))


_EDITS: Mapping[str, Callable[[Working, list[str], Fields], Edit]] = {
    "rule": _change_rule,
    "entry": _change_entry,
    "course": _course,
    "set": _change_set,
    "remove-rule": _remove_rule,
    "remove-entry": _remove_entry,
    "switch": _switch,
    "up": _move(-1),
    "down": _move(1),
    "add-entry": _add_entry,
    "add-rule": _add_rule,
    "add-none": _add_none,
    "add-person": _add_person,
    "add-item": _add_item,
    "remove-item": _remove_item,
    "drop-sets": _drop_sets,
}


def read_json(text: str) -> dict[str, Any]:
    """The expression in pasted or uploaded ATLAS JSON, alone or as what ATLAS exports. InputError where it is none.

    What it says is checked by whoever takes it.
    """
    try:
        given = json.loads(text.lstrip("\ufeff"), object_pairs_hook=_unique)
    except (json.JSONDecodeError, RecursionError) as error:
        line = getattr(error, "lineno", 1)
        raise InputError(_("This is not JSON: line %(line)d.") % {"line": line}) from None
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
