"""What a button or form of the builder does to a definition. A button says `do` and where, as in `remove-rule:3`.

Each edit gives the definition after it, what was done in words for whoever cannot see it, and where to go on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from django.utils.translation import gettext as _

from wardbench.campus.cohorts.edited import (
    AGED,
    Edit,
    Fields,
    InvalidFormError,
    event_of,
    found_concept,
    item_of,
)
from wardbench.campus.cohorts.part_edits import (
    EVENT_LISTS,
    change_additional,
    change_event,
    change_rule,
    checked,
    form_of,
)
from wardbench.campus.cohorts.set_edits import add_item, change_set, drop_sets, remove_item
from wardbench.core.errors import InputError, WardbenchError
from wardbench.ward.cohorts import editing
from wardbench.ward.cohorts.editing import Criterion, Entry, Group, Rule, Working, outline, with_member

__all__ = ["FORMS", "Edit", "InvalidFormError", "edit", "form_of"]

FORMS = frozenset({"rule", "entry", "censor", "additional", "course", "set"})
"""What a form of the page does."""


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


def _course(work: Working, places: list[str], fields: Fields) -> Edit:
    form = checked(work, "course", fields)
    given = form.cleaned_data
    changed = editing.set_observation(work, given["prior"], given["post"])
    if "limit" in form.fields:
        changed = editing.set_limit(changed, given["limit"])
    if (how := form.exit()) is not None:
        changed = editing.set_exit(changed, how)
    if (given["first_day"], given["last_day"]) != outline(work).calendar:
        changed = editing.set_calendar(changed, given["first_day"], given["last_day"])
    return Edit(changed, _("Course changed."), "", "course")


def _remove_rule(work: Working, places: list[str], fields: Fields) -> Edit:
    number = int(places[0])
    left = len(work.rules()) - 1
    focus = f"rule-{min(number, left - 1)}-switch" if left else "find-rule"
    said = _("Rule {n} removed.").format(n=number + 1)
    return Edit(editing.remove_rule(work, number), said, focus, gone=f"rule-{number}")


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
    number = int(places[0])
    said = _("Entry event removed.")
    return Edit(editing.remove_entry(work, number), said, "find-entry", gone=f"entry-{number}")


def _remove_censor(work: Working, places: list[str], fields: Fields) -> Edit:
    number = int(places[0])
    said = _("Event removed.")
    return Edit(editing.remove_entry(work, number, of="censor"), said, "find-censor", gone=f"censor-{number}")


def _remove_additional(work: Working, places: list[str], fields: Fields) -> Edit:
    return Edit(editing.change_additional(work, None), _("Condition on the entry removed."), "find-additional")


def _add_event(which: str) -> Callable[[Working, list[str], Fields], Edit]:
    def added(work: Working, places: list[str], fields: Fields) -> Edit:
        found = found_concept(places)
        work, number = editing.new_concept_set(work, found.name, [item_of(found)])
        work = editing.add_entry(work, Entry(event_of(found, number)), to=EVENT_LISTS[which])
        said = outline(work)
        last = len(said.entries if which == "entry" else said.censors) - 1
        words = _("Entry event added: {name}.") if which == "entry" else _("Event added: {name}.")
        return Edit(work, words.format(name=found.name), f"{which}-{last}-edit")

    return added


def _add_additional(work: Working, places: list[str], fields: Fields) -> Edit:
    """A first condition around the entry, or one more."""
    found = found_concept(places)
    work, number = editing.new_concept_set(work, found.name, [item_of(found)])
    criterion = Criterion("at_least", 1, event_of(found, number))
    given = work.expression.get("AdditionalCriteria")
    group = outline(work).additional_form
    if given and group is None:
        raise InputError(_("%(part)s: no form can say this; edit it as JSON.") % {"part": "additional"})
    group = Group("all", (criterion,)) if group is None else with_member(group, "", criterion)
    work = editing.change_additional(work, group)
    return Edit(work, _("Condition added: {name}.").format(name=found.name), "additional-edit", "additional")


def _add_rule(work: Working, places: list[str], fields: Fields) -> Edit:
    found = found_concept(places)
    work, number = editing.new_concept_set(work, found.name, [item_of(found)])
    rule = Rule.asking(found.name, Criterion("at_least", 1, event_of(found, number)))
    return _added(editing.add_rule(work, rule), found.name)


def _add_none(work: Working, places: list[str], fields: Fields) -> Edit:
    found = found_concept(places)
    work, number = editing.new_concept_set(work, found.name, [item_of(found)])
    name = _("No {name}").format(name=found.name)
    rule = Rule.asking(name, Criterion("exactly", 0, event_of(found, number)))
    return _added(editing.add_rule(work, rule), name)


def _add_person(work: Working, places: list[str], fields: Fields) -> Edit:
    name = _("Age or sex")
    return _added(editing.add_rule(work, Rule.asking(name, AGED)), name)


def _added(work: Working, name: str) -> Edit:
    last = len(work.rules()) - 1
    return Edit(work, _("Rule added: {name}.").format(name=name), f"rule-{last}-edit", f"rule-{last}")


_EDITS: Mapping[str, Callable[[Working, list[str], Fields], Edit]] = {
    "rule": change_rule,
    "entry": change_event("entry"),
    "censor": change_event("censor"),
    "additional": change_additional,
    "course": _course,
    "set": change_set,
    "remove-rule": _remove_rule,
    "remove-entry": _remove_entry,
    "remove-censor": _remove_censor,
    "remove-additional": _remove_additional,
    "switch": _switch,
    "up": _move(-1),
    "down": _move(1),
    "add-entry": _add_event("entry"),
    "add-censor": _add_event("censor"),
    "add-additional": _add_additional,
    "add-rule": _add_rule,
    "add-none": _add_none,
    "add-person": _add_person,
    "add-item": add_item,
    "remove-item": remove_item,
    "drop-sets": drop_sets,
}
