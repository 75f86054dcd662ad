"""The registers that the law on human body material asks for: what came in, was given and why, was destroyed.

They are read from custody, requests, parcels and agreements as they happened; nothing is kept twice. Each look is on
the record.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from wardbench.campus.audit.services import record, verb
from wardbench.campus.biobank.amounts import Amount
from wardbench.campus.biobank.imports.files import pieces
from wardbench.campus.biobank.models import Collection, CustodyEvent, PoolPart
from wardbench.campus.biobank.rules import Act
from wardbench.campus.catalogue import rules
from wardbench.campus.people.roles import gettext_noop
from wardbench.campus.people.rules import Actor
from wardbench.campus.releases.models import Agreement, ShipmentLine
from wardbench.campus.releases.rules import LINE_STATUSES, LineStatus
from wardbench.core.consent import BASES, Basis
from wardbench.core.duo import LABELS, Use
from wardbench.core.errors import InputError
from wardbench.core.miabis import MATERIALS

MOST_PRINTED = 5_000
"""Entries that one page to print holds: some two hundred sheets of paper."""
MOST_IN_WORKBOOK = 500_000
"""Entries of a register that a workbook holds; a sheet of Excel ends at a million rows."""
PIECE = 1_000
"""Entries that are held at once while a file is written."""


class Kind(StrEnum):
    RECEIVED = "received"
    GIVEN = "given"
    ENDED = "ended"


TITLES = {
    Kind.RECEIVED: gettext_noop("Received"),
    Kind.GIVEN: gettext_noop("Given"),
    Kind.ENDED: gettext_noop("Destroyed"),
}
HEADERS = {
    Kind.RECEIVED: (
        gettext_noop("Day"), gettext_noop("Specimen"), gettext_noop("Donor"), gettext_noop("Material"),
        gettext_noop("Amount"), gettext_noop("Collection"), gettext_noop("On what it rests"),
        gettext_noop("Where from"), gettext_noop("By"),
    ),
    Kind.GIVEN: (
        gettext_noop("Day"), gettext_noop("Specimen"), gettext_noop("Donor"), gettext_noop("Material"),
        gettext_noop("Amount"), gettext_noop("Collection"), gettext_noop("To whom"), gettext_noop("Country"),
        gettext_noop("Study"),
        gettext_noop("Purpose"), gettext_noop("Permit"), gettext_noop("Agreement"), gettext_noop("Parcel"),
        gettext_noop("What became of it"),
    ),
    Kind.ENDED: (
        gettext_noop("Day"), gettext_noop("Specimen"), gettext_noop("Donor"), gettext_noop("Material"),
        gettext_noop("Collection"), gettext_noop("Why"), gettext_noop("By"),
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Period:
    """Days, both included."""

    first: datetime.date
    last: datetime.date

    @property
    def moments(self) -> tuple[datetime.datetime, datetime.datetime]:
        """When it begins, and when it is over, on the clock of the campus."""
        begin = datetime.datetime.combine(self.first, datetime.time())
        end = datetime.datetime.combine(self.last + datetime.timedelta(days=1), datetime.time())
        return timezone.make_aware(begin), timezone.make_aware(end)


@dataclass(frozen=True)
class Register:
    """A register over a period: `found` are its entries, oldest first, and `rows` says some of them in words."""

    kind: Kind
    period: Period
    found: QuerySet[Any]
    rows: Callable[[Iterable[Any]], list[list[str]]]

    @property
    def headers(self) -> list[str]:
        return [_(title) for title in HEADERS[self.kind]]

    def each(self) -> Iterator[list[str]]:
        """Every entry in words and in the language of now, also where it is asked for when the page is left."""
        return self._each(translation.get_language())

    def _each(self, language: str) -> Iterator[list[str]]:
        for some in pieces(self.found.iterator(chunk_size=PIECE), PIECE):
            with translation.override(language):
                said = self.rows(some)
            yield from said


@verb("catalogue.read_register")
def read(
    kind: Kind, period: Period, *, by: Actor, collection: str = "", whole: bool = False, most: int | None = None
) -> Register:
    """A register; `whole` says that it is taken out as a file. ForbiddenError for whom it is not, InputError where it
    has more than `most` entries."""
    rules.may_see_registers(by).require()
    made = _READ[kind](period, collection)
    entries = made.found.count()
    if most is not None and entries > most:
        raise InputError(
            _("entries: these are {n}, and at most {most} fit; choose fewer days, or take the CSV file.").format(
                n=entries, most=most
            )
        )
    record(
        "catalogue.read_register", "register", kind.value, by=by, first=period.first.isoformat(),
        last=period.last.isoformat(), collection=collection, file=whole, entries=entries,
    )  # fmt: skip
    return made


def collections() -> list[tuple[str, str]]:
    return list(Collection.objects.order_by("code").values_list("code", "name"))


def _custody(kind: Kind, acts: Sequence[Act], period: Period, collection: str) -> QuerySet[CustodyEvent]:
    begin, end = period.moments
    found = CustodyEvent.objects.filter(act__in=[act.value for act in acts], at__gte=begin, at__lt=end)
    if collection:
        found = found.filter(specimen__collection__code=collection)
    return found.select_related("specimen__donor", "specimen__collection", "by").only(*_SHOWN).order_by("at", "id")


_SHOWN = (
    "at", "amount", "detail", "by__name", "specimen__label", "specimen__material", "specimen__unit",
    "specimen__donor__code", "specimen__collection__code", "specimen__collection__basis",
)  # fmt: skip
"""What a register reads of each event of a specimen."""


def _received(period: Period, collection: str) -> Register:
    """What was taken or entered; what was made here of other specimens came in with those."""
    found = _custody(Kind.RECEIVED, (Act.COLLECT, Act.REGISTER), period, collection)
    made_here = Exists(PoolPart.objects.filter(pool=OuterRef("specimen")))
    found = found.filter(~made_here, specimen__parent=None)
    return Register(Kind.RECEIVED, period, found, lambda some: [_received_row(one) for one in some])


def _received_row(one: CustodyEvent) -> list[str]:
    specimen = one.specimen
    return [
        _day(one.at), specimen.label, _donor(specimen), _material(specimen.material),
        _amount(one.amount, specimen), specimen.collection.code, _(BASES[Basis(specimen.collection.basis)]),
        str(one.detail.get("source") or one.detail.get("place") or ""), _who(one),
    ]  # fmt: skip


def _ended(period: Period, collection: str) -> Register:
    found = _custody(Kind.ENDED, (Act.DISPOSE,), period, collection)
    return Register(Kind.ENDED, period, found, lambda some: [_ended_row(one) for one in some])


def _ended_row(one: CustodyEvent) -> list[str]:
    specimen = one.specimen
    why = str(one.detail.get("why") or "")
    return [
        _day(one.at), specimen.label, _donor(specimen), _material(specimen.material), specimen.collection.code, why,
        _who(one),
    ]  # fmt: skip


def _given(period: Period, collection: str) -> Register:
    begin, end = period.moments
    found = ShipmentLine.objects.filter(shipment__back=False, shipment__sent__gte=begin, shipment__sent__lt=end)
    if collection:
        found = found.filter(line__specimen__collection__code=collection)
    found = found.select_related(
        "shipment", "line__request__study", "line__request__permit", "line__specimen__donor",
        "line__specimen__collection",
    )  # fmt: skip
    return Register(Kind.GIVEN, period, found.order_by("shipment__sent", "line__specimen__label"), _given_rows)


def _given_rows(some: Iterable[ShipmentLine]) -> list[list[str]]:
    lines = list(some)
    requests = {one.line.request_id for one in lines}
    signed = Agreement.objects.filter(request__in=requests, void=False).exclude(recipient_at=None)
    agreements = {one.request_id: one for one in signed.order_by("number")}
    sent = CustodyEvent.objects.filter(act=Act.SHIP.value, specimen__in={one.line.specimen_id for one in lines})
    amounts = {
        (specimen, detail.get("parcel")): amount
        for specimen, detail, amount in sent.values_list("specimen", "detail", "amount")
    }
    return [
        _given_row(
            one,
            amounts.get((one.line.specimen_id, one.shipment.reference)),
            agreements.get(one.line.request_id),
        )
        for one in lines
    ]


def _given_row(one: ShipmentLine, amount: int | None, agreement: Agreement | None) -> list[str]:
    request, specimen = one.line.request, one.line.specimen
    use = request.permit.content.get("purpose", {}).get("use", "")
    permit = _("%(number)s, until %(day)s") % {
        "number": str(request.permit.hash)[:12], "day": date_format(request.permit.until, "j M Y"),
    }  # fmt: skip
    signed = ""
    if agreement is not None and agreement.recipient_at is not None:
        signed = f"{agreement.hash[:12]}, {_day(agreement.recipient_at)}"
    return [
        _day(one.shipment.sent), specimen.label, _donor(specimen), _material(specimen.material),
        _amount(amount, specimen), specimen.collection.code, request.recipient, request.country,
        request.study.reference,
        _(LABELS[Use(use)]) if use else "", permit, signed, one.shipment.reference,
        _(LINE_STATUSES[LineStatus(one.line.status)]),
    ]  # fmt: skip


_READ = {Kind.RECEIVED: _received, Kind.GIVEN: _given, Kind.ENDED: _ended}


def _day(moment: datetime.datetime | None) -> str:
    return timezone.localtime(moment).date().isoformat() if moment else ""


def _donor(specimen: Any) -> str:
    return specimen.donor.code if specimen.donor is not None else ""


def _amount(amount: int | None, specimen: Any) -> str:
    return str(Amount(amount, specimen.unit)) if amount is not None and specimen.unit else ""


def _material(code: str) -> str:
    return _(MATERIALS.get(code, code))


def _who(one: CustodyEvent) -> str:
    return one.by.name if one.by is not None else _("the application itself")
