"""The forms of collections, consents and protocols."""

from __future__ import annotations

import datetime
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from wardbench.campus.biobank import collection_queries as queries
from wardbench.campus.biobank.amounts import UNITS, amount_of
from wardbench.campus.biobank.fitting import fitting
from wardbench.campus.biobank.imports import words
from wardbench.campus.biobank.models import Collection, ConsentForm, ProtocolVisit
from wardbench.campus.biobank.visiting import Planned
from wardbench.campus.people.queries import holders
from wardbench.campus.people.refusals import refusal
from wardbench.campus.people.roles import Role
from wardbench.core.consent import BASES, TIERS, Basis, Tier
from wardbench.core.duo import LABELS, Modifier, Use
from wardbench.core.errors import InputError
from wardbench.core.sprec import CONTAINERS

TUBES = 50
"""So many tubes of a kind are planned for a visit at most."""
USES = [(use.value, _(LABELS[use])) for use in Use if use in (Use.NRES, Use.GRU, Use.HMB, Use.DS, Use.POA)]


class CollectionForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=200)
    purpose = forms.CharField(label=_("What it is for"), widget=forms.Textarea(attrs={"rows": 3}), max_length=2000)
    description = forms.CharField(
        label=_("What is in it"), widget=forms.Textarea(attrs={"rows": 4}), max_length=2000, required=False
    )
    basis = forms.ChoiceField(
        label=_("On what it rests"), choices=[(b.value, _(BASES[b])) for b in Basis], widget=forms.RadioSelect
    )
    use = forms.ChoiceField(label=_("What may be done with it"), choices=USES)
    diseases = forms.CharField(
        label=_("For which diseases"),
        required=False,
        max_length=500,
        help_text=_("Only where research is disease specific; with commas."),
    )
    modifiers = forms.MultipleChoiceField(
        label=_("Under these conditions"),
        choices=[(one.value, _(LABELS[one])) for one in Modifier],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )

    @classmethod
    def of(cls, one: Collection, data: Any = None) -> CollectionForm:
        """The form with what a collection says."""
        permission = one.permission or {}
        initial = {
            "name": one.name,
            "purpose": one.purpose,
            "description": one.description,
            "basis": one.basis,
            "use": permission.get("use"),
            "diseases": ", ".join(permission.get("diseases", [])),
            "modifiers": permission.get("modifiers", []),
        }
        return cls(data, initial=initial)

    def values(self) -> dict[str, Any]:
        """What was given, as a collection keeps it."""
        given = dict(self.cleaned_data)
        diseases = [one.strip() for one in given.pop("diseases").split(",") if one.strip()]
        permission = {"use": given.pop("use"), "modifiers": given.pop("modifiers")}
        return {**given, "permission": {**permission, **({"diseases": diseases} if diseases else {})}}

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if (given.get("use") == Use.DS.value) != bool(given.get("diseases", "").strip()):
            said = gettext("Name diseases where research is disease specific, and only there.")
            self.add_error("diseases", said)
        return given


class NewCollectionForm(CollectionForm):
    code = forms.CharField(label=_("Code"), max_length=64, help_text=_("Short; it begins the labels of its tubes."))
    biobank = forms.ChoiceField(label=_("Biobank"))
    field_order = ("biobank", "code", "name")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field, use = self.fields["biobank"], self.fields["use"]
        assert isinstance(field, forms.ChoiceField) and isinstance(use, forms.ChoiceField)
        field.choices = [(str(one.id), one.name) for one in queries.biobanks()]
        # What may be done with human material is said, and not taken as it happens to stand there.
        use.choices = [("", ""), *USES]


class ResponsibleForm(forms.Form):
    person = forms.ChoiceField(label=_("Who answers for it"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["person"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(str(one.id), one.name) for one in holders(*Role)]


class ProtocolForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=200)
    visits = forms.CharField(
        label=_("Visits, and what is taken at each"),
        widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false"}),
        max_length=20_000,
        help_text=_(
            "A line for each visit: its name, the day after the first, how many days early and late, then the tubes. "
            "For example: Month 3; 90; 14; 14; 2 Whole blood PED 4 ml; 1 Urine"
        ),
    )

    def clean_visits(self) -> list[tuple[ProtocolVisit, list[Planned]]]:
        found = []
        for number, line in enumerate(self.cleaned_data["visits"].splitlines(), start=1):
            if not line.strip():
                continue
            try:
                found.append(_visit(line))
            except (ValueError, InputError) as error:
                why = refusal(error) if isinstance(error, InputError) else gettext("write it as the example shows")
                said = {"line": number, "fault": why}
                raise forms.ValidationError(gettext("Line %(line)s: %(fault)s") % said) from None
        return found


def _visit(line: str) -> tuple[ProtocolVisit, list[Planned]]:
    name, day, early, late, *tubes = [part.strip() for part in line.split(";")]
    visit = ProtocolVisit(name=name, day=int(day), before=int(early), after=int(late))
    return visit, [_planned(one) for one in tubes if one]


def _planned(text: str) -> Planned:
    """A tube as "2 Whole blood PED 4 ml": count, material in any of the words that imports know, SPREC's code of the
    tube, amount; all but the material may lack."""
    parts = text.split()
    count = int(parts.pop(0)) if parts and parts[0].isdecimal() and len(parts[0]) < 5 else 1
    if not 1 <= count <= TUBES:
        raise InputError(gettext("Take 1 to %(most)s tubes of a kind at a visit.") % {"most": TUBES})
    amount = None
    if len(parts) >= 2 and parts[-1] in UNITS:
        amount = amount_of(parts[-2], parts[-1])
        parts = parts[:-2]
    # The last word may be SPREC's code of the tube; what people call a material may have several words.
    named = words.material(" ".join(parts))
    tube = parts[-1].upper() if not named and len(parts) > 1 else ""
    material = named or words.material(" ".join(parts[:-1] if tube else parts))
    if not material:
        raise InputError(gettext("“%(material)s” is no material of MIABIS.") % {"material": " ".join(parts)[:40]})
    if tube and tube not in CONTAINERS:
        raise InputError(gettext("“%(tube)s” is no tube of SPREC.") % {"tube": tube[:20]})
    fitting(material, amount.unit if amount else "")
    return Planned(material, tube, count, amount)


class EnrolForm(forms.Form):
    protocol = forms.ChoiceField(label=_("Protocol"))
    day0 = forms.DateField(
        label=_("First day"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        validators=[MaxValueValidator(datetime.date(2200, 1, 1))],
    )  # fmt: skip
    place = forms.CharField(label=_("Where"), max_length=100, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["protocol"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(str(one.id), f"{one.collection.code}: {one}") for one in queries.running_protocols()]


class DonorForm(forms.Form):
    code = forms.CharField(label=_("Code"), max_length=64, help_text=_("It must say nothing of who the donor is."))
    sex = forms.ChoiceField(
        label=_("Sex"),
        choices=[("Female", _("Female")), ("Male", _("Male")), ("Unknown", _("Unknown"))],
        widget=forms.RadioSelect,
    )
    birth_year = forms.IntegerField(label=_("Year of birth"), min_value=1880, max_value=2100, required=False)
    person = forms.IntegerField(label=_("Number of the patient in the records"), min_value=1, required=False)

    def __init__(self, *args: Any, links: bool = True, **kwargs: Any) -> None:
        """`links` says whether whoever fills it in may say who a donor is."""
        super().__init__(*args, **kwargs)
        if not links:
            del self.fields["person"]

    def clean_birth_year(self) -> int | None:
        year: int | None = self.cleaned_data["birth_year"]
        if year is not None and year > timezone.localdate().year:
            raise forms.ValidationError(gettext("This year has not come yet."))
        return year


class AnswersForm(forms.Form):
    """What a donor answers on a consent form: a yes or no for each of its tiers."""

    given = forms.DateField(label=_("Signed on"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))

    def __init__(self, *args: Any, form: ConsentForm, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.form = form
        for tier in form.tiers:
            self.fields[tier] = forms.ChoiceField(
                label=_(TIERS[Tier(tier)]), choices=[("yes", _("Yes")), ("no", _("No"))], widget=forms.RadioSelect
            )

    def answers(self) -> dict[Tier, bool]:
        return {Tier(tier): self.cleaned_data[tier] == "yes" for tier in self.form.tiers}
