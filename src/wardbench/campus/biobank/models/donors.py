"""Donors by their code, apart from who they are; what they agreed to; the visits at which they give."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from wardbench.campus.biobank.models.collections import Collection, Protocol, ProtocolVisit
from wardbench.campus.people.models import Identified


class Donor(Identified):
    """The person behind specimens, by a code that says nothing. What is said of them here is what MIABIS shares."""

    code = models.CharField(_("code"), max_length=64, unique=True)
    sex = models.CharField(_("sex"), max_length=16, blank=True)
    birth_year = models.PositiveSmallIntegerField(_("year of birth"), null=True, blank=True)
    made = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("code",)

    def __str__(self) -> str:
        return self.code


class DonorLink(models.Model):
    """Which patient a donor is: `person_id` of the store. Read by those alone who may know donors, and audited."""

    donor = models.OneToOneField(Donor, models.PROTECT, related_name="link", primary_key=True)
    person_id = models.BigIntegerField(unique=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(auto_now_add=True)


class ConsentForm(Identified):
    """A version of a consent form in one language. `tiers` are the `core.consent.Tier`s that it asks, in its order."""

    code = models.CharField(_("code"), max_length=64)
    version = models.CharField(_("version"), max_length=32)
    language = models.CharField(_("language"), max_length=2)
    title = models.CharField(_("title"), max_length=200)
    tiers = models.JSONField(default=list)
    since = models.DateField(_("from"))
    until = models.DateField(_("until"), null=True, blank=True)
    digest = models.CharField(max_length=64, blank=True)

    class Meta:
        ordering = ("code", "-since", "language")
        constraints = [
            models.UniqueConstraint(fields=["code", "version", "language"], name="one_form_by_version_and_language")
        ]

    def __str__(self) -> str:
        return f"{self.title} {self.version}"


class Consent(Identified):
    """What a donor answered on a form, tier by tier. It never changes but for its withdrawal; a newer one counts.

    `collection` is set where it holds for that collection alone.
    """

    donor = models.ForeignKey(Donor, models.PROTECT, related_name="consents")
    form = models.ForeignKey(ConsentForm, models.PROTECT, related_name="+")
    collection = models.ForeignKey(Collection, models.PROTECT, null=True, blank=True, related_name="+")
    answers = models.JSONField(default=dict)
    given = models.DateField(_("given on"))
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(auto_now_add=True)
    digest = models.CharField(max_length=64, blank=True)
    withdrawn = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-given", "-at")


class OptOut(Identified):
    """A person's no: to the reuse of their data (`data`), or to the keeping of residual material (`material`).

    It is reversible: `until` is when they took it back.
    """

    donor = models.ForeignKey(Donor, models.PROTECT, null=True, blank=True, related_name="opt_outs")
    person_id = models.BigIntegerField(null=True, blank=True, db_index=True)
    kind = models.CharField(max_length=16, choices=[("data", "data"), ("material", "material")])
    since = models.DateTimeField()
    until = models.DateTimeField(null=True, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ("-since",)
        constraints = [
            models.CheckConstraint(
                condition=Q(donor__isnull=False) | Q(person_id__isnull=False), name="opt_out_of_one"
            ),
            models.CheckConstraint(condition=Q(until=None) | Q(until__gte=F("since")), name="opt_out_ends_later"),
        ]


class Enrolment(Identified):
    """A donor in a protocol; visits are counted from `day0`."""

    protocol = models.ForeignKey(Protocol, models.PROTECT, related_name="enrolments")
    donor = models.ForeignKey(Donor, models.PROTECT, related_name="enrolments")
    day0 = models.DateField(_("first day"))
    ended = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["protocol", "donor"], name="enrolled_once")]


class Visit(Identified):
    """A planned visit of one donor: when it is due, and what came of it."""

    class Status(models.TextChoices):
        PLANNED = "planned", _("Planned")
        DONE = "done", _("Done")
        DECLINED = "declined", _("Declined")
        MISSED = "missed", _("Missed")

    enrolment = models.ForeignKey(Enrolment, models.PROTECT, related_name="visits")
    planned = models.ForeignKey(ProtocolVisit, models.PROTECT, related_name="+")
    due = models.DateField(db_index=True)
    place = models.CharField(_("where"), max_length=100, blank=True)
    status = models.CharField(max_length=16, choices=Status, default=Status.PLANNED)
    at = models.DateTimeField(null=True, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    reason = models.CharField(max_length=200, blank=True)
    revision = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ("due",)
        constraints = [models.UniqueConstraint(fields=["enrolment", "planned"], name="each_visit_once")]
