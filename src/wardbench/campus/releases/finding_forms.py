"""The forms by which something comes back from a study, is corrected and is retracted."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from wardbench.campus.people.refusals import refusal
from wardbench.campus.releases import finding_sheet
from wardbench.campus.releases.finding_sheet import Value
from wardbench.campus.releases.models import Finding
from wardbench.core.errors import InputError


class FindingForm(forms.Form):
    kind = forms.ChoiceField(label=_("What came back"), choices=Finding.Kind.choices, widget=forms.RadioSelect)
    title = forms.CharField(label=_("Title"), max_length=300)
    method = forms.CharField(label=_("Method"), max_length=300, required=False)
    words = forms.CharField(
        label=_("In plain words"), widget=forms.Textarea(attrs={"rows": 3}), max_length=5000, required=False,
        help_text=_("Whoever raised the question reads this. Write nothing of single patients."),
    )  # fmt: skip
    clinical = forms.BooleanField(label=_("It may matter for the care of a patient"), required=False)
    table = forms.FileField(
        label=_("Values as a CSV file"), required=False, max_length=200,
        help_text=_("A line for each specimen and analyte; the first names the columns label, analyte, value, unit."),
    )  # fmt: skip
    pasted = forms.CharField(
        label=_("Or values as text, like the file"), widget=forms.Textarea(attrs={"rows": 4}), max_length=100_000,
        required=False,
    )  # fmt: skip
    file = forms.FileField(label=_("File"), required=False, max_length=200)
    doi = forms.CharField(label=_("DOI of the publication"), max_length=200, required=False)
    reference = forms.CharField(
        label=_("Reference of the publication"), max_length=500, required=False,
        help_text=_("Where it has no DOI: authors, journal or publisher, volume, pages."),
    )  # fmt: skip
    year = forms.IntegerField(label=_("Year of the publication"), required=False, min_value=1900, max_value=2200)
    labels = forms.CharField(
        label=_("About which specimens"), widget=forms.Textarea(attrs={"rows": 3}), max_length=100_000, required=False,
        help_text=_("Labels of a file or publication, one in a line; leave it empty for all that the study received."),
    )  # fmt: skip

    why = forms.CharField(label=_("What was wrong"), widget=forms.Textarea(attrs={"rows": 2}), max_length=2000)

    def __init__(self, *args: Any, corrects: Finding | None = None, specimens: bool = True, **kwargs: Any) -> None:
        """Without `specimens`, which the study never received, what it published is asked for alone."""
        kwargs["initial"] = _of(corrects) if corrects else {"kind": "values" if specimens else "publication"}
        super().__init__(*args, **kwargs)
        if not specimens:
            for name in ("method", "clinical", "table", "pasted", "file", "labels"):
                del self.fields[name]
            kind = self.fields["kind"]
            assert isinstance(kind, forms.ChoiceField)
            kind.choices = [one for one in Finding.Kind.choices if one[0] == Finding.Kind.PUBLICATION]
            self.fields["year"].required = True
            self.fields["words"].label = _("What it answers, in plain words")
        self.corrects = corrects
        if corrects is None:
            del self.fields["why"]
        else:
            self.order_fields(["why"])

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        given["values"] = []
        if given.get("kind") == Finding.Kind.VALUES:
            table, pasted = given.get("table"), given.get("pasted", "")
            try:
                given["values"] = finding_sheet.read(table.read() if table else pasted.encode())
            except InputError as error:
                self.add_error("table" if table else "pasted", refusal(error))
        return given

    def values(self) -> dict[str, Any]:
        """What was given, as the verb takes it."""
        given = self.cleaned_data
        upload = given.get("file") if given["kind"] == Finding.Kind.FILE else None
        return {
            "kind": given["kind"],
            "title": given["title"],
            "method": given.get("method", ""),
            "words": given["words"],
            "clinical": given.get("clinical", False),
            "values": given["values"],
            "labels": given.get("labels", "").split(),
            "doi": given["doi"],
            "reference": given["reference"],
            "year": given["year"],
            "file": (upload.name, upload.chunks()) if upload else None,
            "corrects": self.corrects.id if self.corrects else None,
            "why": given.get("why", ""),
        }


MOST_SHOWN = 1_000
"""Lines of a table that are put into the form to be corrected; a longer one is uploaded anew."""


def _of(one: Finding) -> dict[str, Any]:
    """What was said before, to be corrected."""
    rows = list(one.specimens.select_related("specimen").order_by("specimen__label", "analyte")[: MOST_SHOWN + 1])
    values = [Value(row.specimen.label, row.analyte, row.value, row.unit) for row in rows]
    is_table = one.kind == Finding.Kind.VALUES and len(rows) <= MOST_SHOWN
    return {
        **{
            name: getattr(one, name)
            for name in ("kind", "title", "method", "words", "clinical", "doi", "reference", "year")
        },
        "pasted": finding_sheet.written(values) if is_table else "",
        "labels": "" if one.kind == Finding.Kind.VALUES else "\n".join(one.label for one in values),
    }


class RetractForm(forms.Form):
    why = forms.CharField(label=_("What is wrong with it"), widget=forms.Textarea(attrs={"rows": 2}), max_length=2000)
