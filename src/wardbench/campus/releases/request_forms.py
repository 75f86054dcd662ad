"""The forms of requests, one for each verb, and of baskets and tariffs."""

from __future__ import annotations

import datetime
import uuid
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.text import format_lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from wardbench.campus.biobank.amounts import Amount, amount_of
from wardbench.campus.biobank.models import Biobank
from wardbench.campus.biobank.rules import Status as TubeStatus
from wardbench.campus.biobank.storage_forms import ReadingsForm
from wardbench.campus.releases import quoting, request_queries
from wardbench.campus.releases.models import Request, RequestLine, Shipment
from wardbench.campus.releases.rules import CONDITIONS, WITH_RECIPIENT, WORKS, LineStatus, Verb
from wardbench.core.errors import InputError
from wardbench.core.miabis import MATERIALS

UNITS = ("", "ml", "µl", "mg", "µg", "pieces")


def _day(label: Any, **kwargs: Any) -> forms.DateField:
    return forms.DateField(label=label, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"), **kwargs)


def _words(label: Any, *, required: bool = True, rows: int = 3, **kwargs: Any) -> forms.CharField:
    return forms.CharField(
        label=label, widget=forms.Textarea(attrs={"rows": rows}), max_length=5000, required=required, **kwargs
    )


def _count(title: str) -> forms.IntegerField:
    return forms.IntegerField(label=_(title), min_value=0, max_value=100_000)


class Form(forms.Form):
    """A form about one request."""

    def __init__(self, *args: Any, of: Request, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.of = of

    def lines(self, *status: LineStatus) -> list[RequestLine]:
        found = RequestLine.objects.filter(request=self.of, status__in=status).select_related("specimen")
        return sorted(found, key=lambda line: line.code)


class SureForm(Form):
    """A button with nothing to fill in."""


class ReasonForm(Form):
    why = _words(_("Why"))


class EditForm(Form):
    recipient = forms.CharField(label=_("Who receives the specimens"), max_length=200)
    address = _words(_("Address"))
    country = forms.CharField(
        label=_("Country"), min_length=2, max_length=2, help_text=_("Two letters, as in BE, NL or US.")
    )
    outside = forms.BooleanField(label=_("The recipient is outside the campus"), required=False)
    recipient_email = forms.EmailField(label=_("E-mail of the recipient"), required=False)
    genetic = forms.BooleanField(label=_("Inherited genes are studied"), required=False)
    wanted_by = _day(_("Needed by"), required=False)
    words = _words(_("What the biobank should know"), required=False)

    def __init__(self, *args: Any, of: Request, **kwargs: Any) -> None:
        super().__init__(*args, of=of, **kwargs)
        for name, field in self.fields.items():
            field.initial = getattr(of, name)


class ReserveForm(Form):
    until = _day(_("Held until"))
    judged = _words(
        _("Why it is allowed"),
        required=False,
        help_text=_("Only where the terms of a collection leave it to the biobank."),
    )

    def __init__(self, *args: Any, of: Request, **kwargs: Any) -> None:
        super().__init__(*args, of=of, **kwargs)
        self.fields["until"].initial = timezone.localdate() + datetime.timedelta(days=60)


class ExtendForm(Form):
    until = _day(_("Held until"))


class LeaveOutForm(Form):
    line = forms.ChoiceField(label=_("Which specimen"))
    why = _words(_("Why"))

    def __init__(self, *args: Any, of: Request, **kwargs: Any) -> None:
        super().__init__(*args, of=of, **kwargs)
        lost = RequestLine.objects.filter(request=self.of, status=LineStatus.PICKED).exclude(
            specimen__status=TubeStatus.PICKED
        )
        missed = [(str(one), label) for one, label in lost.values_list("id", "specimen__label")]
        held = [(str(one.id), one.specimen.label) for one in self.lines(LineStatus.RESERVED)]
        self.fields["line"].choices = [*held, *missed]  # type: ignore[attr-defined]


class QuoteForm(Form):
    until = _day(_("Valid until"))
    administration = _count(WORKS["administration"])
    retrieval = _count(WORKS["retrieval"])
    aliquot = _count(WORKS["aliquot"])
    shipment = _count(WORKS["shipment"])

    def __init__(self, *args: Any, of: Request, **kwargs: Any) -> None:
        super().__init__(*args, of=of, **kwargs)
        self.fields["until"].initial = timezone.localdate() + datetime.timedelta(days=quoting.VALID_DAYS)
        proposed = {one.work: one for one in quoting.proposal(of)}
        for work in WORKS:
            one = proposed.get(work)
            self.fields[work].initial = one.count if one else 0
            self.fields[work].help_text = gettext("€ {price} each").format(price=euro(one.cents if one else 0))

    def counts(self) -> dict[str, int]:
        return {work: self.cleaned_data[work] for work in WORKS}


def euro(cents: int) -> str:
    """Cents as euros: "12.50"."""
    return f"{cents // 100}.{cents % 100:02}"


class DrawUpForm(Form):
    clauses = _words(_("Clauses that the facts do not say"), required=False, rows=8)

    def __init__(self, *args: Any, of: Request, **kwargs: Any) -> None:
        super().__init__(*args, of=of, **kwargs)
        found = request_queries.agreement_of(of)
        self.fields["clauses"].initial = found.content["clauses"] if found is not None else ""


class SignForm(forms.Form):
    hash = forms.CharField(widget=forms.HiddenInput, max_length=64)
    name = forms.CharField(label=_("Name and function of whoever signs"), max_length=200)
    read = forms.BooleanField(label=_("I have read this agreement and may sign it"))


class ParcelForm(Form):
    conditions = forms.ChoiceField(
        label=_("How it travels"), choices=[(code, _(one.title)) for code, one in CONDITIONS.items()]
    )
    courier = forms.CharField(label=_("Courier"), max_length=100, required=False)
    tracking = forms.CharField(label=_("Tracking number"), max_length=100, required=False)


class ChosenForm(Form):
    OF = WITH_RECIPIENT
    chosen = forms.MultipleChoiceField(label=_("Which specimens"), widget=forms.CheckboxSelectMultiple)

    def __init__(self, *args: Any, of: Request, **kwargs: Any) -> None:
        super().__init__(*args, of=of, **kwargs)
        there = [(str(one.id), one.called) for one in self.lines(*self.OF)]
        self.fields["chosen"].choices = there  # type: ignore[attr-defined]
        self.fields["chosen"].initial = [value for value, _label in there]

    def ids(self) -> list[uuid.UUID]:
        return [uuid.UUID(one) for one in self.cleaned_data["chosen"]]


class SendBackForm(ChosenForm, ParcelForm):
    pass


class DestroyForm(ChosenForm):
    how = _words(_("How they were destroyed"))


class LogForm(ReadingsForm):
    """Temperatures of a parcel of a request, of the latest where no other is chosen."""

    parcel = forms.ChoiceField(label=_("Which parcel"))
    field_order = ("parcel", "readings")

    def __init__(self, *args: Any, of: Request, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["readings"].help_text = format_lazy(
            "{} {}",
            self.fields["readings"].help_text,
            _("From a day before the parcel was sent to a day after it arrived."),
        )
        self.fields["parcel"].choices = [(str(one.id), _called(one)) for one in of.shipments.order_by("-packed")]  # type: ignore[attr-defined]


def _called(one: Shipment) -> str:
    sent = date_format(timezone.localtime(one.sent or one.packed), "j F Y, H:i")
    said = gettext("%(parcel)s, back to the biobank, sent %(day)s") if one.back else gettext("%(parcel)s, sent %(day)s")
    return said % {"parcel": one.reference, "day": sent}


class UseForm(ChosenForm):
    amount = forms.CharField(
        label=_("How much of each was used"), max_length=20, required=False,
        help_text=_("Leave empty where all of it was."),
    )  # fmt: skip
    unit = forms.ChoiceField(label=_("Unit"), choices=[(one, one) for one in UNITS], required=False)
    thawed = forms.BooleanField(
        label=_("They were thawed for this"), required=False, help_text=_("It counts for what is left of them.")
    )
    words = _words(_("What for"), required=False)

    def __init__(self, *args: Any, of: Request, **kwargs: Any) -> None:
        super().__init__(*args, of=of, **kwargs)
        sent = of.shipments.filter(back=False, highest__lt=0)
        self.fields["thawed"].initial = sent.exists()
        # An empty amount says that all is used up: which ones is said, and not taken as it stands there.
        chosen = self.fields["chosen"].initial
        self.fields["chosen"].initial = chosen if len(chosen) == 1 else []

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        given["used"] = _amount(self, given)
        return given


def _amount(form: forms.Form, given: dict[str, Any]) -> Amount | None:
    if not given.get("amount"):
        return None
    try:
        return amount_of(given["amount"], given.get("unit") or "?")
    except InputError as error:
        form.add_error("amount", str(error).partition(": ")[2])
        return None


class DraftForm(forms.Form):
    amount = forms.CharField(
        label=_("How much of each"), max_length=20, required=False, help_text=_("Leave empty to ask for all of it.")
    )
    unit = forms.ChoiceField(label=_("Unit"), choices=[(one, one) for one in UNITS], required=False)

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        given["each"] = _amount(self, given)
        return given


class AmountsForm(ChosenForm, DraftForm):
    OF = frozenset({LineStatus.ASKED})

    def __init__(self, *args: Any, of: Request, **kwargs: Any) -> None:
        super().__init__(*args, of=of, **kwargs)
        units = set(of.lines.values_list("specimen__unit", flat=True))
        self.fields["unit"].initial = units.pop() if len(units) == 1 else ""


class ResolveForm(Form):
    line = forms.ChoiceField(label=_("Which specimen"))
    where = forms.ChoiceField(
        label=_("What became of it"),
        widget=forms.RadioSelect,
        choices=[
            ("here", _("It is in the biobank still")),
            ("there", _("It turned up at the recipient's")),
            ("lost", _("It is lost")),
        ],
    )
    words = _words(_("How you know"))

    def __init__(self, *args: Any, of: Request, **kwargs: Any) -> None:
        super().__init__(*args, of=of, **kwargs)
        missing = RequestLine.objects.filter(request=of, status=LineStatus.MISSING, reason="").select_related(
            "specimen"
        )
        self.fields["line"].choices = [(str(one.id), one.specimen.label) for one in missing]  # type: ignore[attr-defined]


class TakeBackForm(Form):
    parcel = forms.ChoiceField(label=_("Which parcel"))
    scanned = forms.CharField(
        label=_("Scan what is in it"),
        widget=forms.Textarea(attrs={"rows": 6, "autofocus": True, "spellcheck": "false"}),
        max_length=100_000,
        required=False,
        help_text=_("A line for each tube. What is not scanned is missing."),
    )

    def __init__(self, *args: Any, of: Request, **kwargs: Any) -> None:
        super().__init__(*args, of=of, **kwargs)
        back = Shipment.objects.filter(request=of, back=True, arrived=None)
        self.fields["parcel"].choices = [(str(one.id), one.reference) for one in back]  # type: ignore[attr-defined]


class CloseForm(Form):
    words = _words(_("What came of it"), required=False)


FORMS: dict[Verb, type[Any]] = {
    Verb.EDIT: EditForm,
    Verb.AMOUNTS: AmountsForm,
    Verb.ASK: SureForm,
    Verb.WITHDRAW: ReasonForm,
    Verb.RESERVE: ReserveForm,
    Verb.REFUSE: ReasonForm,
    Verb.LEAVE_OUT: LeaveOutForm,
    Verb.EXTEND: ExtendForm,
    Verb.QUOTE: QuoteForm,
    Verb.ACCEPT: SureForm,
    Verb.DRAW_UP: DrawUpForm,
    Verb.PICK: SureForm,
    Verb.STOP: SureForm,
    Verb.SEND: ParcelForm,
    Verb.OPEN: SureForm,
    Verb.LOG: LogForm,
    Verb.USE: UseForm,
    Verb.DESTROY: DestroyForm,
    Verb.SEND_BACK: SendBackForm,
    Verb.TAKE_BACK: TakeBackForm,
    Verb.RESOLVE: ResolveForm,
    Verb.CLOSE: CloseForm,
}
"""What is asked for each verb that has a page of its own form; signing, scanning and receiving have other pages."""


class BasketForm(forms.Form):
    name = forms.CharField(label=_("Name of the basket"), max_length=200)
    study = forms.ChoiceField(label=_("For which study"))

    def __init__(self, *args: Any, studies: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["study"].choices = studies  # type: ignore[attr-defined]


class ChooseForm(forms.Form):
    material = forms.ChoiceField(label=_("Material"))
    count = forms.IntegerField(label=_("How many donors"), min_value=1, max_value=2000)
    amount = forms.CharField(label=_("At least so much in each"), max_length=20, required=False)
    unit = forms.ChoiceField(label=_("Unit"), choices=[(one, one) for one in UNITS], required=False)

    def __init__(self, *args: Any, materials: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["material"].choices = [(one, gettext(MATERIALS[one])) for one in materials]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        given["least"] = _amount(self, given)
        return given


class TariffForm(forms.Form):
    biobank = forms.ChoiceField(label=_("Biobank"))
    work = forms.ChoiceField(label=_("Work"), choices=[(code, _(title)) for code, title in WORKS.items()])
    price = forms.DecimalField(label=_("Price on the campus, in €"), min_value=0, max_digits=9, decimal_places=2)
    outside = forms.DecimalField(label=_("Price for others, in €"), min_value=0, max_digits=9, decimal_places=2)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["biobank"].choices = [(str(one.id), one.name) for one in Biobank.objects.all()]  # type: ignore[attr-defined]
