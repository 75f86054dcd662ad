"""Fields that compare: a number or a calendar day with what it has to be, and what such fields are called."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from wardbench.campus.cohorts.sentences import DAY_TITLES, OPERATOR_TITLES
from wardbench.core.errors import InputError
from wardbench.ward.cohorts.editing import MOST_DAYS, WHOLE, Day, Number

OPERATORS = (("", _("any")), *OPERATOR_TITLES.items())
DAY_OPERATORS = (("", _("any")), *DAY_TITLES.items())
MOST_YEARS = 150

NUMBER_TITLES: Mapping[str, Any] = {
    "value": _("Value"),
    "low": _("Lower reference limit"),
    "high": _("Upper reference limit"),
    "low_ratio": _("Value divided by the lower limit"),
    "high_ratio": _("Value divided by the upper limit"),
    "quantity": _("Quantity"),
    "pieces": _("How many at once"),
    "days_supply": _("Days supplied"),
    "length": _("Length in days"),
    "occurrences": _("Number of records in it"),
    "age": _("Age at the time"),
}
CODED_TITLES: Mapping[str, Any] = {
    "unit": _("Unit"),
    "value_as": _("Coded value"),
    "visit_type": _("During a visit of this kind"),
}
DAY_FIELD_TITLES: Mapping[str, Any] = {"began": _("Calendar day on which it began")}


class ConditionForm(forms.Form):
    """A form of one condition, which gives it back as `shape`; InputError says what the shape refuses."""

    def shape(self) -> Any:
        raise NotImplementedError

    def add_number(self, name: str, title: Any) -> None:
        """Fields that compare a number: how, with what, and with what else."""
        whole = name in WHOLE
        kind: Any = forms.IntegerField if whole else forms.FloatField
        bounds = {"min_value": 0, "max_value": MOST_YEARS if name == "age" else MOST_DAYS} if whole else {}
        self.fields[f"{name}_op"] = forms.ChoiceField(label=title, choices=OPERATORS, required=False)
        self.fields[name] = kind(label=_("years") if name == "age" else _("number"), required=False, **bounds)
        self.fields[f"{name}_to"] = kind(label=_("and"), required=False, **bounds)

    def add_day(self, name: str, title: Any) -> None:
        """As `add_number`, for calendar days."""
        self.fields[f"{name}_op"] = forms.ChoiceField(label=title, choices=DAY_OPERATORS, required=False)
        for end, label in (("", _("day")), ("_to", _("and"))):
            widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
            self.fields[f"{name}{end}"] = forms.DateField(label=label, widget=widget, required=False)

    def compared(self, name: str) -> tuple[str, Any, Any] | None:
        op, value, extent = (self.cleaned_data.get(f"{name}{end}") for end in ("_op", "", "_to"))
        if not op:
            return None
        if value is None or (op == "bt" and extent is None):
            title = self.fields[f"{name}_op"].label
            if isinstance(self.fields[name], forms.DateField):
                raise InputError(gettext("%(label)s: give a day.") % {"label": title})
            raise InputError(gettext("%(label)s: give a number.") % {"label": title})
        return op, value, extent if op == "bt" else None

    def number(self, name: str) -> Number | None:
        given = self.compared(name)
        return Number(*given) if given else None

    def day(self, name: str) -> Day | None:
        given = self.compared(name)
        return Day(*given) if given else None


def compared(name: str, given: Number | Day | None) -> dict[str, Any]:
    """What the fields of a comparison hold."""
    if given is None:
        return {}
    value: Any = given.value if isinstance(given.value, date) else f"{given.value:g}"
    return {f"{name}_op": given.op, name: value, f"{name}_to": given.extent}
