"""Which team treats which patient, and who looked in an emergency. A patient is the number they have in the store."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from wardbench.campus.access.rules import REASONS, STATUSES, Status
from wardbench.campus.people.models import Identified, Organisation, Person, Unit


class CareRelation(Identified):
    """A unit treats a patient, from a day on, until a day where one is set."""

    patient = models.BigIntegerField(_("patient"), db_index=True)
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    since = models.DateField(_("since"))
    until = models.DateField(_("until"), null=True, blank=True)
    source = models.CharField(_("source"), max_length=32)

    class Meta:
        constraints = [
            models.UniqueConstraint("patient", "unit", "since", name="one_relation_a_day"),
            models.CheckConstraint(condition=Q(until=None) | Q(until__gte=F("since")), name="relation_ends_later"),
        ]


class EmergencyAccess(Identified):
    """Somebody of care opened the record of a patient of another team."""

    patient = models.BigIntegerField(_("patient"), db_index=True)
    person = models.ForeignKey(Person, models.PROTECT, related_name="+")
    reason = models.CharField(_("reason"), max_length=16, choices=[(key.value, text) for key, text in REASONS.items()])
    words = models.TextField(_("what happened"))
    opened = models.DateTimeField()
    until = models.DateTimeField()
    status = models.CharField(
        max_length=16, default=Status.ACTIVE.value, choices=[(key.value, text) for key, text in STATUSES.items()]
    )
    reviewer = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    reviewed = models.DateTimeField(null=True)
    finding = models.TextField(_("finding"), blank=True)
    overdue_told = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-opened",)


class Answering(Identified):
    """A unit that answers for an emergency access (an organisation as a whole where there is no unit), and what one of
    its heads said of it: whether it was `needed`, None until somebody has said so."""

    access = models.ForeignKey(EmergencyAccess, models.PROTECT, related_name="answering")
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    unit = models.ForeignKey(Unit, models.PROTECT, null=True, related_name="+")
    needed = models.BooleanField(null=True)
    words = models.TextField(_("what you know of it"), blank=True)
    speaker = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    said = models.DateTimeField(null=True)

    class Meta:
        ordering = ("organisation__name", "unit__name")
        constraints = [
            models.UniqueConstraint("access", "organisation", "unit", name="a_place_answers_once"),
            models.CheckConstraint(
                condition=Q(needed=None, said=None) | Q(needed__isnull=False, said__isnull=False),
                name="said_when_it_was_said",
            ),
        ]
