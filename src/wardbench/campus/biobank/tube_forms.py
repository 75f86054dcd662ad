"""The forms of a single specimen: what is made of it, used, corrected, kept back, destroyed."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from wardbench.campus.biobank import places, storage_queries
from wardbench.campus.biobank.amounts import UNITS, amount_of
from wardbench.campus.biobank.models import Container, Specimen
from wardbench.campus.biobank.storage_forms import in_turn
from wardbench.campus.biobank.tubes import MOST_AT_ONCE, Part
from wardbench.campus.people.refusals import refusal
from wardbench.core.errors import InputError
from wardbench.core.miabis import MATERIALS

UNIT_CHOICES = [("", ""), *[(code, code) for code in UNITS]]
MATERIAL_CHOICES = [(code, _(title)) for code, title in MATERIALS.items()]


class _ThawedForm(forms.Form):
    thawed = forms.BooleanField(
        label=_("It was thawed for this"),
        required=False,
        help_text=_("It counts as thawed once more, and so does what is made of it."),
    )


class _AmountForm(forms.Form):
    """A form with `number` and `unit`, that become `amount` (None where nothing is given)."""

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        given["amount"] = None
        if given.get("number"):
            try:
                given["amount"] = amount_of(given["number"], given.get("unit") or "")
            except InputError as error:
                self.add_error("number", refusal(error).partition(": ")[2])
        return given


def _goes(form: forms.Form, given: dict[str, Any]) -> tuple[Container | None, int]:
    """Where `box` and `start` say that new tubes go; faults are said on the form."""
    if not given.get("box"):
        return None, 0
    into = storage_queries.by_barcode(given["box"])
    if into is None:
        said = gettext("No place has this barcode, or several have this name; write the path: Freezer 1 / Rack 2.")
        form.add_error("box", said)
        return None, 0
    try:
        return into, places.place_of(into, given["start"]) if given.get("start") else 0
    except InputError as error:
        form.add_error("start", refusal(error).partition(": ")[2])
        return into, 0


class PartsForm(_AmountForm, _ThawedForm):
    labels = forms.CharField(
        label=_("Labels of the new tubes"),
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false"}),
        max_length=10_000,
        help_text=_("Scan them one after the other, a line each."),
    )
    number = forms.CharField(label=_("How much goes into each"), max_length=20, required=False)
    unit = forms.ChoiceField(label=_("Unit"), choices=UNIT_CHOICES, required=False)
    box = forms.CharField(
        label=_("Into which box"),
        max_length=100,
        required=False,
        help_text=_("Scan its barcode; they go side by side."),
    )
    start = forms.CharField(label=_("From position"), max_length=8, required=False)

    field_order: tuple[str, ...] = ("labels", "number", "unit", "box", "start", "thawed")

    def clean(self) -> dict[str, Any]:
        given = super().clean()
        labels = [line.strip() for line in given.get("labels", "").splitlines() if line.strip()]
        if not 1 <= len(labels) <= MOST_AT_ONCE:
            self.add_error("labels", gettext("Make 1 to %(most)s at once.") % {"most": MOST_AT_ONCE})
        into, first = _goes(self, given)
        has_positions = into is not None and into.positions is not None
        given["parts"] = [
            Part(label, given.get("amount"), into, first + at if has_positions else None)
            for at, label in enumerate(labels)
        ]
        return given


class DeriveForm(PartsForm):
    material = forms.ChoiceField(label=_("What is made"), choices=MATERIAL_CHOICES)
    used_number = forms.CharField(
        label=_("How much of the specimen is used"), max_length=20, required=False, help_text=_("Empty: all of it.")
    )
    used_unit = forms.ChoiceField(label=_("Unit"), choices=UNIT_CHOICES, required=False)

    field_order = ("material", "used_number", "used_unit", "labels", "number", "unit", "box", "start", "thawed")

    def clean(self) -> dict[str, Any]:
        given = super().clean()
        given["used"] = None
        if given.get("used_number"):
            try:
                given["used"] = amount_of(given["used_number"], given.get("used_unit") or "")
            except InputError as error:
                self.add_error("used_number", refusal(error).partition(": ")[2])
        return given


class PoolForm(_AmountForm, _ThawedForm):
    """A specimen is mixed with others; `parts` are the others, `box` and `place` where the new tube goes."""

    others = forms.CharField(
        label=_("Labels of the specimens that it is mixed with"),
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false"}),
        max_length=10_000,
        help_text=_("Scan them one after the other, a line each. All are of one material and one collection."),
    )
    number = forms.CharField(
        label=_("How much of each"), max_length=20, required=False, help_text=_("Empty: all of it.")
    )
    unit = forms.ChoiceField(label=_("Unit"), choices=UNIT_CHOICES, required=False)
    label = forms.CharField(label=_("Label of the new tube"), max_length=64)
    box = forms.CharField(label=_("Into which box"), max_length=100, required=False, help_text=_("Scan its barcode."))
    start = forms.CharField(label=_("Position"), max_length=8, required=False)

    field_order = ("others", "number", "unit", "label", "box", "start", "thawed")

    def clean_others(self) -> list[Specimen]:
        return in_turn(self.cleaned_data["others"])

    def clean(self) -> dict[str, Any]:
        given = super().clean()
        into, place = _goes(self, given)
        given["into"], given["place"] = into, place if into is not None and into.positions is not None else None
        return given


class UseForm(_AmountForm, _ThawedForm):
    number = forms.CharField(label=_("How much"), max_length=20, required=False, help_text=_("Empty: all of it."))
    unit = forms.ChoiceField(label=_("Unit"), choices=UNIT_CHOICES, required=False)
    why = forms.CharField(label=_("Why"), max_length=500)

    field_order = ("number", "unit", "why", "thawed")


class AdjustForm(_AmountForm):
    number = forms.CharField(label=_("How much there is"), max_length=20)
    unit = forms.ChoiceField(label=_("Unit"), choices=UNIT_CHOICES[1:])
    why = forms.CharField(label=_("How you know"), max_length=500)


class CorrectForm(forms.Form):
    material = forms.ChoiceField(label=_("Material"), choices=MATERIAL_CHOICES)
    tube = forms.CharField(label=_("Tube, by SPREC"), max_length=8, required=False)
    collected = forms.DateTimeField(
        label=_("Taken"), required=False, help_text=_("Midnight where only the day is known."),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )  # fmt: skip
    site = forms.CharField(label=_("Anatomical site, by ICD-O"), max_length=16, required=False)
    diagnosis = forms.CharField(label=_("Diagnosis, by ICD-10"), max_length=16, required=False)
    external = forms.CharField(label=_("Name elsewhere"), max_length=100, required=False)
    why = forms.CharField(label=_("Why"), max_length=500)


class WhyForm(forms.Form):
    why = forms.CharField(label=_("Why"), max_length=500)
