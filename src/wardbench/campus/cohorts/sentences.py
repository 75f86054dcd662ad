"""What a form can say, as one short sentence in the reader's language. What it cannot say, `describe` says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from wardbench.ward.cohorts.editing import (
    ERAS,
    Bound,
    Coded,
    Criterion,
    Day,
    Entry,
    Event,
    Group,
    Number,
    Person,
    Rule,
    Window,
)

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

DAY_TITLES: Mapping[str, str | Promise] = {
    "gte": gettext_lazy("on or after"),
    "gt": gettext_lazy("after"),
    "lte": gettext_lazy("on or before"),
    "lt": gettext_lazy("before"),
    "eq": gettext_lazy("on"),
    "bt": gettext_lazy("between"),
}

GROUP_TITLES: Mapping[str, str | Promise] = {
    "all": gettext_lazy("all have to hold"),
    "any": gettext_lazy("one is enough"),
    "at_least": gettext_lazy("at least so many have to hold"),
    "at_most": gettext_lazy("at most so many may hold"),
}

SEX_TITLES: Mapping[int, str | Promise] = {8532: gettext_lazy("female"), 8507: gettext_lazy("male")}


@dataclass(frozen=True)
class Said:
    """A line of words, as deep as the condition that it says; `place` is the condition's number among others."""

    depth: int
    place: str
    text: str


def rule_lines(rule: Rule | Group, sets: Mapping[int, str]) -> list[Said]:
    """A rule in words, one line for each condition: how many of what, when, and what else."""
    group = rule.group if isinstance(rule, Rule) else rule
    return list(_condition(group, sets, 0, "", False))


def entry_lines(entry: Entry, sets: Mapping[int, str]) -> list[Said]:
    """An entry event in words, and below it what has to be around it."""
    return [Said(0, "", entry_sentence(entry, sets)), *_around(entry.event, sets, 0, "")]


def entry_sentence(entry: Entry, sets: Mapping[int, str]) -> str:
    """An entry event in words."""
    event = _event(entry.event, sets)
    return _("the first {what}").format(what=event) if entry.event.first else _("any {what}").format(what=event)


def _condition(
    given: Group | Criterion | Person, sets: Mapping[int, str], depth: int, place: str, is_around: bool
) -> Iterator[Said]:
    if isinstance(given, Person):
        yield Said(depth, place, _person(given, is_around))
    elif isinstance(given, Criterion):
        yield Said(depth, place, _criterion(given, sets, is_around))
        yield from _around(given.event, sets, depth, place)
    elif len(given.members) == 1 and given.how != "at_most" and not (given.how == "at_least" and given.count != 1):
        # Of one condition all, any and at least one are the same.
        yield from _condition(given.members[0], sets, depth, place, is_around)
    else:
        yield Said(depth, place, _group(given))
        for number, one in enumerate(given.members, start=1):
            yield from _condition(one, sets, depth + 1, f"{place}.{number}" if place else str(number), is_around)


def _around(event: Event, sets: Mapping[int, str], depth: int, place: str) -> Iterator[Said]:
    if event.around is not None:
        yield Said(depth + 1, "", _("and around it:"))
        # What is around it is one condition, and its parts are numbered below its own: no number stands twice.
        first, *below = _condition(event.around, sets, depth + 1, place, True)
        yield replace(first, place="")
        yield from below


def _group(given: Group) -> str:
    pattern = {
        "all": _("all of these:"),
        "any": _("at least one of these:"),
        "at_least": _("at least {n} of these:"),
        "at_most": _("at most {n} of these:"),
    }[given.how]
    return pattern.format(n=given.count)


def _criterion(given: Criterion, sets: Mapping[int, str], is_around: bool) -> str:
    what = _event(given.event, sets)
    if given.event.first:
        what = _("first {what}").format(what=what)
    if given.distinct:
        said = {
            "days": ngettext("{n} day with a {what}", "{n} different days with a {what}", given.count),
            "visits": ngettext("{n} visit with a {what}", "{n} different visits with a {what}", given.count),
            "concepts": ngettext("{n} concept of a {what}", "{n} different concepts of a {what}", given.count),
        }[given.distinct].format(n=given.count, what=what)
        counted = {"at_least": _("at least {what}"), "at_most": _("at most {what}"), "exactly": _("exactly {what}")}
        found = [counted[given.how].format(what=said)]
    else:
        counts = {
            "at_least": _("at least {n} {what}"),
            "at_most": _("at most {n} {what}"),
            "exactly": _("exactly {n} {what}"),
        }
        absent = given.count == 0 and given.how in ("exactly", "at_most")
        found = [(_("no {what}") if absent else counts[given.how]).format(n=given.count, what=what)]
    found.append(_window(given.window, is_around, False))
    if given.second is not None:
        found.append(_("and {window}").format(window=_window(given.second, is_around, True)))
    if given.same_visit:
        found.append(_("during the same visit"))
    if given.outside_observation:
        found.append(_("also outside the observation period"))
    return ", ".join(part for part in found if part)


def _window(given: Window, is_around: bool, is_second: bool) -> str:
    """When, seen from the entry or the event around which it is asked for."""
    said = window(given.start, given.end, is_around)
    if given.of_end:
        said = _("ending {window}").format(window=said)
    elif is_second:
        said = _("beginning {window}").format(window=said)
    if given.from_end:
        said = _("{window} (counted from its last day)").format(window=said)
    return said


def window(start: Bound, end: Bound, is_around: bool = False) -> str:
    """When, seen from the day of entry, or from the day of another event around which it is asked for."""
    own = _("the same day") if is_around else _("the day of entry")
    if start.days is None and end.days is None:
        return _("at any time") if start.side < end.side else _("at no time: the window is turned round")
    if start.days == 0 and end.days == 0:
        return _("on the same day") if is_around else _("on the day of entry")
    if start.days is None:
        if end.days == 0:
            return _("any time before it or on the same day") if is_around else _("any time before entry or on its day")
        return _("any time until {day}").format(day=day(end.days or 0, is_around))
    if end.days is None:
        if start.days == 0:
            return _("on {day} or any time after it").format(day=own)
        return _("any time from {day} on").format(day=day(start.days, is_around))
    return _("from {first} to {last}").format(first=day(start.days, is_around), last=day(end.days, is_around))


def day(days: int, is_around: bool = False) -> str:
    if days == 0:
        return _("the same day") if is_around else _("the day of entry")
    if days < 0:
        if is_around:
            return ngettext("{n} day before it", "{n} days before it", -days).format(n=-days)
        return ngettext("{n} day before entry", "{n} days before entry", -days).format(n=-days)
    if is_around:
        return ngettext("{n} day after it", "{n} days after it", days).format(n=days)
    return ngettext("{n} day after entry", "{n} days after entry", days).format(n=days)


def number(given: Number) -> str:
    """A comparison in words: "at least 8", "between 18 and 65"."""
    if given.extent is not None:
        return _("between {low} and {high}").format(low=f"{given.value:g}", high=f"{given.extent:g}")
    return f"{OPERATOR_TITLES[given.op]} {given.value:g}"


def calendar(given: Day) -> str:
    """A comparison of days in words: "on or after 1 January 2020"."""
    first = date_format(given.value, "j F Y")
    if given.extent is not None:
        return _("between {low} and {high}").format(low=first, high=date_format(given.extent, "j F Y"))
    return f"{DAY_TITLES[given.op]} {first}"


def event_words(domain: str) -> str:
    """What an event of a domain is called."""
    return str(DOMAIN_TITLES.get(domain, domain))


def _event(event: Event, sets: Mapping[int, str]) -> str:
    what = str(DOMAIN_TITLES[event.domain])
    if event.concept_set is not None:
        name = sets.get(event.concept_set, f"{event.concept_set}")
        what = _("{what} of {concepts}").format(what=what, concepts=f"“{name}”")
    numbers = {
        "value": _("with a value of {value}"),
        "low": _("with a lower reference limit of {value}"),
        "high": _("with an upper reference limit of {value}"),
        "low_ratio": _("with a value of {value} times the lower reference limit"),
        "high_ratio": _("with a value of {value} times the upper reference limit"),
        "quantity": _("with a quantity of {value}"),
        "pieces": _("{value} at once"),
        "days_supply": _("with {value} days supplied"),
        "length": _("that lasts {value} days"),
        "occurrences": _("with {value} records in it"),
        "age": _("at an age of {value} years"),
    }
    coded = {
        "unit": _("in {value}"),
        "value_as": _("with the value {value}"),
        "visit_type": _("during a visit of the kind {value}"),
    }
    said = [
        pattern.format(value=number(event.numbers[name])) for name, pattern in numbers.items() if name in event.numbers
    ]
    said += [pattern.format(value=_codes(event.coded[name])) for name, pattern in coded.items() if name in event.coded]
    if "began" in event.days:
        lasts = event.domain in (*ERAS, "condition", "drug", "visit", "device")
        day_of = calendar(event.days["began"])
        said.append(_("that began {day}").format(day=day_of) if lasts else day_of)
    return " ".join([what, *said])


def _codes(coded: Sequence[Coded]) -> str:
    names = [one.name or one.code or str(one.concept_id) for one in coded]
    return _(" or ").join(names)


def _person(given: Person, is_around: bool) -> str:
    said = []
    if given.sex is not None:
        said.append(str(SEX_TITLES[given.sex]))
    if given.age is not None:
        pattern = _("{value} years old on that day") if is_around else _("{value} years old at entry")
        said.append(pattern.format(value=number(given.age)))
    return ", ".join(said)
