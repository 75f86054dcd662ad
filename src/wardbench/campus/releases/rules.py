"""How a request for specimens goes its way, as data. No Django here.

`MOVES` says which verb leads from which status to which, `WHO` by whom: the side of the researcher or of the biobank.
"""

from __future__ import annotations

from enum import StrEnum

from wardbench.campus.people.roles import gettext_noop


class Status(StrEnum):
    """Where a request stands."""

    DRAFT = "draft"
    ASKED = "asked"
    RESERVED = "reserved"
    QUOTED = "quoted"
    AGREEING = "agreeing"
    READY = "ready"
    PICKING = "picking"
    SENT = "sent"
    RECEIVED = "received"
    CLOSED = "closed"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


STATUSES = {
    Status.DRAFT: gettext_noop("Draft"),
    Status.ASKED: gettext_noop("Asked"),
    Status.RESERVED: gettext_noop("Reserved"),
    Status.QUOTED: gettext_noop("Quoted"),
    Status.AGREEING: gettext_noop("The agreement is being signed"),
    Status.READY: gettext_noop("Ready to pick"),
    Status.PICKING: gettext_noop("Being picked"),
    Status.SENT: gettext_noop("Sent"),
    Status.RECEIVED: gettext_noop("With the recipient"),
    Status.CLOSED: gettext_noop("Closed"),
    Status.REFUSED: gettext_noop("Refused"),
    Status.WITHDRAWN: gettext_noop("Withdrawn"),
    Status.EXPIRED: gettext_noop("Expired"),
}


class LineStatus(StrEnum):
    """Where one specimen of a request stands."""

    ASKED = "asked"
    RESERVED = "reserved"
    DROPPED = "dropped"
    PICKED = "picked"
    SENT = "sent"
    RECEIVED = "received"
    MISSING = "missing"
    DAMAGED = "damaged"
    RETURNED = "returned"
    DESTROYED = "destroyed"
    USED_UP = "used_up"


LINE_STATUSES = {
    LineStatus.ASKED: gettext_noop("Asked for"),
    LineStatus.RESERVED: gettext_noop("Reserved"),
    LineStatus.DROPPED: gettext_noop("Left out"),
    LineStatus.PICKED: gettext_noop("Picked"),
    LineStatus.SENT: gettext_noop("Sent"),
    LineStatus.RECEIVED: gettext_noop("Received"),
    LineStatus.MISSING: gettext_noop("Missing on arrival"),
    LineStatus.DAMAGED: gettext_noop("Damaged on arrival"),
    LineStatus.RETURNED: gettext_noop("Returned"),
    LineStatus.DESTROYED: gettext_noop("Destroyed"),
    LineStatus.USED_UP: gettext_noop("Used up"),
}
