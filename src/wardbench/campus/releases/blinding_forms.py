"""The forms of blinded panels: what one is to be, and what was measured of it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from wardbench.campus.biobank.amounts import UNITS, amount_of
from wardbench.campus.outcomes import given as tables
from wardbench.campus.people.refusals import refusal
from wardbench.campus.releases import blinding_queries, blinding_sheet
from wardbench.campus.releases.blinding import FEWEST, LONGEST_METHOD, MOST, MOST_DAYS, Wish
from wardbench.campus.samples import looking
from wardbench.campus.samples.looking import Scope
from wardbench.core.errors import InputError
from wardbench.core.miabis import MATERIALS


class PanelForm(forms.Form):
    cohort = forms.ChoiceField(label=_("Of which patients"), help_text=_("A cohort that the permit covers."))
    analyte = forms.ChoiceField(
        label=_("What is measured"), help_text=_("Each with the unit of the hospital's results; yours are in it too.")
    )
    method = forms.CharField(
        label=_("Your method"), max_length=LONGEST_METHOD, help_text=_("As it is to be called beside the hospital's.")
    )
    material = forms.ChoiceField(label=_("Material"))
    places = forms.IntegerField(
        label=_("How many specimens"), min_value=FEWEST, max_value=MOST, initial=40,
        help_text=_("Each of another donor, spread over the range of the hospital's results. Forty are usual."),
    )  # fmt: skip
    days = forms.IntegerField(
        label=_("Days between result and specimen at most"), min_value=0, max_value=MOST_DAYS, initial=1
    )
    decisions = forms.CharField(
        label=_("Decision limits"), max_length=100, required=False,
        help_text=_("Two specimens are chosen beside each, one on either side. As 7.0; 11.1. May be left empty."),
    )  # fmt: skip
    amount = forms.CharField(
        label=_("How much of each"), max_length=20, required=False, help_text=_("Leave empty to ask for all of it.")
    )
    unit = forms.ChoiceField(label=_("Unit"), choices=[(one, one) for one in UNITS], required=False)

    def __init__(self, *args: Any, scope: Scope, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices: Mapping[str, Sequence[tuple[str, str]]] = {
            "cohort": looking.cohorts_of(scope),
            "analyte": [
                (f"{one.concept_id} {one.unit}", f"{one.name}, {one.unit} ({one.code})")
                for one in blinding_queries.analytes()
            ],
            "material": [(one, gettext(MATERIALS[one])) for one in sorted(scope.materials)],
        }
        for name, found in choices.items():
            self.fields[name].choices = found  # type: ignore[attr-defined]

    def clean_decisions(self) -> tuple[float, ...]:
        try:
            limits = tuple(float(one) for one in self.cleaned_data["decisions"].replace(";", " ").split())
        except ValueError:
            limits = (math.nan,)
        if not all(math.isfinite(one) and one > 0 for one in limits):
            raise forms.ValidationError(gettext("Write numbers above 0, as 7.0; 11.1."))
        return limits

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        given["each"] = None
        if given.get("amount"):
            try:
                given["each"] = amount_of(given["amount"], given.get("unit") or "?")
            except InputError as error:
                self.add_error("amount", str(error).partition(": ")[2])
        return given

    def wish(self) -> Wish:
        """What a valid form asks for; InputError for what does not fit together."""
        given = self.cleaned_data
        concept, _space, unit = given["analyte"].partition(" ")
        return Wish(
            given["cohort"], int(concept), unit, given["material"], given["method"], given["places"], given["days"],
            given["decisions"], given["each"],
        )  # fmt: skip


class MeasuredForm(forms.Form):
    """What was measured, pasted or as a file."""

    values = forms.CharField(
        label=_("Values by code"), widget=forms.Textarea(attrs={"rows": 12, "spellcheck": "false"}), required=False,
        max_length=20_000,
        help_text=_(
            "A line for each code: the code, a comma, the value. Write failed where none could be measured. A line that"
            " is left out changes nothing, an empty value is taken away."
        ),
    )  # fmt: skip
    values_file = forms.FileField(label=_("Or send it as a CSV file"), required=False, max_length=200)

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        file = given.get("values_file")
        try:
            table = tables.of_file(file) if file else tables.sent("values.csv", given.get("values", ""))
            given["said"] = blinding_sheet.read(table)
        except InputError as error:
            self.add_error("values_file" if file else "values", refusal(error))
        return given
