"""The forms by which something is held against the hospital: an analyte, values of it, a study; and two methods."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from wardbench.bench.outcomes.pico import Picked
from wardbench.campus.outcomes import given as tables
from wardbench.campus.outcomes import slots, specs
from wardbench.campus.outcomes.forms import bases_of, cohort_of, said_of, versions_of
from wardbench.campus.outcomes.rules import Basis, Kind
from wardbench.campus.outcomes.services import LONGEST_NAME, LONGEST_PURPOSE
from wardbench.campus.people.rules import Actor
from wardbench.core.errors import InputError
from wardbench.ward.benchmark.lines import Sent

if TYPE_CHECKING:
    from wardbench.ward.benchmark.page import Report

GROUPS = {"sex": _("Sex"), "age": _("Age"), "device": _("Device that measured")}
LONGEST_UNIT = 50
Chosen = Mapping[str, Sequence[Picked]]


class Pasted(forms.CharField):
    """A table as text, or else as a file."""

    either = True

    def __init__(self, **kwargs: Any) -> None:
        rows = forms.Textarea(attrs={"rows": 5, "spellcheck": "false"})
        super().__init__(**{"widget": rows, "max_length": tables.LARGEST, "required": False, **kwargs})


class TableFileField(forms.FileField):
    either = True

    def __init__(self, **kwargs: Any) -> None:
        label = _("Or send it as a CSV file")
        super().__init__(**{"label": label, "required": False, "max_length": 200, **kwargs})


class YardstickForm(forms.Form):
    """What each of them says: on which records, what for, and a name. `concepts` are the parts of it for which
    concepts are chosen, `tables` the fields that come with a table, which is not kept with what the form said."""

    kind: ClassVar[Kind]
    title: ClassVar[Any]
    about: ClassVar[Any]
    concepts: ClassVar[Mapping[str, slots.Slot]] = {}
    tables: ClassVar[tuple[str, ...]] = ()
    at_once = False

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

    def spec(self, chosen: Chosen) -> tuple[str, dict[str, Any]]:
        """What the question is called where it has no name, and what is asked. InputError names what is wrong."""
        raise NotImplementedError

    def worked_out(self) -> Report | None:
        """The report, where nothing but what was brought is needed for it: then there is no question to keep."""
        return None

    def parts(self) -> list[tuple[str, list[forms.BoundField]]]:
        """The fields as they stand together, under a title where there is one."""
        return [("", list(self))]

    def table(self, what: str, columns: str) -> Sent | None:
        """A table that was pasted or sent; see `given.brought`."""
        return tables.brought(self.cleaned_data, what, f"{what}.csv", columns)

    def said(self, chosen: Chosen) -> dict[str, Any]:
        """What the form said, to begin the next question from."""
        return said_of({key: value for key, value in self.cleaned_data.items() if key not in self.tables}, chosen)


def analyte_of(chosen: Chosen) -> tuple[str, str]:
    """The analyte that was ticked: by its code, and its name."""
    if len(chosen["analyte"]) != 1:
        raise InputError(gettext("analyte: tick one thing that was measured."))
    (one,) = chosen["analyte"]
    return f"{one.vocabulary}:{one.code}" if one.vocabulary and one.code else str(one.concept_id), one.name


class IntervalsForm(YardstickForm):
    kind = Kind.INTERVALS
    title = _("Reference intervals")
    about = _(
        "What is normal, from routine results, without recruiting anyone: the results of the healthy are told apart"
        " from those of the ill by their shape. It takes a thousand persons at least, and says how far to trust it."
    )
    concepts = slots.ANALYTE

    by_groups = forms.MultipleChoiceField(
        label=_("Apart for each"), choices=list(GROUPS.items()), widget=forms.CheckboxSelectMultiple, required=False
    )
    unit = forms.CharField(
        label=_("Unit"), max_length=LONGEST_UNIT, required=False,
        help_text=_("As mmol/L. Left empty, the one that all results have."),
    )  # fmt: skip
    ages = forms.CharField(
        label=_("Ages at which bands begin"), max_length=100, initial="18,40,60", required=False,
        help_text=_("Where ages stand apart."),
    )  # fmt: skip
    healthy = forms.ChoiceField(
        label=_("Beside them the direct limits of healthy persons"), required=False,
        help_text=_("A cohort of persons who are healthy by your own rule, 120 or more with a result."),
    )  # fmt: skip
    field_order = ("by_groups", "ages", "unit", "healthy", "name", "basis", "purpose")

    def __init__(self, *args: Any, by: Actor, **kwargs: Any) -> None:
        super().__init__(*args, by=by, **kwargs)
        choices = [("", gettext("None")), *versions_of(by)]
        self.fields["healthy"].choices = choices  # type: ignore[attr-defined]

    def spec(self, chosen: Chosen) -> tuple[str, dict[str, Any]]:
        code, name = analyte_of(chosen)
        given = self.cleaned_data
        healthy = cohort_of(given["healthy"], self.by)[0] if given["healthy"] else None
        ages = specs.ages_of(given["ages"] or "18,40,60")
        called = gettext("Reference intervals of {analyte}").format(analyte=name)
        return called, specs.intervals(code, given["unit"], given["by_groups"], ages, healthy)


class AssayForm(YardstickForm):
    kind = Kind.ASSAY
    title = _("Values on the hospital's distribution")
    about = _(
        "Where values of an assay lie among the hospital's results of the same analyte, by sex and age: does it read as"
        " the hospital's does, and how many of its values would be flagged?"
    )
    concepts = slots.ANALYTE
    tables = ("values", "values_file")

    values = Pasted(
        label=_("The values"),
        help_text=_(
            "One value a line; the first line names the columns: value, and sex (f or m) and age where they are known."
            " Leave out who they are of. They are kept until the answer is there, and seen by nobody."
        ),
    )
    values_file = TableFileField()
    unit = forms.CharField(
        label=_("Unit of the values"), max_length=LONGEST_UNIT, help_text=_("As mmol/L; it has to be the hospital's.")
    )
    ages = forms.CharField(
        label=_("Ages at which bands begin"), max_length=100, initial="18,40,60", required=False,
        help_text=_("A value is placed among people of its sex and band."),
    )  # fmt: skip
    field_order = ("values", "values_file", "unit", "ages", "name", "basis", "purpose")

    def spec(self, chosen: Chosen) -> tuple[str, dict[str, Any]]:
        code, name = analyte_of(chosen)
        values = self.table("values", "value,sex,age")
        if values is None:
            raise InputError(gettext("values: paste them or send a file."))
        given = self.cleaned_data
        called = gettext("{file} on the hospital's {analyte}").format(file=values.name, analyte=name)
        return called, specs.assay(code, given["unit"], values, specs.ages_of(given["ages"]))


class Table1Form(YardstickForm):
    kind = Kind.TABLE1
    title = _("A study beside the hospital")
    about = _(
        "A Table 1 of both, with standardised differences: where they differ, and by how much. No data of single"
        " persons go either way."
    )
    tables = ("aggregates",)

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

    def spec(self, chosen: Chosen) -> tuple[str, dict[str, Any]]:
        given = self.cleaned_data
        hospital, _hash = cohort_of(given["hospital"], self.by)
        study = cohort_of(given["study"], self.by)[0] if given["study"] else None
        aggregates = given["aggregates"] and tables.of_file(given["aggregates"], tables.ENDINGS)
        spec = specs.table1(hospital, study, aggregates)
        called = study["name"] if study is not None else aggregates.name
        return gettext("{study} beside {hospital}").format(study=called, hospital=hospital["name"]), spec


class MethodsForm(forms.Form):
    """Pairs are not kept, so that neither a name nor a purpose is asked for."""

    title = _("Two methods compared")
    about = _(
        "Whether two methods read the same, by Passing and Bablok's regression and Bland and Altman's limits of"
        " agreement. It is worked out from your pairs alone while you wait, and kept nowhere, neither the pairs nor the"
        " report: save it if you want it again."
    )
    at_once = True

    pairs = Pasted(
        label=_("The pairs"),
        help_text=_(
            "A line for each sample with a value of either method; the first line names the columns. From 10 to 1,000."
        ),
    )
    pairs_file = TableFileField()
    x = forms.CharField(
        label=_("Column of the method that is the yardstick"), max_length=100, required=False,
        help_text=_("Left empty, the first."),
    )  # fmt: skip
    y = forms.CharField(
        label=_("Column of the other method"), max_length=100, required=False, help_text=_("Left empty, the next.")
    )
    unit = forms.CharField(label=_("Unit of both"), max_length=LONGEST_UNIT, required=False)

    def parts(self) -> list[tuple[str, list[forms.BoundField]]]:
        return [("", list(self))]

    def table(self) -> Sent:
        """The pairs; InputError where there are none."""
        found = tables.brought(self.cleaned_data, "pairs", "pairs.csv", "old,new")
        if found is None:
            raise InputError(gettext("pairs: paste them or send a file."))
        return found
