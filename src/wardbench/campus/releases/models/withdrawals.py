"""A donor's withdrawal or opt-out, and everything that it has to reach."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from wardbench.campus.biobank.models import Consent, Donor, OptOut, Specimen
from wardbench.campus.people.models import Identified
from wardbench.campus.releases.models.extracts import Extract
from wardbench.campus.releases.models.findings import Finding
from wardbench.campus.releases.models.shipments import Shipment


class Withdrawal(Identified):
    """Somebody took their consent back (all of it, or `tiers`), or opted out. `proof` is what was done, under `hash`,
    once every task is."""

    donor = models.ForeignKey(Donor, models.PROTECT, null=True, blank=True, related_name="withdrawals")
    person_id = models.BigIntegerField(null=True, blank=True)
    consent = models.ForeignKey(Consent, models.PROTECT, null=True, blank=True, related_name="+")
    opt_out = models.ForeignKey(OptOut, models.PROTECT, null=True, blank=True, related_name="+")
    kind = models.CharField(max_length=16)
    tiers = models.JSONField(default=list)
    wish = models.CharField(max_length=16, default="destroy")
    words = models.TextField(blank=True)
    received = models.DateField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)
    ended = models.DateTimeField(null=True, blank=True)
    proof = models.JSONField(default=dict)
    hash = models.CharField(max_length=64, blank=True)
    revision = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ("-at",)


class WithdrawalTask(Identified):
    """One thing that a withdrawal has to reach, whose turn it is, and how it ended."""

    withdrawal = models.ForeignKey(Withdrawal, models.PROTECT, related_name="tasks")
    kind = models.CharField(max_length=16)
    specimen = models.ForeignKey(Specimen, models.PROTECT, null=True, related_name="+")
    shipment = models.ForeignKey(Shipment, models.PROTECT, null=True, related_name="+")
    extract = models.ForeignKey(Extract, models.PROTECT, null=True, related_name="+")
    finding = models.ForeignKey(Finding, models.PROTECT, null=True, related_name="+")
    what = models.CharField(max_length=300)
    role = models.CharField(max_length=32, blank=True)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    outcome = models.CharField(max_length=16, blank=True)
    words = models.TextField(blank=True)
    done = models.DateTimeField(null=True, blank=True)
    done_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ("kind", "id")
