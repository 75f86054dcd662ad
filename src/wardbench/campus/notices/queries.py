"""Reading one's notices, in the reader's language."""

from __future__ import annotations

import datetime
import re
import uuid
from dataclasses import dataclass

from django.utils.formats import date_format
from django.utils.translation import get_language, gettext

from wardbench.campus.notices.models import Notice
from wardbench.campus.people.rules import Actor

DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


@dataclass(frozen=True)
class Told:
    """A notice as its reader sees it."""

    id: uuid.UUID
    line: str
    link: str
    made: datetime.datetime
    unread: bool


def line(notice: Notice) -> str:
    """The sentence in the active language."""
    language = (get_language() or "en")[:2]
    values = {
        name: value.get(language, value["en"]) if isinstance(value, dict) else _day(value)
        for name, value in notice.values.items()
    }
    return gettext(notice.sentence).format(**values)


def _day(value: str) -> str:
    """A day, which is kept as year-month-day, as it is written in the active language; anything else as it is."""
    try:
        return date_format(datetime.date.fromisoformat(value), "j F Y") if DAY.fullmatch(value) else value
    except ValueError:
        return value


def inbox(by: Actor, *, unread: bool = False, limit: int = 200) -> list[Told]:
    """Somebody's notices, newest first."""
    own = Notice.objects.filter(person__id=by.id)
    own = own.filter(read=None) if unread else own
    return [Told(one.id, line(one), one.link, one.made, one.read is None) for one in own[:limit]]


def unread_count(by: Actor) -> int:
    return Notice.objects.filter(person__id=by.id, read=None).count()


def link_of(by: Actor, notice: uuid.UUID) -> str:
    """Where a notice of somebody's leads; empty where it is not theirs."""
    return Notice.objects.filter(person__id=by.id, id=notice).values_list("link", flat=True).first() or ""
