"""The forms of people, organisations and roles."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from allauth.account.forms import ResetPasswordForm as AnyonesResetPasswordForm
from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from wardbench.campus.people import queries
from wardbench.campus.people.models import Affiliation, Organisation, Person, Unit
from wardbench.campus.people.orcid import is_orcid, orcid_in
from wardbench.campus.people.roles import LEADS, TITLES, Lead, Role
from wardbench.campus.people.rules import PROOFS


def day(label: Any, help_text: Any = "", *, required: bool = False) -> forms.DateField:
    return forms.DateField(
        label=label,
        help_text=help_text,
        required=required,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )


class ResetPasswordForm(AnyonesResetPasswordForm):  # type: ignore[misc]
    """Asks for a link to a new password. Whoever comes through an institution and has none gets none: the mailbox alone
    would then let in past all that the institution asks."""

    users: list[Any]

    def clean_email(self) -> str:
        email: str = super().clean_email()
        self.users = [one for one in self.users if one.has_usable_password() or not one.socialaccount_set.exists()]
        return email


class ProfileForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=200)
    title = forms.CharField(label=_("Title or function"), max_length=100, required=False)
    topics = forms.CharField(
        label=_("Expertise"),
        help_text=_("One topic on a line: a disease, a drug, a method. Colleagues find you by these."),
        required=False,
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 5}),
    )
    orcid = forms.CharField(
        label=_("ORCID iD"),
        help_text=_("For example 0000-0002-1825-0097, or its address at orcid.org"),
        max_length=100,
        required=False,
    )
    about = forms.CharField(label=_("About"), required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 4}))
    language = forms.ChoiceField(
        label=_("Language"), help_text=_("The pages and the mails are in this language."), choices=settings.LANGUAGES
    )
    mail = forms.ChoiceField(
        label=_("News by mail"),
        help_text=_(
            "A mail says only that something waits, and where to read it. What cannot wait, an emergency access for "
            "instance, is mailed at once all the same."
        ),
        choices=Person.Mail.choices,
    )

    def clean_orcid(self) -> str:
        given = orcid_in(self.cleaned_data["orcid"])
        if given and not is_orcid(given):
            raise ValidationError(_("This is not an ORCID iD: four groups of four digits, the last a check digit."))
        return given

    def clean_topics(self) -> list[str]:
        topics = [line.strip() for line in self.cleaned_data["topics"].splitlines() if line.strip()]
        if any(len(topic) > 200 for topic in topics):
            raise ValidationError(_("A topic has at most 200 characters."))
        return topics


class PersonForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=200)
    email = forms.EmailField(
        label=_("E-mail address"), help_text=_("With this address the person signs in."), max_length=254
    )
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)


class RoleForm(forms.Form):
    role = forms.ChoiceField(label=_("Role"))
    where = forms.ChoiceField(label=_("Organisation, or department or care programme of it"))
    since = day(_("From"), _("Empty: from today."))
    until = day(_("Until and including"), _("Empty: until somebody ends it."))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(str(role), gettext(title)) for role, title in TITLES.items()]
        self.choice("role").choices = [("", gettext("Choose one")), *sorted(choices, key=lambda pair: pair[1])]
        groups: list[Any] = [("", gettext("Choose one"))]
        for organisation in queries.organisations():
            units = [(str(unit.id), f"{organisation}, {unit}") for unit in organisation.units.all()]
            groups.append((organisation.name, [(str(organisation.id), organisation.name), *units]))
        self.choice("where").choices = groups

    def choice(self, name: str) -> forms.ChoiceField:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        return field

    def clean(self) -> dict[str, Any]:
        said: dict[str, Any] = self.cleaned_data
        since, until = said.get("since"), said.get("until")
        if since and until and until < since:
            self.add_error("until", _("A role ends on the day it began or later."))
        return said

    @property
    def place(self) -> tuple[Organisation, Unit | None]:
        """The organisation that was chosen, and the unit of it."""
        chosen = self.cleaned_data["where"]
        for unit in queries.units():
            if str(unit.id) == chosen:
                return unit.organisation, unit
        return queries.organisation(chosen), None

    @property
    def given(self) -> Role:
        return Role(self.cleaned_data["role"])


class HeadForm(forms.Form):
    """Naming a head or deputy; `held` are the roles there of which one can be chosen."""

    who = forms.ChoiceField(label=_("Who"), help_text=_("Those who treat patients there."))
    lead = forms.ChoiceField(label=_("As what"), widget=forms.RadioSelect, initial=Lead.HEAD)

    def __init__(self, *args: Any, held: Sequence[Affiliation], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        who, lead = self.fields["who"], self.fields["lead"]
        assert isinstance(who, forms.ChoiceField) and isinstance(lead, forms.ChoiceField)
        names = [(str(one.id), f"{one.person.name}, {gettext(TITLES[Role(one.role)])}") for one in held]
        who.choices = [("", gettext("Choose one")), *names]
        lead.choices = [(one.value, gettext(title)) for one, title in LEADS.items()]


class EndRoleForm(forms.Form):
    last = day(_("Last day"), _("Empty: it ends at once."))


class ProofForm(forms.Form):
    """How an administrator made sure of who somebody is."""

    proof = forms.ChoiceField(label=_("How did you make sure of who it is?"), widget=forms.RadioSelect)
    seen = forms.CharField(
        label=_("What you saw, or whom you called"),
        help_text=_("For example: staff badge 4711 at the desk. It stays on the record."),
        max_length=300,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["proof"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(proof.value, gettext(said)) for proof, said in PROOFS.items()]


class OrganisationForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=200)
    kind = forms.ChoiceField(label=_("Kind"), choices=Organisation.Kind.choices)


class UnitForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=200)
    kind = forms.ChoiceField(label=_("Kind"), choices=Unit.Kind.choices)


class ImportForm(forms.Form):
    file = forms.FileField(
        label=_("CSV file"),
        help_text=_("One row for each person and role. Nothing is written before you have seen it."),
    )


def profile_form(person: Person, data: Any = None) -> ProfileForm:
    """The form with what the profile says now."""
    topics = "\n".join(one.topic for one in person.expertise.all())
    fields = ("name", "title", "orcid", "about", "language", "mail")
    return ProfileForm(data, initial={**{field: getattr(person, field) for field in fields}, "topics": topics})
