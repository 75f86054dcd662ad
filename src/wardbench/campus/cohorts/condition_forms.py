"""Forms of single conditions: an event, how many of them and when, who the person is, and how a group holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from wardbench.campus.cohorts.comparisons import (
    CODED_TITLES,
    DAY_FIELD_TITLES,
    NUMBER_TITLES,
    ConditionForm,
    compared,
)
from wardbench.campus.cohorts.sentences import DOMAIN_TITLES, GROUP_TITLES, SEX_TITLES
from wardbench.core.errors import InputError
from wardbench.ward.cohorts.editing import (
    CODED,
    DAYS,
    MOST_DAYS,
    NUMBERS,
    SOURCES,
    Bound,
    Coded,
    Criterion,
    Entry,
    Event,
    Group,
    Person,
    Recorded,
    Window,
)

NO_SET = ""
COUNTS = (("at_least", _("at least")), ("at_most", _("at most")), ("exactly", _("exactly")))
DISTINCT = (
    ("", _("every one")),
    ("days", _("days, each once")),
    ("visits", _("visits, each once")),
    ("concepts", _("concepts, each once")),
)


class EventForm(ConditionForm):
    """What events are asked for. `codes` are the coded values to choose from, by name."""

    domain = forms.ChoiceField(label=_("Of what kind"), choices=list(DOMAIN_TITLES.items()))
    concept_set = forms.ChoiceField(label=_("Of which concepts"), required=False)
    first = forms.BooleanField(label=_("Only the first of each person, ever"), required=False)

    def __init__(
        self,
        *args: Any,
        event: Event,
        sets: Mapping[int, str],
        sources: Sequence[int] = (),
        codes: Mapping[str, Sequence[Recorded]],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self._sources = frozenset(sources)
        field = self.fields["concept_set"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(NO_SET, _("any at all")), *((str(id), name) for id, name in sets.items())]
        for name in NUMBERS:
            self.add_number(name, NUMBER_TITLES[name])
        for name in DAYS:
            self.add_day(name, DAY_FIELD_TITLES[name])
        # What is asked for stays to choose from, also where no record has it.
        self._codes: dict[str, dict[str, Coded]] = {}
        for name in CODED:
            asked = [Recorded(one, 0) for one in event.coded.get(name, ())]
            persons = {str(one.coded.concept_id): one.persons for one in [*asked, *codes.get(name, ())]}
            known = {str(one.coded.concept_id): one.coded for one in [*codes.get(name, ()), *asked]}
            if known:
                self._codes[name] = known
                self.fields[name] = forms.MultipleChoiceField(
                    label=CODED_TITLES[name],
                    required=False,
                    widget=forms.CheckboxSelectMultiple,
                    choices=[(id, _code_title(known[id], persons[id])) for id in persons],
                )

    def event(self, around: Group | None = None) -> Event:
        given = self.cleaned_data
        domain = given["domain"]
        chosen = int(given["concept_set"]) if given["concept_set"] != NO_SET else None
        numbers = {name: self.number(name) for name, domains in NUMBERS.items() if domain in domains}
        days = {name: self.day(name) for name, domains in DAYS.items() if domain in domains}
        coded = {
            name: tuple(known[id] for id in given[name])
            for name, known in self._codes.items()
            if domain in CODED[name] and given[name]
        }
        return Event(
            domain,
            chosen,
            chosen in self._sources and domain in SOURCES,
            bool(given["first"]),
            {name: number for name, number in numbers.items() if number is not None},
            {name: day for name, day in days.items() if day is not None},
            coded,
            around,
        )

    @staticmethod
    def of_event(event: Event) -> dict[str, Any]:
        found: dict[str, Any] = {
            "domain": event.domain,
            "concept_set": NO_SET if event.concept_set is None else str(event.concept_set),
            "first": event.first,
        }
        for name, number in event.numbers.items():
            found |= compared(name, number)
        for name, day in event.days.items():
            found |= compared(name, day)
        return found | {name: [str(one.concept_id) for one in coded] for name, coded in event.coded.items()}


def _code_title(coded: Coded, persons: int) -> str:
    name = coded.name or coded.code or str(coded.concept_id)
    return f"{name} ({persons})" if persons else name


class EntryForm(EventForm):
    """An event that starts the cohort, or ends it early."""

    def shape(self, around: Group | None = None) -> Event:
        return self.event(around)

    @classmethod
    def of(cls, entry: Entry | Event) -> dict[str, Any]:
        return cls.of_event(entry.event if isinstance(entry, Entry) else entry)


SIDES = (
    ("any", _("any time")),
    ("before", _("days before")),
    ("on", _("the day of entry")),
    ("after", _("days after")),
)
SIDES_AROUND = (
    ("any", _("any time")),
    ("before", _("days before")),
    ("on", _("the same day")),
    ("after", _("days after")),
)
BEGINS_OR_ENDS = (("start", _("begins")), ("end", _("ends")))
SECOND = (
    ("", _("no second window")),
    ("start", _("the day on which it begins")),
    ("end", _("the day on which it ends")),
)


class CriterionForm(EventForm):
    """How many events, and when. `is_around` where the window is around another event and not around the entry."""

    how = forms.ChoiceField(label=_("How many"), choices=COUNTS)
    count = forms.IntegerField(label=_("times"), min_value=0, max_value=1000)
    distinct = forms.ChoiceField(label=_("What is counted"), choices=DISTINCT, required=False)
    same_visit = forms.BooleanField(label=_("During the same visit as the entry"), required=False)
    outside_observation = forms.BooleanField(label=_("Also outside the observation period"), required=False)

    def __init__(self, *args: Any, is_around: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if is_around:
            self.fields["same_visit"].label = _("During the same visit as that event")
        self._add_window("", is_around)
        self.fields["of"] = forms.ChoiceField(
            label=_("The window is for the day on which it"), choices=BEGINS_OR_ENDS, required=False
        )
        self.fields["second"] = forms.ChoiceField(label=_("And in a second window"), choices=SECOND, required=False)
        self._add_window("second_", is_around)

    def _add_window(self, prefix: str, is_around: bool) -> None:
        sides: Sequence[tuple[str, str | Promise]] = SIDES_AROUND if is_around else SIDES
        for end, title in (("from", _("From")), ("to", _("Until"))):
            self.fields[f"{prefix}{end}_side"] = forms.ChoiceField(label=title, choices=sides, required=not prefix)
            self.fields[f"{prefix}{end}_days"] = forms.IntegerField(
                label=_("days"), min_value=0, max_value=MOST_DAYS, required=False
            )
        self.fields[f"{prefix}anchor"] = forms.ChoiceField(
            label=_("Days are counted from the day on which that event")
            if is_around
            else _("Days are counted from the day on which the entry event"),
            choices=BEGINS_OR_ENDS,
            required=False,
        )

    def shape(self, around: Group | None = None) -> Criterion:
        given = self.cleaned_data
        second = self._window("second_", given["second"] == "end") if given["second"] else None
        return Criterion(
            given["how"],
            given["count"],
            self.event(around),
            self._window("", given["of"] == "end"),
            second,
            bool(given["same_visit"]),
            bool(given["outside_observation"]),
            given["distinct"],
        )

    def _window(self, prefix: str, of_end: bool) -> Window:
        from_end = self.cleaned_data[f"{prefix}anchor"] == "end"
        return Window(self._bound(f"{prefix}from", -1), self._bound(f"{prefix}to", 1), of_end, from_end)

    def _bound(self, end: str, side: int) -> Bound:
        chosen, days = self.cleaned_data[f"{end}_side"] or "any", self.cleaned_data[f"{end}_days"]
        if chosen == "any":
            return Bound(None, side)
        if chosen == "on":
            return Bound(0, side)
        if days is None:
            raise InputError(gettext("%(label)s: say how many days.") % {"label": self.fields[f"{end}_side"].label})
        return Bound(-days, -1) if chosen == "before" else Bound(days, 1)

    @classmethod
    def of(cls, given: Criterion) -> dict[str, Any]:
        second = {"second": ""}
        if given.second is not None:
            second = {"second": "end" if given.second.of_end else "start", **_window("second_", given.second)}
        return {
            **cls.of_event(given.event),
            "how": given.how,
            "count": given.count,
            "distinct": given.distinct,
            "of": "end" if given.window.of_end else "start",
            **_window("", given.window),
            **second,
            "same_visit": given.same_visit,
            "outside_observation": given.outside_observation,
        }


def _window(prefix: str, given: Window) -> dict[str, Any]:
    found = {f"{prefix}anchor": "end" if given.from_end else "start"}
    for end, bound in (("from", given.start), ("to", given.end)):
        if bound.days is None:
            found[f"{prefix}{end}_side"] = "any"
        else:
            side = "on" if bound.days == 0 else "before" if bound.days < 0 else "after"
            found |= {f"{prefix}{end}_side": side, f"{prefix}{end}_days": abs(bound.days) or None}  # type: ignore[dict-item]
    return found


class PersonForm(ConditionForm):
    """Who the person is on the day."""

    sex = forms.ChoiceField(
        label=_("Sex"),
        choices=[("", _("any")), *((str(id), title) for id, title in SEX_TITLES.items())],
        required=False,
    )

    def __init__(self, *args: Any, is_around: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.add_number("age", _("Age on that day") if is_around else _("Age at entry"))

    def shape(self) -> Person:
        sex = self.cleaned_data["sex"]
        return Person(self.number("age"), int(sex) if sex else None)

    @classmethod
    def of(cls, given: Person) -> dict[str, Any]:
        return {**compared("age", given.age), "sex": str(given.sex or "")}


class GroupForm(ConditionForm):
    """How many of the conditions of a group have to hold."""

    how = forms.ChoiceField(label=_("Of these conditions"), choices=list(GROUP_TITLES.items()))
    count = forms.IntegerField(label=_("so many"), min_value=0, max_value=1000, required=False)

    def shape_of(self, members: Sequence[Any]) -> Group:
        how = self.cleaned_data["how"]
        count = self.cleaned_data["count"]
        if how.startswith("at_") and count is None:
            raise InputError(gettext("%(label)s: give a number.") % {"label": self.fields["how"].label})
        return Group(how, tuple(members), count if how.startswith("at_") else 0)

    @classmethod
    def of(cls, given: Group) -> dict[str, Any]:
        return {"how": given.how, "count": given.count if given.how.startswith("at_") else None}
