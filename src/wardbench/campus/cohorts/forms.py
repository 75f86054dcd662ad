"""Forms of the builder. Those that edit a part of a definition read it (`of`) and give it back (`part`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from wardbench.campus.cohorts.sentences import DOMAIN_TITLES, OPERATOR_TITLES, SEX_TITLES
from wardbench.campus.people.refusals import refusal as said_of
from wardbench.core.errors import InputError
from wardbench.ward.cohorts.editing import (
    Bound,
    Demographics,
    Entry,
    Event,
    Exit,
    Number,
    Outline,
    Rule,
)

NO_SET = ""
SIDES = (
    ("any", _("any time")),
    ("before", _("days before")),
    ("on", _("the day of entry")),
    ("after", _("days after")),
)
OPERATORS = (("", _("any")), *OPERATOR_TITLES.items())
COUNTS = (("at_least", _("at least")), ("at_most", _("at most")), ("exactly", _("exactly")))
MOST_DAYS = 36_500


class PartForm(forms.Form):
    """A form whose fields together make a part; what the part refuses is said at the form."""

    def part(self) -> Any:
        raise NotImplementedError

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        if not self.errors:
            try:
                self.part()
            except InputError as error:
                raise forms.ValidationError(said_of(error)) from None
        return cleaned

    def compared(self, name: str) -> Number | None:
        op, value, extent = (self.cleaned_data.get(f"{name}{end}") for end in ("_op", "", "_to"))
        if not op:
            return None
        if value is None:
            raise InputError(gettext("%(label)s: give a number.") % {"label": self.fields[name].label})
        return Number(op, value, extent if op == "bt" else None)


def _compared(name: str, given: Number | None) -> dict[str, Any]:
    if given is None:
        return {}
    return {f"{name}_op": given.op, name: f"{given.value:g}", f"{name}_to": given.extent}


class EventForm(PartForm):
    """What events are asked for."""

    domain = forms.ChoiceField(label=_("Of what kind"), choices=list(DOMAIN_TITLES.items()))
    concept_set = forms.ChoiceField(label=_("Of which concepts"), required=False)
    value_op = forms.ChoiceField(label=_("Value"), choices=OPERATORS, required=False)
    value = forms.FloatField(label=_("value"), required=False)
    value_to = forms.FloatField(label=_("and"), required=False)
    age_op = forms.ChoiceField(label=_("Age at the time"), choices=OPERATORS, required=False)
    age = forms.IntegerField(label=_("age in years"), min_value=0, max_value=150, required=False)
    age_to = forms.IntegerField(label=_("and"), min_value=0, max_value=150, required=False)
    first = forms.BooleanField(label=_("Only the first of each person, ever"), required=False)

    def __init__(self, *args: Any, sets: Mapping[int, str], sources: Sequence[int] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._sources = frozenset(sources)
        field = self.fields["concept_set"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(NO_SET, _("any at all")), *((str(id), name) for id, name in sets.items())]

    def event(self) -> Event:
        given = self.cleaned_data
        domain = given["domain"]
        chosen = int(given["concept_set"]) if given["concept_set"] != NO_SET else None
        source = chosen in self._sources and domain not in ("specimen", "condition_era", "drug_era")
        value = self.compared("value") if domain == "measurement" else None
        return Event(domain, chosen, source, bool(given["first"]), value, self.compared("age"))

    @staticmethod
    def of_event(event: Event) -> dict[str, Any]:
        return {
            "domain": event.domain,
            "concept_set": NO_SET if event.concept_set is None else str(event.concept_set),
            "first": event.first,
            **_compared("value", event.value),
            **_compared("age", event.age),
        }


class EntryForm(EventForm):
    def part(self) -> Entry:
        return Entry(self.event())

    @classmethod
    def of(cls, entry: Entry) -> dict[str, Any]:
        return cls.of_event(entry.event)


class RuleForm(EventForm):
    name = forms.CharField(label=_("Name of the rule"), max_length=200)
    how = forms.ChoiceField(label=_("How many"), choices=COUNTS)
    count = forms.IntegerField(label=_("times"), min_value=0, max_value=1000)
    from_side = forms.ChoiceField(label=_("From"), choices=SIDES)
    from_days = forms.IntegerField(label=_("days"), min_value=0, max_value=MOST_DAYS, required=False)
    to_side = forms.ChoiceField(label=_("Until"), choices=SIDES)
    to_days = forms.IntegerField(label=_("days"), min_value=0, max_value=MOST_DAYS, required=False)
    same_visit = forms.BooleanField(label=_("During the same visit as the entry"), required=False)
    outside_observation = forms.BooleanField(label=_("Also outside the observation period"), required=False)

    field_order = ("name", "how", "count", "domain", "concept_set")

    def part(self) -> Rule:
        given = self.cleaned_data
        return Rule(
            given["name"].strip(),
            given["how"],
            given["count"],
            self.event(),
            self._bound("from", -1),
            self._bound("to", 1),
            bool(given["same_visit"]),
            bool(given["outside_observation"]),
        )

    def _bound(self, end: str, side: int) -> Bound:
        chosen, days = self.cleaned_data[f"{end}_side"], self.cleaned_data[f"{end}_days"]
        if chosen == "any":
            return Bound(None, side)
        if chosen == "on":
            return Bound(0, side)
        if days is None:
            raise InputError(gettext("%(label)s: say how many days.") % {"label": self.fields[f"{end}_side"].label})
        return Bound(-days, -1) if chosen == "before" else Bound(days, 1)

    @classmethod
    def of(cls, rule: Rule) -> dict[str, Any]:
        return {
            **cls.of_event(rule.event),
            "name": rule.name,
            "how": rule.how,
            "count": rule.count,
            **_side("from", rule.start),
            **_side("to", rule.end),
            "same_visit": rule.same_visit,
            "outside_observation": rule.outside_observation,
        }


def _side(end: str, bound: Bound) -> dict[str, Any]:
    if bound.days is None:
        return {f"{end}_side": "any"}
    side = "on" if bound.days == 0 else "before" if bound.days < 0 else "after"
    return {f"{end}_side": side, f"{end}_days": abs(bound.days) or None}


class DemographicsForm(PartForm):
    name = forms.CharField(label=_("Name of the rule"), max_length=200)
    age_op = forms.ChoiceField(label=_("Age at entry"), choices=OPERATORS, required=False)
    age = forms.IntegerField(label=_("age in years"), min_value=0, max_value=150, required=False)
    age_to = forms.IntegerField(label=_("and"), min_value=0, max_value=150, required=False)
    sex = forms.ChoiceField(
        label=_("Sex"),
        choices=[("", _("any")), *((str(id), title) for id, title in SEX_TITLES.items())],
        required=False,
    )

    def part(self) -> Demographics:
        sex = self.cleaned_data["sex"]
        return Demographics(self.cleaned_data["name"].strip(), self.compared("age"), int(sex) if sex else None)

    @classmethod
    def of(cls, rule: Demographics) -> dict[str, Any]:
        return {"name": rule.name, **_compared("age", rule.age), "sex": str(rule.sex or "")}


class CourseForm(forms.Form):
    """Which entry of a person counts, how long somebody is observed before, and when they leave."""

    limit = forms.ChoiceField(
        label=_("Which entry of a person counts"),
        choices=[("First", _("the first")), ("Last", _("the last")), ("All", _("every one"))],
    )
    prior = forms.IntegerField(label=_("Days observed before entry, at least"), min_value=0, max_value=MOST_DAYS)
    post = forms.IntegerField(label=_("Days observed after entry, at least"), min_value=0, max_value=MOST_DAYS)
    kind = forms.ChoiceField(
        label=_("They leave the cohort"),
        choices=[
            ("observation", _("when their observation ends")),
            ("after_start", _("a number of days after the entry starts")),
            ("after_end", _("a number of days after the entry event ends")),
        ],
    )
    days = forms.IntegerField(label=_("That many days"), min_value=0, max_value=MOST_DAYS, required=False)

    def __init__(self, *args: Any, outline: Outline, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # What the form cannot say is not asked, and so stays as it is.
        if outline.exit is None:
            del self.fields["kind"], self.fields["days"]
        if outline.limit is None:
            del self.fields["limit"]

    def exit(self) -> Exit | None:
        if "kind" not in self.fields:
            return None
        return Exit(self.cleaned_data["kind"], self.cleaned_data["days"] or 0)

    @classmethod
    def of(cls, outline: Outline) -> dict[str, Any]:
        found: dict[str, Any] = {"prior": outline.observed[0], "post": outline.observed[1], "limit": outline.limit}
        if outline.exit:
            found |= {"kind": outline.exit.kind, "days": outline.exit.days or None}
        return found


class NewForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=200, help_text=_("Such as: type 2 diabetes, new on metformin."))
    about = forms.CharField(label=_("What it is for"), widget=forms.Textarea(attrs={"rows": 2}), required=False)
    text = forms.CharField(
        label=_("ATLAS JSON"),
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false"}),
        required=False,
        help_text=_("Paste a definition here, or upload a file, to go on from it."),
    )
    file = forms.FileField(label=_("File of ATLAS JSON"), required=False)


class JsonForm(forms.Form):
    text = forms.CharField(
        label=_("ATLAS JSON"), widget=forms.Textarea(attrs={"rows": 24, "spellcheck": "false"}), required=False
    )
    file = forms.FileField(label=_("Or upload a file"), required=False)


class SaveForm(forms.Form):
    note = forms.CharField(
        label=_("What changed, and why"), max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )


class NameForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=200)
    about = forms.CharField(label=_("What it is for"), widget=forms.Textarea(attrs={"rows": 2}), required=False)


class ShareForm(forms.Form):
    whom = forms.ChoiceField(label=_("With whom"))
    may_edit = forms.BooleanField(label=_("They may change it too"), required=False)

    def __init__(self, *args: Any, choices: Sequence[tuple[str, Any]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["whom"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = list(choices)
