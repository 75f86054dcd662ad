"""What changed between two definitions, in the reader's language, part by part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy

from wardbench.campus.cohorts.builder import spoken
from wardbench.ward.cohorts.compare import Change, SetChange, compare_definitions
from wardbench.ward.cohorts.definition import Definition

KINDS: Mapping[str, str | Promise] = {
    "added": pgettext_lazy("difference", "added"),
    "removed": pgettext_lazy("difference", "removed"),
    "changed": pgettext_lazy("difference", "changed"),
    "moved": pgettext_lazy("difference", "moved"),
    "renamed": pgettext_lazy("difference", "renamed"),
}


@dataclass(frozen=True)
class Part:
    """One part that differs: `less` is what only the old version says, `more` what only the new one says."""

    title: str
    kind: str
    less: Sequence[str] = ()
    more: Sequence[str] = ()
    note: str = ""


@dataclass(frozen=True)
class Differences:
    """What differs; `same` says so where nothing does."""

    parts: Sequence[Part]
    same: str


def differences(old: Definition, new: Definition) -> Differences:
    """InputError or UnsupportedError where a definition has no meaning."""
    found = compare_definitions(old, new, language=spoken())
    same = ""
    if found.same_plan:
        same = _("Both are the same.") if found.same_json else _("Both mean the same, and are written differently.")
    return Differences([*map(_part, found.changes), *map(_concepts, found.concept_sets)], same)


def _part(change: Change) -> Part:
    title, kind = _title(change), str(KINDS[change.kind])
    if change.kind == "moved" and change.rule and change.was:
        return Part(title, kind, note=_("It was rule {number}.").format(number=change.was[0]))
    if change.kind == "renamed" and change.rule and change.was:
        return Part(title, kind, [change.was[1]], [change.rule[1]])
    note = ""
    if change.kind == "changed" and not change.before and not change.after:
        note = _("The same words, about other concepts: see the concept sets.")
    return Part(title, kind, change.before, change.after, note)


def _title(change: Change) -> str:
    if change.rule:
        return _("Rule {number}").format(number=change.rule[0]) + (f", {change.rule[1]}" if change.rule[1] else "")
    return _("Entry events") if change.part == "Entry events" else _("When they are in the cohort")


def _concepts(change: SetChange) -> Part:
    title = _("Concept set “{name}”").format(name=change.name)
    return Part(title, str(KINDS[change.kind]), change.items_removed, change.items_added)
