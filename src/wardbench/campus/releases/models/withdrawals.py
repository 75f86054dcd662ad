"""A donor's withdrawal or opt-out, and everything that it has to reach."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from wardbench.campus.biobank.models import Consent, Donor, OptOut, Specimen
from wardbench.campus.people.models import Identified
from wardbench.campus.releases.models.extracts import Extract
from wardbench.campus.releases.models.findings import Finding
from wardbench.campus.releases.models.shipments import Shipment
from wardbench.campus.releases.withdrawal_rules import KINDS, OUTCOMES, REACHED, WISHES, Kind, Outcome, Reached, Wish
from wardbench.campus.studies.models import Study


class Withdrawal(Identified):
    """Somebody took their consent back (all of it, or `tiers`), or opted out. `proof` is what was done, under `hash`,
    once every task is."""

    reference = models.CharField(max_length=16, unique=True)
    donor = models.ForeignKey(Donor, models.PROTECT, null=True, blank=True, related_name="withdrawals")
    person_id = models.BigIntegerField(null=True, blank=True)
    consent = models.ForeignKey(Consent, models.PROTECT, null=True, blank=True, related_name="+")
    opt_out = models.ForeignKey(OptOut, models.PROTECT, null=True, blank=True, related_name="+")
    kind = models.CharField(max_length=16, choices=[(k.value, _(KINDS[k])) for k in Kind])
    tiers = models.JSONField(default=list)
    wish = models.CharField(max_length=16, choices=[(w.value, _(WISHES[w])) for w in Wish], default=Wish.DESTROY.value)
    words = models.TextField(blank=True)
    received = models.DateField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(auto_now_add=True)
    ended = models.DateTimeField(null=True, blank=True)
    proof = models.JSONField(default=dict)
    hash = models.CharField(max_length=64, blank=True)
    revision = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ("-at",)

    def __str__(self) -> str:
        return self.reference


class WithdrawalTask(Identified):
    """One thing that a withdrawal has to reach, where it was found, and how it ended.

    Whose turn it is follows from where the thing is now (`reaching.Reach`). `study` has it, where one does.
    """

    withdrawal = models.ForeignKey(Withdrawal, models.PROTECT, related_name="tasks")
    kind = models.CharField(max_length=16, choices=[(k.value, _(REACHED[k])) for k in Reached])
    specimen = models.ForeignKey(Specimen, models.PROTECT, null=True, related_name="+")
    shipment = models.ForeignKey(Shipment, models.PROTECT, null=True, related_name="+")
    extract = models.ForeignKey(Extract, models.PROTECT, null=True, related_name="+")
    finding = models.ForeignKey(Finding, models.PROTECT, null=True, related_name="+")
    study = models.ForeignKey(Study, models.PROTECT, null=True, related_name="+")
    what = models.CharField(max_length=300)
    place = models.CharField(max_length=400, blank=True)
    outcome = models.CharField(max_length=16, blank=True, choices=[(o.value, _(OUTCOMES[o])) for o in Outcome])
    words = models.TextField(blank=True)
    done = models.DateTimeField(null=True, blank=True)
    done_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ("-kind", "what", "id")
        indexes = [models.Index(fields=["outcome"], name="withdrawal_tasks_open")]
