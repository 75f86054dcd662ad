"""The forms of extracts: which columns of which cohort, and the words of a review."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from wardbench.campus.studies.vocabulary import TABLES
from wardbench.ward.extracts import COLUMNS, Dates, Format, Wanted

DATES = {
    Dates.SHIFTED: _("Moved by a number of days, the same for all dates of a patient"),
    Dates.RELATIVE: _("Days from each patient's first day in the cohort"),
}
FORMATS = {Format.CSV: _("CSV, for every program"), Format.PARQUET: _("Parquet, for R, Python and databases")}


class ExtractForm(forms.Form):
    cohort = forms.ChoiceField(label=_("Of which cohort"))
    columns = forms.MultipleChoiceField(
        label=_("Which columns"), widget=forms.CheckboxSelectMultiple,
        help_text=_("Only what the permit names, and only what the question needs."),
    )  # fmt: skip
    dates = forms.ChoiceField(
        label=_("How dates are given"), choices=[(d.value, DATES[d]) for d in Dates], widget=forms.RadioSelect
    )
    format = forms.ChoiceField(
        label=_("In which format"), choices=[(f.value, FORMATS[f]) for f in Format], widget=forms.RadioSelect
    )
    purpose = forms.CharField(
        label=_("What the data are for"), widget=forms.Textarea(attrs={"rows": 3}), max_length=5000
    )

    def __init__(
        self, *args: Any, cohorts: Sequence[tuple[str, str]] = (), tables: Sequence[str] = (), **kwargs: Any
    ) -> None:
        kwargs["initial"] = {"dates": Dates.SHIFTED.value, "format": Format.CSV.value}
        super().__init__(*args, **kwargs)
        self.fields["cohort"].choices = list(cohorts)  # type: ignore[attr-defined]
        self.fields["columns"].choices = [  # type: ignore[attr-defined]
            (f"{table}.{column}", f"{gettext(TABLES[table])}: {gettext(words)}")
            for table, columns in COLUMNS.items()
            if table in tables
            for column, words in columns.items()
        ]

    def wanted(self) -> Wanted:
        """What was asked, as the ward writes it."""
        given = self.cleaned_data
        tables: dict[str, list[str]] = {}
        for one in given["columns"]:
            table, _dot, column = one.partition(".")
            tables.setdefault(table, []).append(column)
        return Wanted(tables, Dates(given["dates"]), Format(given["format"]))


class ReviewForm(forms.Form):
    why = forms.CharField(label=_("Why"), widget=forms.Textarea(attrs={"rows": 3}), max_length=5000)
