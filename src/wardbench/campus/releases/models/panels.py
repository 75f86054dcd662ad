"""Blinded panels: specimens that a study measures by codes, and what the hospital measured of their donors."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from wardbench.campus.people.models import Identified
from wardbench.campus.releases.models.requests import Request, RequestLine


class BlindedPanel(Identified):
    """The panel that a request is for: an analyte by its OMOP `concept` in a `unit`, and the `cohort` of the permit, by
    its content hash, whose patients gave the specimens. The hospital's values are for nobody before it is `opened`."""

    request = models.OneToOneField(Request, models.PROTECT, related_name="panel")
    cohort = models.CharField(max_length=64)
    concept = models.BigIntegerField()
    analyte = models.CharField(_("what is measured"), max_length=300)
    unit = models.CharField(_("unit"), max_length=50)
    method = models.CharField(_("method"), max_length=100)
    snapshot = models.CharField(max_length=64)
    made = models.DateTimeField(auto_now_add=True)
    opened = models.DateTimeField(null=True, blank=True)
    opened_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    revision = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ("-made",)

    def __str__(self) -> str:
        return f"{self.analyte} ({self.unit})"


class BlindedPlace(models.Model):
    """A specimen of a panel. `value` is the hospital's, measured `days` after it was taken, None once the donor does
    not allow its use any more; `measured` is the study's own, or its measurement `failed`."""

    panel = models.ForeignKey(BlindedPanel, models.PROTECT, related_name="places")
    line = models.OneToOneField(RequestLine, models.CASCADE, related_name="place")
    value = models.FloatField(null=True)
    days = models.SmallIntegerField()
    measured = models.FloatField(null=True, blank=True)
    failed = models.BooleanField(default=False)
