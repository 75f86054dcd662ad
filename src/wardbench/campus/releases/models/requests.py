"""Baskets, requests on a permit, quotes and transfer agreements."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from wardbench.campus.biobank.models import Biobank, Specimen
from wardbench.campus.people.models import Identified
from wardbench.campus.releases.rules import LINE_STATUSES, STATUSES, LineStatus, Status
from wardbench.campus.studies.models import Permit, Study


class Counter(models.Model):
    """The last number of requests (`R`) and shipments (`T`) that was given. One row each."""

    kind = models.CharField(max_length=1, primary_key=True)
    last = models.PositiveIntegerField(default=0)


class Basket(Identified):
    """Specimens that somebody put together, for a study where it is known. It promises nothing."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="baskets")
    study = models.ForeignKey(Study, models.PROTECT, null=True, blank=True, related_name="baskets")
    name = models.CharField(_("name"), max_length=200)
    made = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("-made",)


class BasketLine(models.Model):
    basket = models.ForeignKey(Basket, models.CASCADE, related_name="lines")
    specimen = models.ForeignKey(Specimen, models.PROTECT, related_name="+")
    role = models.CharField(_("case or control"), max_length=8, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["basket", "specimen"], name="each_specimen_once_in_a_basket")]


class Request(Identified):
    """A request for specimens on the permit of a study. `content` is what was asked, as it was when it was asked."""

    reference = models.CharField(max_length=16, unique=True)
    study = models.ForeignKey(Study, models.PROTECT, related_name="requests")
    permit = models.ForeignKey(Permit, models.PROTECT, related_name="requests")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    status = models.CharField(
        max_length=16, choices=[(s.value, _(STATUSES[s])) for s in Status], default=Status.DRAFT.value
    )
    recipient = models.CharField(_("recipient"), max_length=200, blank=True)
    recipient_email = models.EmailField(_("e-mail of the recipient"), blank=True)
    address = models.TextField(_("address"), blank=True)
    country = models.CharField(_("country"), max_length=2, default="BE")
    outside = models.BooleanField(_("the recipient is outside the campus"), default=False)
    genetic = models.BooleanField(_("inherited genes are studied"), default=False)
    wanted_by = models.DateField(_("needed by"), null=True, blank=True)
    words = models.TextField(_("what the biobank should know"), blank=True)
    content = models.JSONField(default=dict)
    made = models.DateTimeField(auto_now_add=True)
    asked = models.DateTimeField(null=True, blank=True)
    reserved_until = models.DateField(null=True, blank=True)
    closed = models.DateTimeField(null=True, blank=True)
    reason = models.TextField(blank=True)
    revision = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ("-made",)

    def __str__(self) -> str:
        return self.reference


class RequestLine(Identified):
    """One specimen of a request. `amount` is what is wanted of it in its smallest unit, None for all of it.

    `order` is its place on the pick list; `scanned` what the scanner read. `code` is what the study knows it by where
    it is in a blinded panel.
    """

    request = models.ForeignKey(Request, models.PROTECT, related_name="lines")
    specimen = models.ForeignKey(Specimen, models.PROTECT, related_name="lines")
    amount = models.PositiveBigIntegerField(null=True, blank=True)
    role = models.CharField(max_length=8, blank=True)
    code = models.CharField(max_length=16, blank=True)
    status = models.CharField(
        max_length=16, choices=[(s.value, _(LINE_STATUSES[s])) for s in LineStatus], default=LineStatus.ASKED.value
    )
    reason = models.TextField(blank=True)
    order = models.PositiveIntegerField(null=True, blank=True)
    scanned = models.CharField(max_length=64, blank=True)
    picked = models.DateTimeField(null=True, blank=True)
    picked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    used = models.PositiveBigIntegerField(null=True, blank=True)
    used_words = models.TextField(blank=True)

    class Meta:
        ordering = ("order", "specimen__label")
        constraints = [models.UniqueConstraint(fields=["request", "specimen"], name="each_specimen_once_in_a_request")]

    @property
    def called(self) -> str:
        """What stands on the tube that the study gets: its code, or else the specimen's own label."""
        return self.code or self.specimen.label


class Tariff(models.Model):
    """What the biobank asks for a piece of work (`retrieval`, `aliquot`, `shipment` ...), in cents of euro."""

    biobank = models.ForeignKey(Biobank, models.CASCADE, related_name="tariffs")
    work = models.CharField(max_length=32)
    cents = models.PositiveIntegerField()
    outside_cents = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["biobank", "work"], name="one_tariff_for_a_work")]


class Quote(Identified):
    """What a request will cost: lines of work, count, cents each. It never changes; a newer one counts."""

    request = models.ForeignKey(Request, models.PROTECT, related_name="quotes")
    number = models.PositiveIntegerField()
    lines = models.JSONField()
    cents = models.PositiveBigIntegerField()
    until = models.DateField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)
    accepted = models.DateTimeField(null=True, blank=True)
    accepted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ("-number",)
        constraints = [models.UniqueConstraint(fields=["request", "number"], name="one_quote_by_number")]


class Agreement(Identified):
    """A transfer agreement, filled from the facts of its request, under a hash that both sign."""

    request = models.ForeignKey(Request, models.PROTECT, related_name="agreements")
    number = models.PositiveIntegerField()
    content = models.JSONField()
    hash = models.CharField(max_length=64)
    at = models.DateTimeField(auto_now_add=True)
    provider_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    provider_at = models.DateTimeField(null=True, blank=True)
    recipient_name = models.CharField(max_length=200, blank=True)
    recipient_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    recipient_at = models.DateTimeField(null=True, blank=True)
    digest = models.CharField(max_length=64, blank=True)
    void = models.BooleanField(default=False)

    class Meta:
        ordering = ("-number",)
        constraints = [models.UniqueConstraint(fields=["request", "number"], name="one_agreement_by_number")]
