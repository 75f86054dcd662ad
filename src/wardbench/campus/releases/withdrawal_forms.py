"""The forms of withdrawals: what is taken back, an opt-out, and the answer for one thing."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from wardbench.campus.releases.reaching import Reach
from wardbench.campus.releases.withdrawal_rules import ANSWERS, KINDS, OUTCOMES, TOGETHER, WISHES, Kind, Outcome, Wish
from wardbench.core.consent import TIERS, Tier


def _received() -> forms.DateField:
    return forms.DateField(
        label=_("Received on"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("The day on which it was said or written."),
    )  # fmt: skip


class WithdrawalForm(forms.Form):
    donor = forms.CharField(label=_("Code of the donor"), max_length=64)
    kind = forms.ChoiceField(
        label=_("What is taken back"), choices=[(k.value, _(KINDS[k])) for k in Kind], widget=forms.RadioSelect
    )
    tiers = forms.MultipleChoiceField(
        label=_("Which uses"), choices=[(t.value, _(TIERS[t])) for t in Tier if t is not Tier.STORAGE],
        widget=forms.CheckboxSelectMultiple, required=False,
        help_text=_("Only where some uses are taken back, and the others stay."),
    )  # fmt: skip
    wish = forms.ChoiceField(
        label=_("What is to become of the material"), choices=[(w.value, _(WISHES[w])) for w in Wish],
        widget=forms.RadioSelect, help_text=_("Only where everything is taken back."),
    )  # fmt: skip
    received = _received()
    words = forms.CharField(
        label=_("What else was said"), widget=forms.Textarea(attrs={"rows": 3}), max_length=5000, required=False
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        given = kwargs.pop("initial", None) or {}
        kwargs["initial"] = {"received": timezone.localdate(), "wish": Wish.DESTROY.value, **given}
        super().__init__(*args, **kwargs)

    def values(self) -> dict[str, Any]:
        given = self.cleaned_data
        return {
            "kind": Kind(given["kind"]),
            "tiers": [Tier(one) for one in given["tiers"]] if given["kind"] == Kind.TIERS else [],
            "wish": Wish(given["wish"]),
            "received": given["received"],
            "words": given["words"],
        }


class OptOutForm(forms.Form):
    patient = forms.IntegerField(label=_("Number of the patient"), min_value=0, max_value=2**63 - 1)
    received = _received()
    words = forms.CharField(
        label=_("What else was said"), widget=forms.Textarea(attrs={"rows": 3}), max_length=5000, required=False
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["initial"] = {"received": timezone.localdate()}
        super().__init__(*args, **kwargs)


class EndForm(forms.Form):
    words = forms.CharField(label=_("How it was taken back"), widget=forms.Textarea(attrs={"rows": 3}), max_length=5000)


def _words() -> forms.CharField:
    return forms.CharField(
        label=_("How, when and by whom; or why not"), widget=forms.Textarea(attrs={"rows": 4}), max_length=5000,
        help_text=_("This stands in the proof that the person gets. Write nothing of anybody else."),
    )  # fmt: skip


class AnswerForm(forms.Form):
    outcome = forms.ChoiceField(label=_("What became of it"), widget=forms.RadioSelect)
    words = _words()

    def __init__(self, *args: Any, of: Reach, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        answers: tuple[Outcome, ...] = ANSWERS.get((of.facts.kind, of.facts.where), ())
        self.fields["outcome"].choices = [(one.value, _(OUTCOMES[one])) for one in answers]  # type: ignore[attr-defined]


class _Seen(forms.MultipleChoiceField):
    """Tasks that are ticked, each with what was seen of it; what is there no more is the verb's to say."""

    def valid_value(self, value: Any) -> bool:
        return True


class TogetherForm(forms.Form):
    things = _Seen(
        label=_("Which specimens"), widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Tick what this is about.")},
    )  # fmt: skip
    outcome = forms.ChoiceField(
        label=_("What became of them"), choices=[(one.value, _(OUTCOMES[one])) for one in TOGETHER],
        widget=forms.RadioSelect,
    )  # fmt: skip
    words = _words()

    def clean_things(self) -> dict[uuid.UUID, int]:
        """The ticked tasks, each with the number of its specimen's last event as it was shown."""
        try:
            pairs = [one.split(":") for one in self.cleaned_data["things"]]
            return {uuid.UUID(task): int(events) for task, events in pairs}
        except ValueError:
            raise forms.ValidationError(_("Tick what this is about.")) from None
