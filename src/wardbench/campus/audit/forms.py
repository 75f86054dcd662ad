"""What the record can be searched by."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from wardbench.campus.audit import words


class SearchForm(forms.Form):
    who = forms.CharField(label=_("Who: name or e-mail address"), required=False, max_length=200)
    verb = forms.ChoiceField(label=_("What"), required=False)
    object = forms.CharField(label=_("On what: kind, or part of an id"), required=False, max_length=128)
    study = forms.CharField(label=_("Study: reference number"), required=False, max_length=64)
    patient = forms.CharField(label=_("Patient: number in the record"), required=False, max_length=64)
    since = forms.DateField(
        label=_("From"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    until = forms.DateField(
        label=_("Until and including"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["verb"]
        assert isinstance(field, forms.ChoiceField)
        choices = [(verb, f"{gettext(sentence)} ({verb})") for verb, sentence in words.verbs().items()]
        field.choices = [("", gettext("Anything")), *sorted(choices, key=lambda choice: choice[1])]
