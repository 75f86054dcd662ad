"""The form for a new key."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from wardbench.campus.api.rules import LEAST_DAYS, MOST_DAYS, SCOPES


class KeyForm(forms.Form):
    name = forms.CharField(label=_("What is the key for?"), max_length=100)
    scopes = forms.MultipleChoiceField(
        label=_("What may it be used for?"),
        choices=lambda: [(scope.value, _(title)) for scope, title in SCOPES.items()],
        widget=forms.CheckboxSelectMultiple,
    )
    days = forms.IntegerField(label=_("For how many days?"), min_value=LEAST_DAYS, max_value=MOST_DAYS, initial=90)
