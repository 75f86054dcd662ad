"""Figures as disclosure wrote them, in English, said in the language of whoever reads the page."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

from django.utils.formats import date_format, get_format, number_format
from django.utils.translation import gettext

from wardbench.campus.people.roles import gettext_noop

NUMBER = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?")

WORDS = {
    "fewer than": gettext_noop("fewer than {n}"),
    "before": gettext_noop("{n} before"),
    "after": gettext_noop("{n} after"),
    "same day": gettext_noop("same day"),
    "nearly all": gettext_noop("nearly all"),
    "not shown": gettext_noop("not shown"),
    "none": gettext_noop("none"),
    "not a number": gettext_noop("not a number"),
}
"""What stands beside a number, or in its place."""

LABELS = {
    "Entry events": gettext_noop("Entry events"),
    "Cohort": gettext_noop("Cohort"),
    "Female": gettext_noop("Female"),
    "Male": gettext_noop("Male"),
}
"""What a report calls rows that no definition names."""


def figure(text: str) -> str:
    """A figure with the reader's words and separators; words that are not known stay as they are."""
    found = NUMBER.search(text)
    words = (text.replace(found.group(), "", 1) if found else text).strip()
    if words in WORDS:
        return gettext(WORDS[words]).format(n=_separated(found.group()) if found else "")
    return NUMBER.sub(lambda one: _separated(one.group()), text)


def day(moment: str) -> str:
    """The day of a moment in ISO 8601, as the pages write days; what is none stays as it is."""
    try:
        return date_format(date.fromisoformat(moment[:10]), "j F Y")
    except ValueError:
        return moment


def label(name: str) -> str:
    """What a row is called, in the reader's language where it is the report's own word."""
    return gettext(LABELS[name]) if name in LABELS else name


def _separated(number: str) -> str:
    whole, point, part = number.partition(".")
    whole = whole.replace(",", str(get_format("THOUSAND_SEPARATOR")))
    return f"{whole}{get_format('DECIMAL_SEPARATOR')}{part}" if point else whole


def degrees(hundredths: int) -> str:
    """A temperature that is kept in hundredths of a degree Celsius: "-79.5 °C", in the reader's language."""
    return f"{number_format(Decimal(hundredths) / 100, 1, use_l10n=True)} °C"
