"""What a form can say, as one short sentence in the reader's language. What it cannot say, `describe` says."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from wardbench.ward.cohorts.editing import Bound, Demographics, Entry, Event, Number, Rule

DOMAIN_TITLES: Mapping[str, str | Promise] = {
    "condition": gettext_lazy("diagnosis"),
    "drug": gettext_lazy("drug record"),
    "procedure": gettext_lazy("procedure"),
    "measurement": gettext_lazy("measurement"),
    "observation": gettext_lazy("observation"),
    "device": gettext_lazy("device"),
    "visit": gettext_lazy("visit"),
    "specimen": gettext_lazy("sample"),
    "death": gettext_lazy("death"),
    "condition_era": gettext_lazy("period of a disease"),
    "drug_era": gettext_lazy("period on a drug"),
}

OPERATOR_TITLES: Mapping[str, str | Promise] = {
    "gte": gettext_lazy("at least"),
    "gt": gettext_lazy("more than"),
    "lte": gettext_lazy("at most"),
    "lt": gettext_lazy("less than"),
    "eq": gettext_lazy("exactly"),
    "bt": gettext_lazy("between"),
}

SEX_TITLES: Mapping[int, str | Promise] = {8532: gettext_lazy("female"), 8507: gettext_lazy("male")}


def rule_sentence(rule: Rule | Demographics, sets: Mapping[int, str]) -> str:
    """A rule in words: how many of what, when, and what else."""
    if isinstance(rule, Demographics):
        return _demographics(rule)
    counts = {
        "at_least": _("at least {n} {what}"),
        "at_most": _("at most {n} {what}"),
        "exactly": _("exactly {n} {what}"),
    }
    absent = rule.count == 0 and rule.how in ("exactly", "at_most")
    pattern = _("no {what}") if absent else counts[rule.how]
    said = [pattern.format(n=rule.count, what=_event(rule.event, sets)), window(rule.start, rule.end)]
    if rule.same_visit:
        said.append(_("during the same visit"))
    if rule.outside_observation:
        said.append(_("also outside the observation period"))
    return ", ".join(part for part in said if part)


def entry_sentence(entry: Entry, sets: Mapping[int, str]) -> str:
    """An entry event in words."""
    event = _event(entry.event, sets)
    return _("the first {what}").format(what=event) if entry.event.first else _("any {what}").format(what=event)


def window(start: Bound, end: Bound) -> str:
    """When, seen from the day of entry."""
    if start.days is None and end.days is None:
        return _("at any time") if start.side < end.side else _("at no time: the window is turned round")
    if start.days == 0 and end.days == 0:
        return _("on the day of entry")
    if start.days is None:
        if end.days == 0:
            return _("any time before entry or on its day")
        return _("any time until {day}").format(day=day(end.days or 0))
    if end.days is None:
        if start.days == 0:
            return _("on the day of entry or any time after it")
        return _("any time from {day} on").format(day=day(start.days))
    return _("from {first} to {last}").format(first=day(start.days), last=day(end.days))


def day(days: int) -> str:
    if days == 0:
        return _("the day of entry")
    if days < 0:
        return ngettext("{n} day before entry", "{n} days before entry", -days).format(n=-days)
    return ngettext("{n} day after entry", "{n} days after entry", days).format(n=days)


def number(given: Number) -> str:
    """A comparison in words: "at least 8", "between 18 and 65"."""
    if given.extent is not None:
        return _("between {low} and {high}").format(low=f"{given.value:g}", high=f"{given.extent:g}")
    return f"{OPERATOR_TITLES[given.op]} {given.value:g}"


def _event(event: Event, sets: Mapping[int, str]) -> str:
    what = str(DOMAIN_TITLES[event.domain])
    if event.concept_set is not None:
        name = sets.get(event.concept_set, f"{event.concept_set}")
        what = _("{what} of {concepts}").format(what=what, concepts=f"“{name}”")
    if event.value is not None:
        what += " " + _("with a value of {value}").format(value=number(event.value))
    if event.age is not None:
        what += " " + _("at an age of {value} years").format(value=number(event.age))
    return what


def _demographics(rule: Demographics) -> str:
    said = []
    if rule.sex is not None:
        said.append(str(SEX_TITLES[rule.sex]))
    if rule.age is not None:
        said.append(_("{value} years old at entry").format(value=number(rule.age)))
    return ", ".join(said)
