"""Answering questions about outcomes, in the process beside the server.

The right is asked again when a question's turn comes: whoever has lost it since gets no answer. A process that is
killed leaves its question running and unheard of; another takes it up, and after some tries it is given up.
"""

from __future__ import annotations

import datetime
import logging
import uuid

from django.db.models import F
from django.utils import timezone

from wardbench.campus.counting import sessions
from wardbench.campus.counting.purposes import whom
from wardbench.campus.outcomes import queries, rules, services
from wardbench.campus.outcomes.models import Inquiry
from wardbench.campus.outcomes.rules import BROUGHT, EXACT, PURPOSES, Basis, Kind, Status
from wardbench.campus.outcomes.tasks import answer_inquiry
from wardbench.campus.people.queries import actor_of
from wardbench.campus.people.refusals import reason
from wardbench.campus.people.roles import gettext_noop
from wardbench.campus.people.rules import SYSTEM, ForbiddenError
from wardbench.core.errors import BusyError, WardbenchError

log = logging.getLogger("wardbench.outcomes")
SILENT = datetime.timedelta(minutes=10)
"""After so long without a step a question is taken up anew."""
TRIES = 3
UNHEARD = datetime.timedelta(days=30)
"""After so long without a review a question ends that values of a researcher's wait with: they may be of patients."""
UNREVIEWED = gettext_noop("Nobody reviewed it in 30 days, and the values were removed; ask again.")
GIVEN_UP = gettext_noop(
    "The process that answered it ended three times; ask for less, or tell whoever runs the campus."
)

FAULT = gettext_noop(
    "A fault of the program kept it from being answered, three times; whoever runs the campus finds it in the log."
)


class ElsewhereError(Exception):
    """The question was taken back, or another process answers it."""


def carry_on(inquiry_id: uuid.UUID) -> None:
    """Answer a question whose turn it is. Nothing happens where it is not waiting any more."""
    waiting = Inquiry.objects.filter(id=inquiry_id, status=Status.WAITING)
    if waiting.update(status=Status.RUNNING, moved=timezone.now(), tries=F("tries") + 1) != 1:
        return
    found = Inquiry.objects.select_related("owner").get(id=inquiry_id)
    try:
        _answer(found)
    except (ElsewhereError, BusyError):
        log.info("question %s is not answered here any more", inquiry_id)
    except ForbiddenError as error:
        services.fail(found, reason(error.verdict), by=SYSTEM)
    except WardbenchError as error:
        services.fail(found, str(error), by=SYSTEM)
    except MemoryError:
        services.fail(found, gettext_noop("There is not enough memory to answer it."), by=SYSTEM)
    except Exception:  # whoever asked hears of it, and the reason is in the log
        log.exception("question %s could not be answered", inquiry_id)
        # What a verb has set and taken back again is still on the object.
        found.refresh_from_db(fields=["status"])
        if found.tries < TRIES:
            _again(found)
        elif found.status == Status.RUNNING:
            services.fail(found, FAULT, by=SYSTEM)


def _answer(found: Inquiry) -> None:
    # Statistics take a second to load, which pages do not need.
    from wardbench.campus.outcomes.answers import answer

    basis, by = Basis(found.basis), actor_of(found.owner)
    permitted = queries.permission(by, found.study, found.cohort) if basis is Basis.STUDY else None
    rules.may_ask(by, basis, permitted).require()
    of = whom(PURPOSES[basis])
    snapshot, without = sessions.snapshot(of.place), frozenset(of.but.ids)

    def tell(done: float, total: float, what: str) -> None:
        here = Inquiry.objects.filter(id=found.id, status=Status.RUNNING, tries=found.tries)
        if here.update(moved=timezone.now(), step=what[:100]) != 1:
            raise ElsewhereError

    mode = "exact" if basis in EXACT else "release"
    given = answer(Kind(found.kind), found.protocol, snapshot, without, mode, tell)
    services.answer(found, given.report, given.page, snapshot.version, given.answerable, by=SYSTEM)


def carry_out_due(now: datetime.datetime | None = None) -> None:
    """Take up questions whose process is gone; give up those that ended it too often, and end what waited too long."""
    now = now or timezone.now()
    for one in Inquiry.objects.filter(status=Status.ASKED, kind__in=BROUGHT, at__lt=now - UNHEARD):
        services.fail(one, UNREVIEWED, by=SYSTEM)
    for one in Inquiry.objects.filter(status=Status.RUNNING, moved__lt=now - SILENT).defer(*queries.HEAVY):
        if one.tries >= TRIES:
            services.fail(one, GIVEN_UP, by=SYSTEM)
        else:
            _again(one)


def _again(one: Inquiry) -> None:
    """Put a question back into the queue, unless somebody took it up or back meanwhile."""
    if Inquiry.objects.filter(id=one.id, status=Status.RUNNING, tries=one.tries).update(status=Status.WAITING):
        answer_inquiry.enqueue(str(one.id))
