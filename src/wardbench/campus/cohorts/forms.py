"""Forms of the builder, apart from those of conditions: when somebody is in the cohort, its name, JSON, and sharing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from wardbench.ward.cohorts.editing import MOST_DAYS, Exit, Outline


class CourseForm(forms.Form):
    """Which entry of a person counts, how long somebody is observed before, and when they leave."""

    limit = forms.ChoiceField(
        label=_("Which entry of a person counts"),
        choices=[("First", _("the first")), ("Last", _("the last")), ("All", _("every one"))],
    )
    prior = forms.IntegerField(label=_("Days observed before entry, at least"), min_value=0, max_value=MOST_DAYS)
    post = forms.IntegerField(label=_("Days observed after entry, at least"), min_value=0, max_value=MOST_DAYS)
    kind = forms.ChoiceField(
        label=_("They leave the cohort"),
        choices=[
            ("observation", _("when their observation ends")),
            ("after_start", _("a number of days after the entry starts")),
            ("after_end", _("a number of days after the entry event ends")),
            ("drug", _("a number of days after their time on a drug ends")),
        ],
    )
    days = forms.IntegerField(label=_("That many days"), min_value=0, max_value=MOST_DAYS, required=False)
    drug = forms.ChoiceField(label=_("Of which drugs"), required=False)
    gap = forms.IntegerField(
        label=_("Days between two records that still are one time"), min_value=0, max_value=MOST_DAYS, required=False
    )
    first_day = forms.DateField(
        label=_("Not before the calendar day"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        required=False,
    )
    last_day = forms.DateField(
        label=_("Not after the calendar day"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        required=False,
    )

    def __init__(self, *args: Any, outline: Outline, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # What the form cannot say is not asked, and so stays as it is.
        if outline.exit is None:
            for name in ("kind", "days", "drug", "gap"):
                del self.fields[name]
        else:
            field = self.fields["drug"]
            assert isinstance(field, forms.ChoiceField)
            field.choices = [("", _("choose")), *((str(id), name) for id, name in outline.set_names.items())]
        if outline.limit is None:
            del self.fields["limit"]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("kind") == "drug" and not given.get("drug"):
            self.add_error("drug", _("Say of which drugs they leave with the end."))
        first, last = given.get("first_day"), given.get("last_day")
        if first and last and last < first:
            self.add_error("last_day", _("The second day is the later one."))
        return given

    def exit(self) -> Exit | None:
        if "kind" not in self.fields:
            return None
        given = self.cleaned_data
        if given["kind"] == "drug":
            return Exit("drug", given["days"] or 0, int(given["drug"]), given["gap"] or 0)
        return Exit(given["kind"], given["days"] or 0)

    @classmethod
    def of(cls, outline: Outline) -> dict[str, Any]:
        found: dict[str, Any] = {"prior": outline.observed[0], "post": outline.observed[1], "limit": outline.limit}
        found |= {"first_day": outline.calendar[0], "last_day": outline.calendar[1]}
        if outline.exit:
            found |= {"kind": outline.exit.kind, "days": outline.exit.days or None, "gap": outline.exit.gap or None}
            found |= {"drug": "" if outline.exit.concept_set is None else str(outline.exit.concept_set)}
        return found


class NewForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=200, help_text=_("Such as: type 2 diabetes, new on metformin."))
    about = forms.CharField(label=_("What it is for"), widget=forms.Textarea(attrs={"rows": 2}), required=False)
    text = forms.CharField(
        label=_("ATLAS JSON"),
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false"}),
        required=False,
        help_text=_("Paste a definition here, or upload a file, to go on from it."),
    )
    file = forms.FileField(label=_("File of ATLAS JSON"), required=False)


class JsonForm(forms.Form):
    text = forms.CharField(
        label=_("ATLAS JSON"), widget=forms.Textarea(attrs={"rows": 24, "spellcheck": "false"}), required=False
    )
    file = forms.FileField(label=_("Or upload a file"), required=False)


class SaveForm(forms.Form):
    note = forms.CharField(
        label=_("What changed, and why"), max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )


class NameForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=200)
    about = forms.CharField(label=_("What it is for"), widget=forms.Textarea(attrs={"rows": 2}), required=False)


class ShareForm(forms.Form):
    whom = forms.ChoiceField(label=_("With whom"))
    may_edit = forms.BooleanField(label=_("They may change it too"), required=False)

    def __init__(self, *args: Any, choices: Sequence[tuple[str, Any]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["whom"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = list(choices)
