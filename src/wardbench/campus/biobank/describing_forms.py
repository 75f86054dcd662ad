"""The forms that say of a biobank and a collection what catalogues ask: the attributes of MIABIS Core 3.0."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from wardbench.campus.biobank.models import Biobank, Collection
from wardbench.campus.people import queries as people
from wardbench.core import miabis

LONGEST_LIST = 4000


def _several(label: Any, words: dict[str, str]) -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        label=label,
        choices=[(code, _(title)) for code, title in words.items()],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )


def _lines(label: Any) -> forms.CharField:
    return forms.CharField(
        label=label,
        required=False,
        max_length=LONGEST_LIST,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("One on each line."),
    )


def _read(text: str) -> list[str]:
    return list(dict.fromkeys(line.strip() for line in text.splitlines() if line.strip()))


class DescribeCollectionForm(forms.Form):
    acronym = forms.CharField(label=_("Acronym"), max_length=50, required=False)
    url = forms.URLField(label=_("Web address"), required=False, assume_scheme="https")
    diseases = _lines(_("Diseases, by name or code"))
    designs = _several(_("Design"), miabis.DESIGNS)
    collection_settings = _several(_("Where it is collected"), miabis.SETTINGS)
    dataset_types = _several(_("Data that are there beside the specimens"), miabis.DATASETS)
    use_conditions = _several(_("Conditions of use and access"), miabis.CONDITIONS)
    inclusion = _several(_("By what donors are included"), miabis.INCLUSION)
    publications = _lines(_("Publications, by DOI where there is one"))
    ended = forms.DateField(
        label=_("Ended on"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    LINES = ("diseases", "publications")

    @classmethod
    def of(cls, one: Collection, data: Any = None) -> DescribeCollectionForm:
        said = {name: getattr(one, name) for name in cls.base_fields}
        return cls(data, initial={**said, **{name: "\n".join(said[name]) for name in cls.LINES}})

    def values(self) -> dict[str, Any]:
        """What was given, as a collection keeps it."""
        given = dict(self.cleaned_data)
        return {**given, **{name: _read(given[name]) for name in self.LINES}}


class BiobankForm(forms.Form):
    code = forms.CharField(label=_("Code"), max_length=64, help_text=_("Its identifier in the catalogues of others."))
    name = forms.CharField(label=_("Name"), max_length=200)
    organisation = forms.ChoiceField(label=_("Organisation"))
    acronym = forms.CharField(label=_("Acronym"), max_length=50, required=False)
    juristic_person = forms.CharField(label=_("Juristic person"), max_length=200, required=False)
    country = forms.RegexField(r"^[A-Z]{2}$", label=_("Country, by its two letters"), max_length=2, initial="BE")
    url = forms.URLField(label=_("Web address"), required=False, assume_scheme="https")
    description = forms.CharField(
        label=_("Description"), max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 4})
    )
    contact_name = forms.CharField(
        label=_("Whom to write to"), max_length=200, help_text=_("Stands in the public catalogue.")
    )
    contact_email = forms.EmailField(
        label=_("E-mail of the contact"), help_text=_("Stands in the public catalogue; best that of an office.")
    )
    infrastructural = _several(_("What it offers: infrastructure"), miabis.INFRASTRUCTURAL)
    organisational = _several(_("What it offers: organisation"), miabis.ORGANISATIONAL)
    bioprocessing = _several(_("What it offers: work on specimens"), miabis.BIOPROCESSING)
    quality_standards = _lines(_("Quality standards, such as ISO 20387"))

    def __init__(self, *args: Any, one: Biobank | None = None, **kwargs: Any) -> None:
        if one is not None:
            said = {name: getattr(one, name) for name in self.base_fields if name != "organisation"}
            said["quality_standards"] = "\n".join(one.quality_standards)
            kwargs["initial"] = {**said, "organisation": str(one.organisation_id)}
        super().__init__(*args, **kwargs)
        field = self.fields["organisation"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(str(each.id), each.name) for each in people.organisations()]
        if one is not None:
            del self.fields["code"]

    def values(self) -> dict[str, Any]:
        """What was given, as a biobank keeps it; the organisation as such."""
        given = dict(self.cleaned_data)
        organisation = people.organisation(given.pop("organisation"))
        return {**given, "organisation": organisation, "quality_standards": _read(given["quality_standards"])}
