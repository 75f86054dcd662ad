"""The form that puts what was found into a basket."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from wardbench.campus.releases.baskets import MOST
from wardbench.campus.releases.pairing import CLOSE, EXACT, MOST_CASES, MOST_EACH, Wish


class IntoForm(forms.Form):
    """Which basket: one that there is, or a new one by its name."""

    basket = forms.ChoiceField(label=_("Which basket"))
    name = forms.CharField(label=_("Name of a new basket"), max_length=200, required=False)

    def __init__(self, *args: Any, baskets: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["basket"].choices = [("new", _("A new basket")), *baskets]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("basket") == "new" and not given.get("name", "").strip():
            self.add_error("name", _("Give the new basket a name."))
        return given


class FoundForm(IntoForm):
    count = forms.IntegerField(
        label=_("How many specimens"),
        min_value=1,
        max_value=MOST,
        required=False,
        help_text=_("Leave empty for all that can be given. Those that lie together come first."),
    )
    one_each = forms.BooleanField(label=_("One specimen of each donor"), required=False, initial=True)


class PairsForm(forms.Form):
    """How many cases with how many controls, and in what they have to be alike."""

    count = forms.IntegerField(label=_("How many cases"), min_value=1, max_value=MOST_CASES, initial=20)
    each = forms.IntegerField(label=_("Controls of each case"), min_value=1, max_value=MOST_EACH, initial=1)
    exact = forms.MultipleChoiceField(
        label=_("Equal in"),
        choices=[(name, _(title)) for name, title in EXACT.items()],
        widget=forms.CheckboxSelectMultiple,
        required=False,
        initial=["sex", "material"],
    )
    close = forms.MultipleChoiceField(
        label=_("As close as can be in"),
        choices=[(name, _(title)) for name, title in CLOSE.items()],
        widget=forms.CheckboxSelectMultiple,
        required=False,
        initial=["age", "stored"],
    )

    def wish(self) -> Wish:
        """What a valid form asks for."""
        given = self.cleaned_data
        return Wish(given["count"], given["each"], tuple(given["exact"]), tuple(given["close"]))


class PairsIntoForm(IntoForm):
    """The list that was seen, and the basket that it goes into."""

    seen = forms.CharField(widget=forms.HiddenInput, max_length=64)
