"""The forms of studies: one for each section of a registration, and one for each thing that is decided."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from wardbench.campus.studies.documents import ENDINGS, LARGEST, TITLES
from wardbench.campus.studies.facts import CONSENTS, DATA, KINDS, Fact, Section
from wardbench.campus.studies.result_rules import KINDS as RESULTS
from wardbench.campus.studies.standing import ANSWERS
from wardbench.campus.studies.vocabulary import DOCUMENT_KINDS, FATES, TABLES, UNITS, WORK
from wardbench.core.duo import LABELS, Concern, Use
from wardbench.core.duo.model import CONCERNS
from wardbench.core.miabis import MATERIALS

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

LONG = 10_000
Choices = Sequence[tuple[str, str]]


def _choices(titles: Any, *, empty: StrPromise | str = "") -> Any:
    """The choices of a field from titles of the catalogues, translated when the form is shown."""

    def listed() -> list[tuple[str, str]]:
        first = [("", str(empty))] if empty else []
        return [*first, *((str(value), gettext(title)) for value, title in titles.items())]

    return listed


def _words(label: StrPromise, help_text: StrPromise | str = "", *, rows: int = 0, longest: int = LONG) -> Any:
    widget = forms.Textarea(attrs={"rows": rows}) if rows else forms.TextInput()
    return forms.CharField(label=label, help_text=help_text, max_length=longest, required=False, widget=widget)


def _ticked(label: StrPromise, help_text: StrPromise | str = "") -> Any:
    return forms.BooleanField(label=label, help_text=help_text, required=False)


def _choose(form: forms.Form, choices: Mapping[str, Choices]) -> None:
    """Give fields their choices; one without any is left out."""
    for name, given in choices.items():
        field = form.fields[name]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = list(given)
        if not given:
            del form.fields[name]


class RegisterForm(forms.Form):
    title = forms.CharField(label=_("Title"), max_length=300, help_text=_("As in the protocol."))
    kind = forms.ChoiceField(label=_("Kind of study"), widget=forms.RadioSelect, choices=_choices(KINDS))


class AboutForm(forms.Form):
    title = forms.CharField(label=_("Title"), max_length=300)
    kind = forms.ChoiceField(label=_("Kind of study"), choices=_choices(KINDS))
    summary = _words(
        _("Summary in plain words"),
        _("What you want to find out, how, and what patients get of it; for somebody outside your field."),
        rows=6,
    )
    sponsor = _words(_("Sponsor"), _("Who answers for the study: often the hospital or the university."), longest=200)
    ethics_reference = _words(
        _("Reference of an ethics committee"), _("Where one has given its opinion already."), longest=200
    )
    public = _ticked(
        _("Let everybody on the campus know of it"),
        _("Its reference number, title, principal investigator and status; nothing more."),
    )


class MemberForm(forms.Form):
    email = forms.EmailField(label=_("E-mail address"), help_text=_("With which they sign in here."))
    work = forms.ChoiceField(label=_("What they do in the study"), choices=_choices(WORK))


class InvestigatorForm(forms.Form):
    email = forms.EmailField(
        label=_("E-mail address of the new principal investigator"),
        help_text=_("With which they sign in here. They hold a role in which one may lead a study."),
    )
    reason = forms.CharField(
        label=_("Reason"),
        help_text=_("Those who decide read it, and so does everybody else who sees the whole study."),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
    )


class JoinForm(forms.Form):
    """Somebody who joins, on a line that may be left empty."""

    email = forms.EmailField(label=_("E-mail address"), required=False)
    work = forms.ChoiceField(label=_("What they do in the study"), choices=_choices(WORK), required=False)


Joining = forms.formset_factory(JoinForm, extra=3, max_num=20, absolute_max=40)


class UnitsForm(forms.Form):
    programmes = forms.MultipleChoiceField(
        label=_("Care programmes whose patients it concerns"),
        help_text=_("Each has a say where material is used for something else than it was collected for."),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    departments = forms.MultipleChoiceField(
        label=_("Departments that take part"), required=False, widget=forms.CheckboxSelectMultiple
    )
    partners = forms.MultipleChoiceField(
        label=_("Partner organisations"), required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, choices: Mapping[str, Choices], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _choose(self, choices)


class MaterialForm(forms.Form):
    material = _ticked(_("Human body material is asked for"))
    consent = forms.ChoiceField(
        label=_("On which consent it rests"),
        help_text=_("Whether this is primary use decides who has to approve."),
        choices=_choices(CONSENTS, empty=_("Choose one")),
        required=False,
    )
    leaves = _ticked(_("Material leaves the hospital"))
    arrives = _ticked(_("Material comes from elsewhere"))
    party = _words(
        _("The other party of the transfer"),
        _("To whom it goes or from whom it comes, as in the transfer agreement."),
        longest=200,
    )
    retention = _words(_("Where it is kept, and how long"), longest=300)
    fate = forms.ChoiceField(
        label=_("What becomes of it afterwards"), choices=_choices(FATES, empty=_("Choose one")), required=False
    )

    def take_for_granted(self, names: Iterable[str]) -> None:
        """Tick for good what goes without saying."""
        for name in names:
            self.fields[name].disabled = True
            self.fields[name].help_text = gettext("A study of this kind cannot do without.")


class SpecimenForm(forms.Form):
    type = forms.ChoiceField(label=_("Type"), choices=_choices(MATERIALS, empty="-"), required=False)
    amount = forms.FloatField(label=_("Amount"), required=False, min_value=0.001, max_value=1e6)
    unit = forms.ChoiceField(label=_("Unit"), choices=_choices(UNITS), required=False)
    donors = forms.IntegerField(label=_("Donors"), required=False, min_value=1, max_value=1_000_000)

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("type"):
            for name in ("amount", "donors"):
                if name not in self.errors and not given.get(name):
                    self.add_error(name, gettext("Say how much."))
        return given


Specimens = forms.formset_factory(SpecimenForm, extra=2, max_num=20, absolute_max=40)


class DataForm(forms.Form):
    closeness = forms.ChoiceField(
        label=_("How close to single patients"), widget=forms.RadioSelect, choices=_choices(DATA), required=False
    )
    tables = forms.MultipleChoiceField(
        label=_("Which data"), required=False, widget=forms.CheckboxSelectMultiple, choices=_choices(TABLES)
    )
    since = forms.DateField(
        label=_("From"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    until = forms.DateField(
        label=_("Until"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    data_wanted = _words(_("Which data in detail, and why"), rows=4)

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("since") and given.get("until") and given["until"] < given["since"]:
            self.add_error("until", gettext("The period ends on the day it began or later."))
        return given


class CohortForm(forms.Form):
    version = forms.ChoiceField(label=_("Cohort"), help_text=_("The version that was saved last."))

    def __init__(self, *args: Any, choices: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["version"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = list(choices)


class CohortsForm(forms.Form):
    """Which cohorts come and go with an amendment."""

    attach = forms.MultipleChoiceField(
        label=_("Cohorts that are attached"),
        help_text=_("The version that was saved last."),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    detach = forms.MultipleChoiceField(
        label=_("Cohorts that are taken off"), required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, attach: Choices, detach: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _choose(self, {"attach": attach, "detach": detach})


USES = {use: LABELS[use] for use in (Use.DS, Use.HMB, Use.GRU, Use.POA)}


class PurposeForm(forms.Form):
    use = forms.ChoiceField(label=_("The purpose"), widget=forms.RadioSelect, choices=_choices(USES), required=False)
    diseases = _words(_("Which diseases"), _("One a line: its name, or an identifier such as MONDO:0005016."), rows=3)
    methods = _ticked(_("Methods are developed, rather than questions of health answered"))
    genetic = forms.NullBooleanField(label=_("Genetic research"), required=False)
    for_profit = forms.NullBooleanField(label=_("An organisation that works for profit takes part"), required=False)
    commercial = forms.NullBooleanField(label=_("Commercial use"), required=False)
    clinical_care = _ticked(_("Results are used in the care of the same patients"))
    concerns = forms.MultipleChoiceField(
        label=_("It involves"),
        help_text=_("Each of these is looked at by a person."),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        choices=_choices({concern.value: CONCERNS[concern] for concern in Concern}),
    )


class DocumentForm(forms.Form):
    kind = forms.ChoiceField(label=_("Kind of document"), choices=_choices(DOCUMENT_KINDS))
    file = forms.FileField(
        label=_("File"),
        widget=forms.ClearableFileInput(attrs={"accept": ",".join(sorted(ENDINGS))}),
        max_length=400,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["file"].help_text = gettext(
            "%(types)s without macros, up to %(size)s MB. A file of the same kind and name becomes its next version."
        ) % {"types": TITLES, "size": LARGEST // 1_000_000}


class PaperForm(DocumentForm):
    """A document that comes with an amendment, on a line that may be left empty."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.required = False


Papers = forms.formset_factory(PaperForm, extra=2, max_num=10, absolute_max=20)


class TakeOffForm(forms.Form):
    take_off = forms.MultipleChoiceField(
        label=_("Documents that are taken off"),
        help_text=_("A new version needs no taking off: give it the same kind and name."),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, *args: Any, documents: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _choose(self, {"take_off": documents})


class ReasonForm(forms.Form):
    reason = forms.CharField(label=_("Reason"), max_length=2000, widget=forms.Textarea(attrs={"rows": 4}))


class ResultForm(forms.Form):
    kind = forms.ChoiceField(label=_("Which table"), widget=forms.RadioSelect, choices=_choices(RESULTS))
    cohort = forms.ChoiceField(
        label=_("Of which cohort"), help_text=_("Not needed for the numbers of all cohorts."), required=False
    )
    purpose = forms.CharField(
        label=_("What it is for"),
        help_text=_("For the data steward: an article, a grant application, a meeting."),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, *args: Any, cohorts: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["cohort"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = cohorts


class TextForm(forms.Form):
    text = forms.CharField(label=_("Your answer"), max_length=LONG, widget=forms.Textarea(attrs={"rows": 5}))


class AskForm(TextForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["text"].label = _("Your question")


class VoteForm(forms.Form):
    unit = forms.ChoiceField(label=_("You speak for"), required=False)
    answer = forms.ChoiceField(label=_("Your decision"), widget=forms.RadioSelect, choices=_choices(ANSWERS))
    reason = forms.CharField(
        label=_("Reason or conditions"),
        help_text=_("Needed for all but a plain approval. It stands in the letter to the applicant."),
        max_length=LONG,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
    )

    def __init__(self, *args: Any, units: Choices = (), decides: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field, answer = self.fields["unit"], self.fields["answer"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = list(units)
        field.required = bool(units)
        answer.label = gettext("Your decision") if decides else gettext("Your vote")
        if not units:
            del self.fields["unit"]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("answer") and given["answer"] != "approve" and not (given.get("reason") or "").strip():
            self.add_error("reason", gettext("Say why."))
        return given


class SeeForm(forms.Form):
    """What a path is worked out from before there is a study."""

    kind = forms.ChoiceField(label=_("Kind of study"), choices=_choices(KINDS))
    closeness = forms.ChoiceField(label=_("Data"), choices=_choices(DATA))
    material = _ticked(_("Human body material is asked for"))
    consent = forms.ChoiceField(
        label=_("On which consent it rests"), choices=_choices(CONSENTS, empty=_("Not known yet")), required=False
    )
    leaves = _ticked(_("Material leaves the hospital"))
    arrives = _ticked(_("Material comes from elsewhere"))


FORMS: dict[Section, type[forms.Form]] = {
    Section.ABOUT: AboutForm,
    Section.MATERIAL: MaterialForm,
    Section.DATA: DataForm,
    Section.PURPOSE: PurposeForm,
}
"""Sections that are one form; the others are lists."""

__all__ = ["FORMS", "Fact"]
