"""Notices by mail: that something waits, and a link. What it is about is read in the application, after signing in.

Each person says whether at once, in one mail each morning, or never; what is urgent goes at once to all. A notice is
claimed by compare-and-set before it is sent, so that of two processes one sends it. Where sending fails the claim is
given back, and tried again later, `MOST_TRIES` times.
"""

from __future__ import annotations

import datetime
import logging
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import send_mail
from django.db.models import F, Q, QuerySet
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from wardbench.campus.notices.models import Notice
from wardbench.campus.notices.queries import line
from wardbench.campus.people.models import Person

MOST_TRIES = 5
OLDEST = datetime.timedelta(days=2)
AT_ONCE = 50
MORNING = datetime.time(7)
"""When the mails of those who want one a day go out, in the time of the campus."""
log = logging.getLogger("wardbench.notices")


def send_due() -> int:
    """Mail the notices that wait for it; how many mails were sent. Nothing where no mail server is configured."""
    if settings.CAMPUS.mail is None:
        return 0
    waiting = Notice.objects.filter(
        mailed=None,
        claimed=None,
        read=None,
        tries__lt=MOST_TRIES,
        made__gt=timezone.now() - OLDEST,
        person__is_active=True,
    )
    at_once = Q(person__mail=Person.Mail.AT_ONCE) | Q(of_account=True) | Q(urgent=True)
    now = waiting.filter(at_once).select_related("person").order_by("made")
    sent = sum(_send(Notice.objects.filter(id=one.id), one.person, one.link, one) for one in now[:AT_ONCE])
    return sent + sum(_send_digest(person, waiting) for person in _due_today(waiting))


def _due_today(waiting: QuerySet[Notice]) -> QuerySet[Person]:
    """Those who want one mail a day and for whom something waited this morning, and has not been mailed since."""
    daily = Person.objects.filter(mail=Person.Mail.DAILY, is_active=True)
    mailed = Notice.objects.filter(mailed__gte=_morning()).values("person")
    return daily.filter(id__in=waiting.filter(made__lt=_morning()).values("person")).exclude(id__in=mailed)[:AT_ONCE]


def _morning() -> datetime.datetime:
    """The last time that it was `MORNING`."""
    now = timezone.localtime()
    today = timezone.make_aware(datetime.datetime.combine(now.date(), MORNING))
    return today if today <= now else today - datetime.timedelta(days=1)


def _send_digest(person: Person, waiting: QuerySet[Notice]) -> bool:
    ids = list(waiting.filter(person=person, made__lt=_morning()).values_list("id", flat=True))
    return bool(ids) and _send(Notice.objects.filter(id__in=ids), person, reverse("notices"))


def _send(notices: QuerySet[Notice], person: Person, link: str, told: Notice | None = None) -> bool:
    """One mail for these notices of a person, as many of them as nobody else has claimed; with the sentence of `told`
    where that is of the account itself."""
    claim = timezone.now()
    count = notices.filter(claimed=None).update(claimed=claim, tries=F("tries") + 1)
    if count == 0:
        return False
    mine = notices.filter(claimed=claim)
    try:
        with translation.override(person.language):
            said = line(told) + "\n" if told and told.of_account else ""
            said += ngettext("%(n)d thing waits for you.", "%(n)d things wait for you.", count) % {"n": count}
            where = _("Sign in to read it: {address}").format(address=settings.CAMPUS.address + link)
            send_mail(
                subject=_("Something waits for you in {campus}").format(campus=settings.CAMPUS.name),
                message=f"{said}\n{where}\n",
                from_email=None,
                recipient_list=[person.email],
            )
    except (SMTPException, OSError) as error:
        mine.update(claimed=None)
        log.warning("a notice could not be mailed: %s", type(error).__name__)
        return False
    mine.update(mailed=timezone.now())
    return True
