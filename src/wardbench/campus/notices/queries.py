"""Reading one's notices, in the reader's language."""

from __future__ import annotations

import datetime
import uuid
from dataclasses import dataclass

from django.utils.translation import get_language, gettext

from wardbench.campus.notices.models import Notice
from wardbench.campus.people.rules import Actor


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
        name: value.get(language, value["en"]) if isinstance(value, dict) else value
        for name, value in notice.values.items()
    }
    return gettext(notice.sentence).format(**values)


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
