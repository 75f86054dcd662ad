"""The form that says on what labels are printed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from wardbench.campus.biobank.label_sheets import DOTS, PRINTERS, SHEETS, SHIFT, Chosen

USUAL = ("sheet", "first", "printer", "dots")
"""What the form begins with; a print that is not shifted has nothing there."""


class LabelsForm(forms.Form):
    """A sheet of A4 and where on it to begin, or the labels of a label printer."""

    sheet = forms.ChoiceField(
        label=_("Sheet of labels (A4)"), choices=[(code, str(one)) for code, one in SHEETS.items()]
    )
    first = forms.IntegerField(
        label=_("Begin at label number"), min_value=1, help_text=_("Where the first labels of the sheet are gone.")
    )
    right = forms.FloatField(label=_("Shift to the right (mm)"), min_value=-SHIFT, max_value=SHIFT, required=False)
    down = forms.FloatField(label=_("Shift down (mm)"), min_value=-SHIFT, max_value=SHIFT, required=False)
    printer = forms.ChoiceField(
        label=_("Label of the label printer"),
        choices=[(code, f"{width} x {height} mm") for code, (width, height) in PRINTERS.items()],
    )
    dots = forms.ChoiceField(label=_("Dots of the label printer"), choices=[(code, f"{code} dpi") for code in DOTS])

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        most = SHEETS[given["sheet"]].number if given.get("sheet") else 0
        if most and (given.get("first") or 0) > most:
            self.add_error("first", gettext("The sheet has labels 1 to %(most)s.") % {"most": most})
        return given


def chosen(given: Mapping[str, str]) -> tuple[LabelsForm, Chosen]:
    """The form of an address, and what it says; the usual where it says nothing, or what is no such label."""
    usual = Chosen()
    values = {
        name: given.get(name) or (str(getattr(usual, name)) if name in USUAL else "") for name in LabelsForm.base_fields
    }
    form = LabelsForm(values)
    if not form.is_valid():
        return form, usual
    read = form.cleaned_data
    return form, Chosen(**{**read, "right": read["right"] or 0.0, "down": read["down"] or 0.0})
