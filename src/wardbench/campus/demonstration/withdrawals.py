"""The withdrawals of the demonstration: one that waits for a study, one that has reached everything, an opt-out."""

from __future__ import annotations

import datetime
from collections.abc import Mapping

from django.utils import timezone

from wardbench.campus.biobank.models import Donor
from wardbench.campus.people.models import Person
from wardbench.campus.people.queries import actor_of
from wardbench.campus.releases import withdrawals
from wardbench.campus.releases.models import RequestLine, WithdrawalTask
from wardbench.campus.releases.rules import LineStatus
from wardbench.campus.releases.withdrawal_rules import Kind, Outcome

HOW = "Incinerated with waste of human origin, by two people."


def make_withdrawals(people: Mapping[str, Person]) -> None:
    """What three donors took back: of the first a tube is with a study, of the second everything is destroyed."""
    nurse, manager, privacy = (actor_of(people[key]) for key in ("coordinator", "manager", "privacy"))
    day = timezone.localdate() - datetime.timedelta(days=2)
    sent = RequestLine.objects.filter(status=LineStatus.SENT).exclude(specimen__donor=None).order_by("specimen__label")
    asked = set(RequestLine.objects.values_list("specimen__donor", flat=True))
    line = sent.select_related("specimen__donor").last()
    if line is not None and line.specimen.donor is not None:
        words = "Told the nurse at the visit of this week."
        withdrawals.withdraw(line.specimen.donor, Kind.WHOLE, by=nurse, received=day, words=words)
    others = Donor.objects.exclude(id__in=asked).exclude(link=None).exclude(consents=None).order_by("-code")[:2]
    for number, donor in enumerate(others):
        if number:
            withdrawals.withdraw(donor, Kind.DATA, by=privacy, received=day, words="By letter.")
            continue
        of = withdrawals.withdraw(donor, Kind.WHOLE, by=nurse, received=day)
        for task in WithdrawalTask.objects.filter(withdrawal=of, outcome=""):
            withdrawals.answer(task.id, Outcome.DESTROYED, HOW, by=manager)
