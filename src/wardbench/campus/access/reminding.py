"""An emergency access that nobody judged in time is told to those who watch over access, once."""

from __future__ import annotations

import datetime
import uuid

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from wardbench.campus.access.models import EmergencyAccess
from wardbench.campus.access.rules import REVIEW_WITHIN, Status
from wardbench.campus.audit.services import record, verb
from wardbench.campus.notices.sending import notify_at_once
from wardbench.campus.people.queries import holders
from wardbench.campus.people.roles import Role, gettext_noop
from wardbench.campus.people.rules import SYSTEM, Actor
from wardbench.core.errors import BusyError


def carry_out_due(now: datetime.datetime) -> int:
    """Say of every emergency access that is overdue that it is; how many were."""
    overdue = _unjudged().filter(opened__lt=now - REVIEW_WITHIN)
    ids = list(overdue.values_list("id", flat=True))
    for one in ids:
        remind(one, by=SYSTEM)
    return len(ids)


@verb("access.remind")
def remind(access_id: uuid.UUID, *, by: Actor) -> None:
    """Tell data protection and the data stewards that an emergency access has not been judged in time. BusyError where
    it has been, or they were told."""
    if not _unjudged().filter(id=access_id).update(overdue_told=timezone.now()):
        raise BusyError(_("Somebody else was quicker; look at it again."))
    access = EmergencyAccess.objects.select_related("person").get(id=access_id)
    record("access.remind", "emergency_access", access_id, by=by, patient=access.patient)
    watch = holders(Role.DATA_PROTECTION, Role.DATA_STEWARD).exclude(id=access.person_id)
    notify_at_once(
        watch.values_list("id", flat=True),
        gettext_noop(
            "The emergency access of {name} was not judged within 72 hours. Data protection has to do it now."
        ),
        reverse("emergency_access", args=[access_id]),
        by=by,
        name=access.person.name,
    )


def _unjudged() -> QuerySet[EmergencyAccess]:
    return EmergencyAccess.objects.filter(status__in=(Status.ACTIVE, Status.ENDED), overdue_told=None)
