"""What is new, on the home page."""

from __future__ import annotations

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from wardbench.campus.notices import queries
from wardbench.campus.people.rules import Actor
from wardbench.campus.web.home import Entry, Panel, panel

FEW = 5


@panel(10)
def news(actor: Actor) -> Panel | None:
    told = queries.inbox(actor, limit=FEW)
    if not told:
        return None
    entries = [
        Entry(
            one.line,
            date_format(localtime(one.made), "j F Y H:i"),
            reverse("notice", args=[one.id]),
            _("new") if one.unread else "",
            "wait" if one.unread else "",
        )
        for one in told
    ]
    return Panel("news", _("News"), tuple(entries), "", all_address=reverse("notices"))
