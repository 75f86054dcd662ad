"""Questions about outcomes, each with its protocol and its answer."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from wardbench.campus.outcomes.rules import STATUSES, Basis, Kind, Status
from wardbench.campus.people.models import Identified, Person


class Inquiry(Identified):
    """A question, never changed once it was asked: `asked` is what the form said, `protocol` the document that says all
    of it, cohorts inside, `hash` what it is called by its content. What it was `BROUGHT` goes when it ends.

    `cohort` is the content hash of the cohort that it is about, where it is about one; within a study that is what the
    permit names. `moved` is when the process that answers it was last heard of, `step` what it does.
    """

    owner = models.ForeignKey(Person, models.PROTECT, related_name="inquiries")
    kind = models.CharField(max_length=16, default=Kind.OUTCOMES.value)
    name = models.CharField(_("name"), max_length=200)
    asked = models.JSONField()
    protocol = models.JSONField()
    hash = models.CharField(max_length=64, db_index=True)
    basis = models.CharField(max_length=16, choices=[(one.value, one.value) for one in Basis])
    study = models.CharField(max_length=16, blank=True)
    cohort = models.CharField(max_length=64, blank=True)
    purpose = models.TextField(blank=True)
    status = models.CharField(max_length=16, choices=[(s.value, _(STATUSES[s])) for s in Status])
    shared = models.BooleanField(default=False)
    at = models.DateTimeField(auto_now_add=True)
    reviewed = models.DateTimeField(null=True, blank=True)
    reviewed_by = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="+")
    reason = models.TextField(blank=True)
    moved = models.DateTimeField(null=True, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    step = models.CharField(max_length=100, blank=True)
    ended = models.DateTimeField(null=True, blank=True)
    fault = models.TextField(blank=True)
    snapshot = models.CharField(max_length=64, blank=True)
    answerable = models.BooleanField(null=True)
    report = models.JSONField(default=dict)
    page = models.TextField(blank=True)

    class Meta:
        ordering = ("-at", "id")

    def __str__(self) -> str:
        return self.name
