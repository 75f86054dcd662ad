"""Parcels: what is in them, how cold they stayed, what arrived."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from wardbench.campus.people.models import Identified
from wardbench.campus.releases.models.requests import Request, RequestLine


class Shipment(Identified):
    """A parcel with two ends. `token` is the hash of a secret by which a recipient outside opens its page."""

    reference = models.CharField(max_length=16, unique=True)
    request = models.ForeignKey(Request, models.PROTECT, related_name="shipments")
    back = models.BooleanField(default=False)
    conditions = models.CharField(_("conditions"), max_length=16)
    lowest = models.IntegerField(_("not below"), null=True, blank=True)
    highest = models.IntegerField(_("not above"), null=True, blank=True)
    courier = models.CharField(_("courier"), max_length=100, blank=True)
    tracking = models.CharField(_("tracking number"), max_length=100, blank=True)
    packed = models.DateTimeField(auto_now_add=True)
    sent = models.DateTimeField(null=True, blank=True)
    sent_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    arrived = models.DateTimeField(null=True, blank=True)
    received_by = models.CharField(max_length=200, blank=True)
    words = models.TextField(blank=True)
    token = models.CharField(max_length=64, blank=True)
    token_until = models.DateTimeField(null=True, blank=True)
    revision = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ("-packed",)

    def __str__(self) -> str:
        return self.reference


class ShipmentLine(models.Model):
    """A specimen in a parcel, and what was said of it on arrival: "", received, missing or damaged."""

    shipment = models.ForeignKey(Shipment, models.PROTECT, related_name="lines")
    line = models.ForeignKey(RequestLine, models.PROTECT, related_name="shipments")
    state = models.CharField(max_length=16, blank=True)
    words = models.CharField(max_length=500, blank=True)
    at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["shipment", "line"], name="each_line_once_in_a_parcel")]


class TemperatureEntry(models.Model):
    """A line of a parcel's temperature log, in hundredths of a degree Celsius."""

    shipment = models.ForeignKey(Shipment, models.CASCADE, related_name="temperatures")
    at = models.DateTimeField()
    value = models.IntegerField()

    class Meta:
        ordering = ("at",)
        constraints = [models.UniqueConstraint(fields=["shipment", "at"], name="one_temperature_at_a_time")]
