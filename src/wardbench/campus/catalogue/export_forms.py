"""The forms by which the inventory is exported, and an export is read back."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from wardbench.campus.biobank import collection_queries as collections
from wardbench.campus.catalogue.exporting import standards
from wardbench.campus.people.rules import Actor


class ExportForm(forms.Form):
    standard = forms.ChoiceField(label=_("In which standard"), choices=standards, widget=forms.RadioSelect)
    collections = forms.MultipleChoiceField(
        label=_("Which collections"),
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text=_("All of them where none is chosen."),
    )

    def __init__(self, *args: Any, by: Actor | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["collections"]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = (
            [(str(one.id), f"{one.code}: {one.name}") for one in collections.collections(by=by)] if by else []
        )


class ReadBackForm(forms.Form):
    standard = forms.ChoiceField(label=_("In which standard"), choices=standards)
    file = forms.FileField(label=_("The ZIP file of an export"))
