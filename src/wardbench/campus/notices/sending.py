"""Telling people something, from inside the verb that it is about: both happen, or neither."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping

from django.utils import timezone

from wardbench.campus.notices.models import Notice
from wardbench.campus.people.models import Person
from wardbench.campus.people.rules import Actor

Said = str | Mapping[str, str]


def notify(to: Iterable[object], sentence: str, link: str, *, by: Actor, **values: Said) -> int:
    """Tell the people with these ids; how many were told.

    `sentence` is one of the catalogues (mark it with `gettext_noop`), `values` what stands in its braces: names,
    reference numbers, and days as year-month-day (shown as their reader writes them), never anything of a patient.
    Whoever acts is not told of their own act, nobody is told twice, and closed accounts are left out. What is called
    otherwise in every language is given as its names by language.
    """
    return _notify(to, sentence, link, by, values, urgent=False)


def notify_at_once(to: Iterable[object], sentence: str, link: str, *, by: Actor, **values: Said) -> int:
    """As `notify`, of what cannot wait: it is mailed at once to everybody, whatever they chose for news."""
    return _notify(to, sentence, link, by, values, urgent=True)


def _notify(
    to: Iterable[object], sentence: str, link: str, by: Actor, values: Mapping[str, Said], *, urgent: bool
) -> int:
    wanted = {str(one) for one in to} - {by.id, ""}
    people = Person.objects.filter(id__in=[uuid.UUID(one) for one in wanted], is_active=True)
    notices = [Notice(person=person, sentence=sentence, values=values, link=link, urgent=urgent) for person in people]
    Notice.objects.bulk_create(notices)
    return len(notices)


def tell_of_account(person: Person, sentence: str, link: str, **values: str) -> None:
    """Tell somebody what was done to how they sign in; the mail holds the sentence, for it has to reach whoever cannot
    sign in, and goes out whatever they chose for news."""
    Notice.objects.create(person=person, sentence=sentence, values=values, link=link, of_account=True)


def mark_read(by: Actor, notice: uuid.UUID | None = None) -> int:
    """Say that somebody has read a notice of theirs, or all of them; how many were unread."""
    own = Notice.objects.filter(person__id=by.id, read=None)
    return (own.filter(id=notice) if notice else own).update(read=timezone.now())
