"""A search as an address of the finder: what it asks, read and checked, and what it asks in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from wardbench.campus.people.roles import gettext_noop
from wardbench.campus.people.rules import Actor, ForbiddenError, no
from wardbench.campus.samples import looking, words
from wardbench.campus.samples.looking import Scope, Window
from wardbench.core.errors import InputError
from wardbench.ward.samples import Query

OWN = ("cohort", "first", "last", "most_thaws", "reserved")
"""What an address says besides its scope and its facets."""
LONGEST = 8_000
"""Characters of an address that is carried along."""


@dataclass(frozen=True)
class Sought:
    """A search: `chosen` by facet as the address has it, `query` without whom it is about, `window` who that is."""

    given: QueryDict
    chosen: dict[str, list[str]]
    query: Query
    window: Window | None

    def address(self, scope: Scope) -> str:
        """The same search as the part of an address behind the question mark, and nothing else that was in it."""
        return urlencode(list(self._parts(scope)))

    def _parts(self, scope: Scope) -> Iterator[tuple[str, str]]:
        if scope.study:
            yield "in", scope.study
        for name in OWN:
            if self.given.get(name, ""):
                yield name, str(self.given[name])
        for facet, values in self.chosen.items():
            for value in values:
                yield facet, value


def read(given: QueryDict) -> Sought:
    """The search of an address; InputError for a choice that there is not."""
    chosen = {facet: [value.replace("\x00", "") for value in given.getlist(facet)] for facet in words.FACETS}
    thaws = number(given.get("most_thaws", ""))
    query = looking.query_of(
        {facet: values for facet, values in chosen.items() if values},
        most_thaws=thaws if thaws is None or thaws >= 0 else None,
        reserved="reserved" in given,
    )
    cohort = given.get("cohort", "").replace("\x00", "")
    window = Window(cohort, number(given.get("first", "")), number(given.get("last", ""))) if cohort else None
    return Sought(given, chosen, query, window)


def fault_of_days(given: QueryDict) -> str:
    """What is wrong with the days around entry that somebody typed, as a sentence for beside them; mostly nothing."""
    typed = [given.get(name, "").strip() for name in ("first", "last")]
    days = [number(text) for text in typed]
    if any(text and day is None for text, day in zip(typed, days, strict=True)):
        return _("Write whole days, as -30 or 0.")
    if any(typed) and not given.get("cohort"):
        return _("Choose a cohort too: the days are counted from a patient's entry into it.")
    if Window("", *days).turned:
        return _("The days end before they begin.")
    return ""


def carried(text: str) -> Sought:
    """The search of an address that another one carries along; InputError where it is too long or no search."""
    if len(text) > LONGEST:
        raise InputError(gettext_noop("search: this is too long."))
    return read(QueryDict(text))


def number(text: str) -> int | None:
    """A whole number of few digits, or None."""
    text = text.strip()
    negative = text.startswith("-")
    return int(text) if text.lstrip("-").isdecimal() and len(text) < 7 and (not negative or len(text) > 1) else None


def under_permit(given: QueryDict, scopes: Sequence[Scope]) -> Scope:
    """The scope of a permit that an address names; ForbiddenError where it is none of `scopes`."""
    found = next((one for one in scopes if one.study and one.study == given.get("in", "")), None)
    if found is None:
        raise ForbiddenError(no(gettext_noop("Specimens are asked for under a permit for material that names you.")))
    return found


def said(sought: Sought, by: Actor, scope: Scope) -> str:
    """What a search asks, in the reader's words: "Material: Plasma; Sex: Female"."""
    collections = words.collection_names()
    parts = [
        f"{_(words.FACETS[facet])}: {', '.join(words.value_words(facet, value, collections) for value in values)}"
        for facet, values in sought.chosen.items()
        if values
    ]
    if sought.window is not None:
        parts.insert(0, words.window_words(sought.window, dict(looking.cohorts_of(scope))))
    if sought.query.giving is not None and sought.query.giving.most_thaws is not None:
        most = sought.query.giving.most_thaws
        parts.append(ngettext("thawed at most {n} time", "thawed at most {n} times", most).format(n=most))
    return "; ".join(parts) or _("all that can be given")
