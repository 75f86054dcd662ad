"""What the finder says: names of facets, of their values, of what keeps specimens back, of what-ifs."""

from __future__ import annotations

import datetime
from collections.abc import Mapping

from django.utils.formats import date_format
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext as _

from wardbench.campus.biobank.amounts import Amount
from wardbench.campus.biobank.models import Collection, Specimen
from wardbench.campus.biobank.rules import STATUSES, Status
from wardbench.campus.people.roles import gettext_noop
from wardbench.campus.samples.looking import Window
from wardbench.core.consent import TIERS, Tier
from wardbench.core.miabis import MATERIALS, TEMPERATURES
from wardbench.ward.samples import RANGES, Reason, range_of

FACETS = {
    "material": gettext_noop("Material"),
    "collection": gettext_noop("Collection"),
    "sex": gettext_noop("Sex"),
    "age": gettext_noop("Age when it was taken"),
    "collected": gettext_noop("When it was taken"),
    "chapter": gettext_noop("Diagnosis, chapter of ICD-10"),
    "diagnosis": gettext_noop("Diagnosis, category of ICD-10"),
    "temperature": gettext_noop("Storage temperature"),
    "amount": gettext_noop("Amount"),
    "thaws": gettext_noop("Times thawed"),
    "kind": gettext_noop("Kind"),
    "tube": gettext_noop("Tube, by SPREC"),
    "delay": gettext_noop("Delay before the centrifuge, by SPREC"),
    "delay_after": gettext_noop("Delay after the centrifuge, by SPREC"),
    "consent": gettext_noop("What donors allow"),
    "status": gettext_noop("Status"),
}
"""The facets in the order in which the page shows them."""
SEXES = {"female": gettext_noop("Female"), "male": gettext_noop("Male"), "other": gettext_noop("Other")}
SMALLEST = {"volume": "nl", "mass": "ng", "cells": "cells", "pieces": "pieces"}
READ = {"volume": "ml", "mass": "mg", "cells": "cells", "pieces": "pieces"}
REASONS = {
    Reason.ELSEWHERE: gettext_noop("not in storage: on its way, with somebody, or missing"),
    Reason.DEPLETED: gettext_noop("used up or destroyed"),
    Reason.RESERVED: gettext_noop("promised to a request"),
    Reason.RETAINED: gettext_noop("kept back for diagnosis"),
    Reason.THAWED: gettext_noop("thawed too often"),
    Reason.FORBIDDEN: gettext_noop("the donor's consent does not cover this use"),
}


def value_words(facet: str, value: str, collections: Mapping[str, str]) -> str:
    """The name of a facet's value in the reader's language."""
    if not value:
        return _("not known")
    if facet in RANGES:
        return _range(facet, value)
    if facet == "consent":
        return gettext(TIERS[Tier(value)])
    if facet == "status":
        return gettext(STATUSES[Status(value)])
    if facet == "kind":
        return str(Specimen.Kind(value).label)
    if facet == "collection":
        return collections.get(value, value)
    named = {"material": MATERIALS, "temperature": TEMPERATURES, "sex": SEXES}.get(facet, {})
    return gettext(named[value]) if value in named else value


def _range(facet: str, value: str) -> str:
    part = range_of(value)

    def end(number: int) -> str:
        if facet == "collected":
            return date_format(datetime.date(1970, 1, 1) + datetime.timedelta(days=number), "j M Y")
        if facet == "amount":
            # A band ends just below the next one; people read where it begins.
            return str(Amount(number, READ[part.dimension])) if number % 1000 == 0 else _up(number, part.dimension)
        return str(number)

    if part.low is not None and part.high is not None:
        return end(part.low) if part.low == part.high else _("{low} to {high}").format(
            low=end(part.low), high=end(part.high)
        )  # fmt: skip
    if part.low is not None:
        return _("{low} or more").format(low=end(part.low))
    return _("up to {high}").format(high=end(part.high or 0))


def _up(number: int, dimension: str) -> str:
    return str(Amount(number + 1, READ[dimension])) if (number + 1) % 1000 == 0 else str(
        Amount(number, READ[dimension])
    )  # fmt: skip


def more_words(name: str) -> str:
    """What would be given up, for "412 more if ..."."""
    kind, _space, what = name.partition(" ")
    if kind == "thaws":
        many = int(what)
        said = ngettext("if it may have been thawed once", "if it may have been thawed {count} times", many)
        return said.format(count=many)
    if kind == "tier":
        return _("if this needed no consent to: {tier}").format(tier=gettext(TIERS[Tier(what)]).lower())
    return _("if what others have reserved became free")


def window_words(window: Window, names: Mapping[str, str]) -> str:
    """Whose specimens a search is about, and on which days around entry they were taken."""
    name, first, last = names.get(window.cohort, _("a cohort")), window.first, window.last
    if first is None and last is None:
        return _("patients of “{name}”").format(name=name)
    return _("patients of “{name}”, taken {days}").format(name=name, days=_days(first, last))


def _days(first: int | None, last: int | None) -> str:
    if first is not None and first == last:
        return _("on {day}").format(day=_day(first)) if first == 0 else _day(first)
    if first is not None and last == 0 and first < 0:
        return ngettext("on the day of entry or the day before", "within {n} days before entry", -first).format(
            n=-first
        )
    if first is None and last is not None:
        return _("up to {day}").format(day=_day(last))
    if last is None and first is not None:
        return _("from {day} on").format(day=_day(first))
    return _("from {first} to {last}").format(first=_day(first or 0), last=_day(last or 0))


def _day(number: int) -> str:
    if number == 0:
        return _("the day of entry")
    sentence = (
        ngettext("{n} day before entry", "{n} days before entry", -number)
        if number < 0
        else ngettext("{n} day after entry", "{n} days after entry", number)
    )
    return sentence.format(n=abs(number))


def collection_names() -> dict[str, str]:
    return dict(Collection.objects.values_list("code", "name"))


def several() -> str:
    """What stands where a donor's diagnoses are of more than one chapter."""
    return _("several chapters")
