"""The forms about what happened to groups: rates against a standard, and units on a funnel."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from wardbench.campus.outcomes import at_once, specs
from wardbench.campus.outcomes.forms import cohort_of, versions_of
from wardbench.campus.outcomes.rules import Kind
from wardbench.campus.outcomes.shown import ADJUSTMENTS, DISPERSIONS, UNITS
from wardbench.campus.outcomes.yardstick_forms import Chosen, Pasted, TableFileField, YardstickForm
from wardbench.ward.benchmark.lines import Sent

if TYPE_CHECKING:
    from wardbench.ward.benchmark.page import Report

Side = Mapping[str, Any] | Sent
COUNTS = "sex,age,events,population"
COLUMNS = _(
    "A line for each stratum; the first names the columns: sex (f or m), age (the first year of a band), events,"
    " population (persons or person-years); group where there are several."
)


class EitherChoice(forms.ChoiceField):
    """One that is empty where something else is meant."""

    either = True


class FollowedForm(YardstickForm):
    """How the persons of a cohort are followed."""

    outcome = EitherChoice(label=_("What happened"), required=False)
    within = forms.IntegerField(
        label=_("Within how many days"), min_value=1, max_value=specs.LONGEST_FOLLOWED, initial=365
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.versions = versions_of(self.by)
        outcomes = [("", gettext("Death")), *self.versions]
        self.fields["outcome"].choices = outcomes  # type: ignore[attr-defined]

    def cohort(self, field: str) -> dict[str, Any] | None:
        """The cohort that a field names, None where it names none."""
        chosen = self.cleaned_data[field]
        return cohort_of(chosen, self.by)[0] if chosen else None

    def either(self, field: str, what: str, columns: str) -> Side:
        """A cohort, or the table `what`: one of the two."""
        return specs.either(field, self.cohort(field), self.table(what, columns))


class RatesForm(FollowedForm):
    kind = Kind.RATES
    title = _("Rates against a standard")
    about = _(
        "Do more of a study's people have the event than is expected at the rates of a standard? The ratio of observed"
        " to expected (SMR, SIR), and rates as they would be in the standard, by sex and age. Where both come as"
        " tables, nothing of the hospital's is read: the answer comes at once, and neither tables nor answer are kept."
    )
    tables = ("counts", "counts_file", "standard", "standard_file")

    study = EitherChoice(label=_("The study, as a cohort"), required=False)
    counts = Pasted(label=_("Or its events, as a table"), help_text=COLUMNS)
    counts_file = TableFileField()
    hospital = EitherChoice(
        label=_("The standard: a cohort of the hospital's"), required=False,
        help_text=_("The patients whose rates say what is to be expected."),
    )  # fmt: skip
    standard = Pasted(
        label=_("Or a standard of your own, as a table"), help_text=_("With the same columns and strata.")
    )
    standard_file = TableFileField()
    ages = forms.CharField(
        label=_("Ages at which bands begin"), max_length=100, initial="18,40,60,75", required=False,
        help_text=_("For cohorts. A table has strata from 0 and from each of these."),
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in ("study", "hospital"):
            choices = [("", gettext("None: the table below")), *self.versions]
            self.fields[field].choices = choices  # type: ignore[attr-defined]

    def parts(self) -> list[tuple[str, list[forms.BoundField]]]:
        return [
            (gettext("The study"), [self[name] for name in ("study", "counts", "counts_file")]),
            (gettext("The standard"), [self[name] for name in ("hospital", "standard", "standard_file")]),
            (gettext("The event"), [self[name] for name in ("outcome", "within", "ages")]),
            (gettext("Records"), [self[name] for name in ("name", "basis", "purpose")]),
        ]

    def sides(self) -> tuple[Side, Side]:
        """The study and the standard."""
        return self.either("study", "counts", COUNTS), self.either("hospital", "standard", COUNTS)

    def worked_out(self) -> Report | None:
        study, standard = self.sides()
        if isinstance(study, Sent) and isinstance(standard, Sent):
            return at_once.rates_of_files(study, standard, by=self.by)
        return None

    def spec(self, chosen: Chosen) -> tuple[str, dict[str, Any]]:
        study, standard = self.sides()
        given = self.cleaned_data
        ages = specs.ages_of(given["ages"])
        spec = specs.rates(study, standard, self.cohort("outcome"), given["within"], ages)
        called = gettext("{study} against {standard}")
        return called.format(study=spec["study"]["name"], standard=spec["standard"]["name"]), spec


class FunnelForm(FollowedForm):
    kind = Kind.FUNNEL
    title = _("Units on a funnel")
    about = _(
        "Does a unit differ from the others by more than chance? Units of your own come as a table: nothing of the"
        " hospital's is read, the answer comes at once, and neither table nor answer is kept. Or the units that saw the"
        " patients of a cohort are compared, adjusted for their case mix."
    )
    tables = ("units", "units_file")

    units = Pasted(
        label=_("Units of your own, as a table"),
        help_text=_(
            "A line for each unit; the first names the columns: unit, observed, n (of how many), expected, or both."
        ),
    )
    units_file = TableFileField()
    cohort_id = EitherChoice(label=_("Or patients of a cohort"), required=False)
    by_units = forms.ChoiceField(
        label=_("By which units"), choices=list(UNITS.items()), initial="care_site", widget=forms.RadioSelect,
        required=False,
        help_text=_(
            "Of the visit on the first day. Answers that tell apart the people who treat cannot be shown to everybody."
        ),
    )  # fmt: skip
    adjust = forms.ChoiceField(
        label=_("Adjusted"), choices=list(ADJUSTMENTS.items()), initial="case-mix", widget=forms.RadioSelect,
        required=False,
    )  # fmt: skip
    dispersion = forms.ChoiceField(
        label=_("How it is estimated"), choices=list(DISPERSIONS.items()), initial="cqc", widget=forms.RadioSelect,
        required=False,
        help_text=_("The limits are widened by what units vary more than chance lets them, where they do."),
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [("", gettext("None: the table above")), *self.versions]
        self.fields["cohort_id"].choices = choices  # type: ignore[attr-defined]

    def parts(self) -> list[tuple[str, list[forms.BoundField]]]:
        return [
            (gettext("Units of your own"), [self[name] for name in ("units", "units_file")]),
            (
                gettext("Or units of the hospital"),
                [self[name] for name in ("cohort_id", "by_units", "outcome", "within", "adjust")],
            ),
            (gettext("What units vary beyond chance"), [self["dispersion"]]),
            (gettext("Records"), [self[name] for name in ("name", "basis", "purpose")]),
        ]

    def worked_out(self) -> Report | None:
        units = self.either("cohort_id", "units", "unit,observed,n")
        if isinstance(units, Sent):
            return at_once.funnel_of_file(units, self.cleaned_data["dispersion"] or specs.DISPERSIONS[0], by=self.by)
        return None

    def spec(self, chosen: Chosen) -> tuple[str, dict[str, Any]]:
        given, cohort = self.cleaned_data, self.cohort("cohort_id")
        assert cohort is not None, "units of a table are worked out at once"
        spec = specs.funnel(
            cohort, given["by_units"] or "care_site", self.cohort("outcome"), given["within"],
            given["adjust"] or "case-mix", given["dispersion"] or specs.DISPERSIONS[0],
        )  # fmt: skip
        return gettext("{cohort} by {units}").format(cohort=cohort["name"], units=UNITS[spec["by"]]), spec
