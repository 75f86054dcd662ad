"""The forms of emergency access."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from wardbench.campus.access.rules import FEWEST_WORDS, REASONS


class OpenForm(forms.Form):
    patient = forms.IntegerField(label=_("Number of the patient"), min_value=0, max_value=2**63 - 1)
    reason = forms.ChoiceField(label=_("Why"), widget=forms.RadioSelect)
    words = forms.CharField(
        label=_("What happened"),
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("In a few words, for whoever reviews it. No name of the patient is needed."),
        max_length=2000,
    )

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        reason = self.fields["reason"]
        assert isinstance(reason, forms.ChoiceField)
        reason.choices = [(key.value, _(text)) for key, text in REASONS.items()]


class WhyForm(forms.Form):
    patient = forms.IntegerField(label=_("Number of the patient"), min_value=0, max_value=2**63 - 1)
    who = forms.CharField(
        label=_("Who: name or e-mail address"),
        help_text=_("Leave it empty to see everybody who can."),
        max_length=200,
        required=False,
    )

    def __init__(self, *args: object, others: bool, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        if not others:
            del self.fields["who"]


class ReviewForm(forms.Form):
    justified = forms.ChoiceField(
        label=_("Was it justified?"),
        choices=[("yes", _("Yes")), ("no", _("No"))],
        widget=forms.RadioSelect,
    )
    finding = forms.CharField(label=_("What you found"), widget=forms.Textarea(attrs={"rows": 4}), max_length=4000)


class SpeakForm(forms.Form):
    needed = forms.ChoiceField(
        label=_("Was it needed, as far as you know?"),
        choices=[("yes", _("Yes")), ("no", _("No"))],
        widget=forms.RadioSelect,
    )
    said = forms.CharField(
        label=_("What you know of it"),
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("Say why where it was not needed. Data protection reads it; whoever opened the record does not."),
        max_length=2000,
        required=False,
    )

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = self.cleaned_data
        if given.get("needed") == "no" and len(given.get("said", "").strip()) < FEWEST_WORDS:
            self.add_error("said", gettext("Say in a few words why it was not needed."))
        return given


class ImportForm(forms.Form):
    sheet = forms.FileField(
        label=_("List"), help_text=_("CSV with the columns patient, unit, since, until; at most 5 MB.")
    )


class RelationForm(forms.Form):
    patient = forms.IntegerField(label=_("Number of the patient"), min_value=0, max_value=2**63 - 1)
    unit = forms.ChoiceField(label=_("Team"))

    def __init__(self, *args: object, units: list[tuple[str, str]], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        unit = self.fields["unit"]
        assert isinstance(unit, forms.ChoiceField)
        unit.choices = units
