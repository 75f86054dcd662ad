"""Notices by mail: that something waits, and a link. What it is about is read in the application, after signing in.

A notice is claimed by compare-and-set before it is sent, so that of two processes one sends it. Where sending fails the
claim is given back, and tried again later, `MOST_TRIES` times.
"""

from __future__ import annotations

import datetime
import logging
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import send_mail
from django.db.models import F
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from wardbench.campus.notices.models import Notice

MOST_TRIES = 5
OLDEST = datetime.timedelta(days=2)
AT_ONCE = 50
log = logging.getLogger("wardbench.notices")


def send_due() -> int:
    """Mail the notices that wait for it; how many were sent. Nothing where no mail server is configured."""
    if settings.CAMPUS.mail is None:
        return 0
    now = timezone.now()
    waiting = Notice.objects.filter(mailed=None, claimed=None, read=None, tries__lt=MOST_TRIES, made__gt=now - OLDEST)
    return sum(_send(notice) for notice in waiting.select_related("person").order_by("made")[:AT_ONCE])


def _send(notice: Notice) -> bool:
    mine = Notice.objects.filter(id=notice.id, claimed=None)
    if mine.update(claimed=timezone.now(), tries=F("tries") + 1) != 1:
        return False
    try:
        with translation.override(notice.person.language):
            send_mail(
                subject=_("Something waits for you in {campus}").format(campus=settings.CAMPUS.name),
                message=_("Sign in to read it: {address}").format(address=settings.CAMPUS.address + notice.link) + "\n",
                from_email=None,
                recipient_list=[notice.person.email],
            )
    except (SMTPException, OSError) as error:
        Notice.objects.filter(id=notice.id).update(claimed=None)
        log.warning("a notice could not be mailed: %s", type(error).__name__)
        return False
    Notice.objects.filter(id=notice.id).update(mailed=timezone.now())
    return True
