"""What the form of a rule or an event does: keeps what it says, and may add a condition or take one away."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

from django.utils.translation import gettext as _

from wardbench.campus.cohorts.edited import AGED, Edit, Fields, InvalidFormError, event_of, found_concept, item_of
from wardbench.campus.cohorts.finding import recorded_codes
from wardbench.campus.cohorts.forms import CourseForm
from wardbench.campus.cohorts.part_forms import Offered, PartForm
from wardbench.core.errors import InputError, NotFoundError
from wardbench.core.omop.tables import FIRST_CUSTOM_CONCEPT
from wardbench.ward.cohorts import editing
from wardbench.ward.cohorts.editing import (
    CODED,
    Criterion,
    Entry,
    Event,
    Group,
    Outline,
    Person,
    Recorded,
    Rule,
    Working,
    outline,
    with_member,
    without_member,
)

EVENT_LISTS: Mapping[str, Literal["entry", "censor"]] = {"entry": "entry", "censor": "censor"}


def form_of(work: Working, part: str, fields: Fields | None = None) -> PartForm | CourseForm | None:
    """The form for a part (`rule-3`, `entry-0`, `censor-0`, `additional`, `course`), filled in as it is or as given.

    None where there is no such part, or no form says it.
    """
    said = outline(work)
    if part == "course":
        return CourseForm(fields, outline=said, initial=CourseForm.of(said))
    given = _given(said, part)
    return None if given is None else PartForm(given, _offered(said), fields)


def _given(said: Outline, part: str) -> Rule | Entry | Group | None:
    if part == "additional":
        return said.additional_form
    kind, _dash, place = part.partition("-")
    lines: Mapping[str, Sequence[Any]] = {"rule": said.rules, "entry": said.entries, "censor": said.censors}
    return next((line.form for line in lines.get(kind, ()) if str(line.number) == place), None)


def _offered(said: Outline) -> Offered:
    own = [one.id for one in said.sets if one.items and all(i.concept_id >= FIRST_CUSTOM_CONCEPT for i in one.items)]
    items = {one.id: one.items for one in said.sets}

    def codes(event: Event) -> Mapping[str, Sequence[Recorded]]:
        of = None if event.concept_set is None else items.get(event.concept_set, ())
        try:
            known = recorded_codes()
        except NotFoundError:
            return {}
        return {name: known.of(event.domain, name, of) for name in CODED}

    return Offered(said.set_names, own, codes)


def checked(work: Working, part: str, fields: Fields) -> Any:
    form = form_of(work, part, fields)
    if form is None:
        raise InputError(_("%(part)s: no form can say this; edit it as JSON.") % {"part": part})
    if not form.is_valid():
        raise InvalidFormError(part, form)
    return form


def change_rule(work: Working, places: list[str], fields: Fields) -> Edit:
    number = int(places[0])
    form = checked(work, f"rule-{number}", fields)
    work, group, said = _also(work, form.part().group, fields)
    if group is None:
        raise InputError(_("A rule needs a condition; remove the rule as a whole."))
    changed = editing.change_rule(work, number, replace(form.part(), group=group))
    said = said or _("Rule {n} changed.").format(n=number + 1)
    return _edit(changed, said, f"rule-{number}", (form.given.group, form.part().group, group))


def change_event(which: str) -> Callable[[Working, list[str], Fields], Edit]:
    def changed(work: Working, places: list[str], fields: Fields) -> Edit:
        number = int(places[0])
        form = checked(work, f"{which}-{number}", fields)
        work, event, said = _also(work, form.part().event, fields)
        changed = editing.change_entry(work, number, Entry(event), of=EVENT_LISTS[which])
        said = said or (_("Entry event changed.") if which == "entry" else _("Event changed."))
        return _edit(changed, said, f"{which}-{number}", (form.given.event, form.part().event, event))

    return changed


def change_additional(work: Working, places: list[str], fields: Fields) -> Edit:
    form = checked(work, "additional", fields)
    work, group, said = _also(work, form.part(), fields)
    changed = editing.change_additional(work, group)
    said = said or _("Condition on the entry changed.")
    return _edit(changed, said, "additional", (form.given, form.part(), group))


def _also(work: Working, node: Any, fields: Fields) -> tuple[Working, Any, str]:
    """What a button of a part's form does besides keeping it: one more condition, or one less. What was done, in words.

    `add:CONCEPT:DOMAIN`, `none:CONCEPT:DOMAIN` and `person` go where the field `into` says; `remove:PATH` names it.
    """
    name, *places = str(fields.get("also", "")).split(":")
    if name == "remove":
        return work, without_member(node, places[0]), _("Condition removed.")
    if name == "person":
        return work, _put(node, str(fields.get("into", "")), AGED), _("Condition added.")
    if name in ("add", "none"):
        found = found_concept(places)
        work, number = editing.new_concept_set(work, found.name, [item_of(found)])
        how: Literal["at_least", "exactly"] = "at_least" if name == "add" else "exactly"
        criterion = Criterion(how, 1 if name == "add" else 0, event_of(found, number))
        said = _("Condition added: {name}.").format(name=found.name)
        return work, _put(node, str(fields.get("into", "")), criterion), said
    return work, node, ""


def _put(node: Any, into: str, member: Criterion | Person) -> Any:
    if into == "+":
        return with_member(node, "", Group("any", (member,)))
    return with_member(node, into, member)


def _edit(work: Working, said: str, part: str, course: tuple[Any, Any, Any]) -> Edit:
    """What a form did to its conditions: as they were, as it says them, and after one more or one less.

    Where its fields are others now it goes on at a condition that is new, or where one is added.
    """
    before, given, after = course
    if after is None:
        return Edit(work, said, f"find-{part}")
    if not _is_reshaped(before, after):
        return Edit(work, said, "", part)
    return Edit(work, said, _goes_on(part, given, _given(outline(work), part)), part, reshaped=True)


def _goes_on(part: str, given: Any, kept: Rule | Entry | Group | None) -> str:
    """The field to go on from; none where conditions are as many as they were, for then it is the one in use.

    What was kept is asked, because a definition keeps conditions on persons behind the others.
    """
    root = kept.group if isinstance(kept, Rule) else kept.event if isinstance(kept, Entry) else kept
    known = [one for _path, one in editing.nodes(given)]
    new = []
    for path, one in editing.nodes(root) if root is not None else ():
        if one in known:
            known.remove(one)
        elif not isinstance(one, Group):
            new.append((path, one))
    if not known and not new:
        return ""
    if len(known) > len(new):
        return f"{part}-one-more"
    path, one = new[-1]
    return f"{part}-{path}-{'sex' if isinstance(one, Person) else 'how'}"


def _is_reshaped(before: Any, after: Any) -> bool:
    """Whether the form has other fields, or other coded values to choose from, than it had."""

    def shape(node: Any) -> list[Any]:
        found: list[Any] = []
        for path, one in editing.nodes(node) if node is not None else ():
            event = one.event if isinstance(one, Criterion) else one if isinstance(one, Event) else None
            found.append((path, type(one), (event.domain, event.concept_set) if event else None))
        return found

    return shape(before) != shape(after)
