"""The forms by which something is held against the hospital: reference intervals, a study's Table 1."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from wardbench.bench.outcomes.pico import Picked
from wardbench.campus.outcomes.forms import bases_of, cohort_of, versions_of
from wardbench.campus.outcomes.given import given_aggregates
from wardbench.campus.outcomes.rules import Basis
from wardbench.campus.outcomes.services import LONGEST_NAME, LONGEST_PURPOSE
from wardbench.campus.people.rules import Actor
from wardbench.core.errors import InputError

LARGEST_FILE = 200_000
"""Bytes of a file of aggregates."""
GROUPS = {"sex": _("Sex"), "age": _("Age")}


class YardstickForm(forms.Form):
    """What each of them says: on which records, what for, and a name."""

    name = forms.CharField(
        label=_("Name of the question"), max_length=LONGEST_NAME, required=False,
        help_text=_("Left empty, it is called by what it asks."),
    )  # fmt: skip
    basis = forms.ChoiceField(label=_("On which records"), widget=forms.RadioSelect)
    purpose = forms.CharField(
        label=_("What the answer is for"), widget=forms.Textarea(attrs={"rows": 3}), max_length=LONGEST_PURPOSE,
        required=False, help_text=_("For the hospital's records: a data steward reads it."),
    )  # fmt: skip

    def __init__(self, *args: Any, by: Actor, **kwargs: Any) -> None:
        kwargs["initial"] = {"basis": Basis.SANDBOX.value, **(kwargs.get("initial") or {})}
        super().__init__(*args, **kwargs)
        self.by = by
        self.fields["basis"].choices = bases_of(by)  # type: ignore[attr-defined]


class IntervalsForm(YardstickForm):
    by_groups = forms.MultipleChoiceField(
        label=_("Apart for each"), choices=list(GROUPS.items()), widget=forms.CheckboxSelectMultiple, required=False
    )
    unit = forms.CharField(
        label=_("Unit"), max_length=50, required=False,
        help_text=_("As mmol/L. Left empty, the one that all results have."),
    )  # fmt: skip
    field_order = ("by_groups", "unit", "name", "basis", "purpose")

    def spec(self, chosen: Mapping[str, Sequence[Picked]]) -> tuple[str, dict[str, Any]]:
        """The name of the question, and what is asked."""
        if len(chosen["analyte"]) != 1:
            raise InputError(gettext("analyte: tick one thing that was measured."))
        (one,) = chosen["analyte"]
        coded = f"{one.vocabulary}:{one.code}" if one.vocabulary and one.code else str(one.concept_id)
        given = self.cleaned_data
        name = given["name"] or gettext("Reference intervals of {analyte}").format(analyte=one.name)
        return name, {"analyte": coded, "unit": given["unit"], "by": list(given["by_groups"])}


class Table1Form(YardstickForm):
    hospital = forms.ChoiceField(
        label=_("The hospital's patients"), help_text=_("A cohort with the same definition as the study.")
    )
    study = forms.ChoiceField(label=_("The study, as a cohort"), required=False)
    aggregates = forms.FileField(
        label=_("Or its aggregates, CSV or JSON"), required=False,
        help_text=_("Sums and shares by variable, no rows of persons: variable, level, n, mean, sd, q25, median, q75."),
    )  # fmt: skip
    field_order = ("hospital", "study", "aggregates", "name", "basis", "purpose")

    def __init__(self, *args: Any, by: Actor, **kwargs: Any) -> None:
        super().__init__(*args, by=by, **kwargs)
        versions = versions_of(by)
        self.fields["hospital"].choices = versions  # type: ignore[attr-defined]
        self.fields["study"].choices = [("", gettext("None: the file below")), *versions]  # type: ignore[attr-defined]

    def spec(self) -> tuple[str, dict[str, Any]]:
        """The name of the question, and what is asked. InputError names the file and what is wrong with it."""
        given = self.cleaned_data
        file = given["aggregates"]
        if bool(given["study"]) == (file is not None):
            raise InputError(gettext("study: choose a cohort, or send a file of aggregates, one of the two."))
        hospital, _hash = cohort_of(given["hospital"], self.by)
        spec: dict[str, Any] = {"hospital": hospital, "study": None, "name": "", "aggregates": ""}
        if file is None:
            study, _hash = cohort_of(given["study"], self.by)
            spec["study"], called = study, study["name"]
        else:
            spec["name"] = called = str(file.name)
            spec["aggregates"] = _text(file)
            given_aggregates(spec["name"], spec["aggregates"])
        name = given["name"] or gettext("{study} beside {hospital}").format(study=called, hospital=hospital["name"])
        return name[:LONGEST_NAME], spec


def _text(file: Any) -> str:
    if file.size is None or file.size > LARGEST_FILE:
        raise InputError(gettext("{file}: {most} bytes at most.").format(file=file.name, most=f"{LARGEST_FILE:,}"))
    if not str(file.name).lower().endswith((".csv", ".json")):
        raise InputError(gettext("{file}: its name has to end with .csv or .json.").format(file=file.name))
    try:
        return str(file.read(), "utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(gettext("{file}: is not text in UTF-8.").format(file=file.name)) from None
