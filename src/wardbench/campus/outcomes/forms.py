"""The form of a question about outcomes, but for the concepts (`slots`), and the words of a review."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from wardbench.bench.outcomes.pico import OLDEST, Picked, Pico, Profile
from wardbench.campus.cohorts import queries as cohorts
from wardbench.campus.counting.permitted import permitted_for
from wardbench.campus.outcomes.rules import BASES, Basis, may_ask
from wardbench.campus.outcomes.services import LONGEST_NAME, LONGEST_PURPOSE
from wardbench.campus.people.rules import Actor
from wardbench.core.errors import InputError

SEXES = {"8532": _("Women"), "8507": _("Men")}
DAYS = {"365": _("One year"), "1095": _("Three years"), "1825": _("Five years"), "3650": _("Ten years")}
ESTIMANDS = {
    "intention-to-treat": _("As started, whatever was taken later (like intention to treat)"),
    "as-treated": _("While treated (as treated)"),
}
ADJUSTMENTS = {
    "matching": _("Matching: pairs who were as likely to have either"),
    "overlap": _("Overlap weights: those who might have had either count most"),
    "iptw": _("Inverse probability weights: everybody, as if treatment had been drawn by lot"),
}


def bases_of(by: Actor) -> list[tuple[str, str]]:
    """On which records somebody may ask outside a study."""
    return [(one.value, gettext(BASES[one])) for one in Basis if one is not Basis.STUDY and may_ask(by, one)]


def versions_of(by: Actor) -> list[tuple[str, str]]:
    """The last version of each cohort that somebody sees."""
    found = [(cohort, cohort.last[0]) for cohort in cohorts.with_versions(by)]  # type: ignore[attr-defined]
    return [(str(version.id), f"{cohort.name} ({version.number})") for cohort, version in found]


def cohort_of(version_id: str, by: Actor) -> tuple[dict[str, Any], str]:
    """A version as an object with name and expression, and its content hash; NotFoundError where it is not for `by`."""
    version = cohorts.version(version_id)
    cohorts.seen(version.cohort_id, by)
    return {"name": version.cohort.name, "expression": version.expression}, version.hash


class PicoForm(forms.Form):
    name = forms.CharField(
        label=_("Name of the question"), max_length=LONGEST_NAME, required=False,
        help_text=_("Left empty, it is called by what it asks."),
    )  # fmt: skip
    population = forms.ChoiceField(
        label=_("Patients of a cohort"), required=False,
        help_text=_("Only who is in it on the day from which they are followed."),
    )  # fmt: skip
    sex = forms.ChoiceField(label=_("Sex"), choices=[("", _("Both")), *SEXES.items()], required=False)
    youngest = forms.IntegerField(label=_("From this age"), min_value=0, max_value=OLDEST, required=False)
    oldest = forms.IntegerField(label=_("To this age"), min_value=0, max_value=OLDEST, required=False)
    days = forms.ChoiceField(label=_("Followed for"), choices=list(DAYS.items()), initial="1095")
    estimand = forms.ChoiceField(label=_("Treatment counts"), choices=list(ESTIMANDS.items()), widget=forms.RadioSelect)
    adjustment = forms.ChoiceField(
        label=_("Made alike by"), choices=list(ADJUSTMENTS.items()), widget=forms.RadioSelect
    )
    washout_days = forms.IntegerField(
        label=_("Known to the hospital for so many days before"), min_value=0, max_value=3650, initial=365
    )
    with_day_zero = forms.BooleanField(
        label=_("What is recorded on the first day of treatment tells why it was started"), required=False,
        help_text=_("Tick it where diagnoses come into the record together with the treatment."),
    )  # fmt: skip
    basis = forms.ChoiceField(label=_("On which records"), widget=forms.RadioSelect)
    purpose = forms.CharField(
        label=_("What the answer is for"), widget=forms.Textarea(attrs={"rows": 3}), max_length=LONGEST_PURPOSE,
        required=False, help_text=_("For the hospital's records in care: a data steward reads it."),
    )  # fmt: skip

    PARTS: Mapping[str, tuple[str, ...]] = {
        "patients": ("population",),
        "person": ("sex", "youngest", "oldest"),
        "time": ("days",),
        "fine": ("estimand", "adjustment", "washout_days", "with_day_zero"),
        "records": ("basis", "purpose"),
    }
    """Which fields stand together on the page."""

    def __init__(self, *args: Any, by: Actor, **kwargs: Any) -> None:
        first = {"estimand": "intention-to-treat", "adjustment": "matching", "basis": Basis.SANDBOX.value}
        kwargs["initial"] = {**first, "days": "1095", "washout_days": 365, **(kwargs.get("initial") or {})}
        super().__init__(*args, **kwargs)
        self.by = by
        self.fields["population"].choices = [  # type: ignore[attr-defined]
            ("", gettext("No cohort: by diagnoses, sex and age")),
            *versions_of(by),
        ]
        studies = {one.study: one for one in permitted_for(by)}
        bases = bases_of(by)
        bases += [
            (f"{Basis.STUDY.value}:{study}", gettext(BASES[Basis.STUDY]).format(study=study))
            for study in sorted(studies)
        ]
        self.fields["basis"].choices = bases  # type: ignore[attr-defined]

    def part(self, name: str) -> list[forms.BoundField]:
        return [self[field] for field in self.PARTS[name]]

    def records(self) -> tuple[Basis, str]:
        """On which records, and within which study."""
        basis, _colon, study = self.cleaned_data["basis"].partition(":")
        return Basis(basis), study

    def asked(self, chosen: Mapping[str, Sequence[Picked]]) -> tuple[Pico, str]:
        """The question, and the content hash of its cohort (empty: none)."""
        given, population, content = self.cleaned_data, None, ""
        youngest, oldest = given["youngest"], given["oldest"]
        if youngest is not None and oldest is not None and oldest < youngest:
            raise InputError(gettext("To this age: it is below the age from which."))
        if given["population"]:
            population, content = cohort_of(given["population"], self.by)
        sex = int(given["sex"]) if given["sex"] else None
        return Pico(
            name=given["name"] or name_of(chosen, population),
            population=population,
            profile=Profile(tuple(chosen["conditions"]), sex, youngest, oldest),
            intervention=tuple(chosen["intervention"]),
            comparison=tuple(chosen["comparison"]),
            outcome=tuple(chosen["outcome"]),
            controls=tuple(chosen["controls"]),
            days=int(given["days"]),
            washout_days=given["washout_days"],
            estimand=given["estimand"],
            adjustment=given["adjustment"],
            with_day_zero=given["with_day_zero"],
        ), content

    def said(self, chosen: Mapping[str, Sequence[Picked]]) -> dict[str, Any]:
        """What the form said, to begin the next question from."""
        return said_of(self.cleaned_data, chosen)


def said_of(given: Mapping[str, Any], chosen: Mapping[str, Sequence[Picked]]) -> dict[str, Any]:
    """Fields and chosen concepts, as they are kept."""
    return {**given, "slots": {key: [msgspec.to_builtins(one) for one in of] for key, of in chosen.items()}}


def name_of(chosen: Mapping[str, Sequence[Picked]], population: Mapping[str, Any] | None) -> str:
    """What a question without a name is called: its treatments and its patients."""
    done, instead, have = (
        gettext(" or ").join(one.name for one in chosen[key]) for key in ("intervention", "comparison", "conditions")
    )
    who = ", ".join(part for part in (population["name"] if population else "", have) if part)
    if done and instead:
        done = gettext("{one} or {other}").format(one=done, other=instead)
    return ": ".join(part for part in (done, who) if part)[:LONGEST_NAME]


def began(said: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, tuple[Picked, ...]]]:
    """What a form begins with where a question is asked again: its fields, and what was chosen."""
    fields = {key: value for key, value in said.items() if key != "slots"}
    names = {field.name for field in dataclasses.fields(Picked)}
    chosen = {
        key: tuple(Picked(**{name: one[name] for name in names if name in one}) for one in of)
        for key, of in said.get("slots", {}).items()
    }
    return fields, chosen


class PatientForm(forms.Form):
    patient = forms.IntegerField(label=_("Number of the patient"), min_value=0, max_value=2**63 - 1)


class ReviewForm(forms.Form):
    why = forms.CharField(
        label=_("Why"), widget=forms.Textarea(attrs={"rows": 3}), max_length=LONGEST_PURPOSE, required=False,
        help_text=_("Needed where you refuse it."),
    )  # fmt: skip
