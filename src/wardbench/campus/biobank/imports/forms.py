"""The forms of an import: the file, and what fills in for what it does not say."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from wardbench.campus.biobank.amounts import UNITS
from wardbench.campus.biobank.imports import queries
from wardbench.campus.biobank.imports.spots import MOST_SIDE
from wardbench.core.miabis import MATERIALS

MATERIAL_CHOICES = [(code, _(title)) for code, title in MATERIALS.items()]


class FileForm(forms.Form):
    collection = forms.ChoiceField(label=_("Collection"))
    file = forms.FileField(
        label=_("File"), help_text=_("CSV, XLSX or FHIR (JSON). Nothing is entered before you have seen it.")
    )
    sheet = forms.CharField(
        label=_("Sheet"), max_length=100, required=False,
        help_text=_("Of a workbook with several: its name. Empty for the one whose columns are known best."),
    )  # fmt: skip

    def __init__(self, *args: Any, collections: Any = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(str(one.id), f"{one.name} ({one.code})") for one in collections]
        self.fields["collection"].choices = choices  # type: ignore[attr-defined]


class OptionsForm(forms.Form):
    material = forms.ChoiceField(
        label=_("Material, where none is said"), choices=[("", "-"), *MATERIAL_CHOICES], required=False
    )
    unit = forms.ChoiceField(
        label=_("Unit, where none is said"), choices=[("", "-"), *((code, code) for code in UNITS)], required=False
    )
    dates = forms.ChoiceField(
        label=_("In dates such as 03-04-2024"), required=False,
        choices=[("", _("As the columns tell; else the day is first")), ("day", _("The day is first")),
                 ("month", _("The month is first"))],
    )  # fmt: skip
    numbers = forms.ChoiceField(
        label=_("In amounts such as 1.250 or 1,250"), required=False,
        choices=[("", _("As the columns tell; else they are kept back")),
                 ("decimals", _("The sign stands before decimals: it is one and a quarter")),
                 ("thousands", _("The sign stands between thousands: it is a thousand and more"))],
    )  # fmt: skip
    new_donors = forms.BooleanField(label=_("Add donors that are not there yet"), required=False)
    new_boxes = forms.BooleanField(label=_("Add boxes that are not there yet"), required=False)
    rows = forms.IntegerField(label=_("Rows of a new box"), min_value=1, max_value=MOST_SIDE, required=False)
    columns = forms.IntegerField(label=_("Columns of a new box"), min_value=1, max_value=MOST_SIDE, required=False)
    labels = forms.ChoiceField(
        label=_("Its positions are called"), choices=[("A1", _("A1, A2, ... B1")), ("1", _("1, 2, 3 ..."))],
        required=False,
    )  # fmt: skip
    into = forms.CharField(
        label=_("New boxes go into"), max_length=100, required=False,
        help_text=_("Barcode or name of a freezer or rack; empty where they stand alone for now."),
    )  # fmt: skip

    @classmethod
    def of(cls, options: dict[str, Any], data: Any = None) -> OptionsForm:
        """The form with what an import's options say."""
        boxes = options.get("boxes") or {}
        initial = {
            "material": options.get("material", ""),
            "unit": options.get("unit", ""),
            "dates": options.get("dates", ""),
            "numbers": options.get("numbers", ""),
            "new_donors": options.get("new_donors", False),
            "new_boxes": bool(boxes),
            "rows": boxes.get("rows", 9),
            "columns": boxes.get("columns", 9),
            "labels": boxes.get("labels", "A1"),
            "into": queries.place_named(boxes.get("parent", "")),
        }
        return cls(data, initial=initial)

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("new_boxes"):
            if not given.get("rows") or not given.get("columns"):
                self.add_error("rows", gettext("Say how many rows and columns a new box has."))
            if given.get("into"):
                given["parent"] = queries.by_barcode(given["into"])
                if given["parent"] is None:
                    self.add_error("into", gettext("No place has this barcode, and none alone this name."))
        return given

    def options(self) -> dict[str, Any]:
        """What `services.match` keeps."""
        given = self.cleaned_data
        kept = {name: given[name] for name in ("material", "unit", "dates", "numbers", "new_donors")}
        if given["new_boxes"]:
            parent = given.get("parent")
            kept["boxes"] = {
                "rows": given["rows"],
                "columns": given["columns"],
                "labels": given["labels"],
                "parent": str(parent.id) if parent is not None else "",
            }
        return kept
