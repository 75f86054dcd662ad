"""Data that were released: an extract of a cohort under pseudonyms of its study."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from wardbench.campus.people.models import Identified
from wardbench.campus.releases.extract_rules import STATUSES, Status
from wardbench.campus.studies.models import Permit, Study


class Extract(Identified):
    """A pseudonymised extract: one archive in a folder of the campus, with a manifest of checksums under a hash.

    `asked` is what was asked: the purpose in words, columns by table, how dates are given, the format.
    `recalled` is when a withdrawal or a revoked permit ended it; its files are gone then.
    """

    study = models.ForeignKey(Study, models.PROTECT, related_name="extracts")
    permit = models.ForeignKey(Permit, models.PROTECT, related_name="extracts")
    cohort = models.CharField(max_length=64)
    snapshot = models.CharField(max_length=64)
    asked = models.JSONField()
    manifest = models.JSONField(default=dict)
    hash = models.CharField(max_length=64, blank=True)
    status = models.CharField(
        max_length=16, choices=[(s.value, _(STATUSES[s])) for s in Status], default=Status.ASKED.value
    )
    persons_count = models.PositiveIntegerField(default=0)
    reviewed = models.DateTimeField(null=True, blank=True)
    reviewed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    reason = models.TextField(blank=True)
    downloads = models.PositiveIntegerField(default=0)
    fault = models.TextField(blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)
    made = models.DateTimeField(null=True, blank=True)
    recalled = models.DateTimeField(null=True, blank=True)
    why_recalled = models.TextField(blank=True)

    class Meta:
        ordering = ("-at",)


class ExtractPerson(models.Model):
    """Whose data are in an extract, so that a withdrawal finds it."""

    extract = models.ForeignKey(Extract, models.CASCADE, related_name="persons")
    person_id = models.BigIntegerField(db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["extract", "person_id"], name="each_person_once_in_an_extract")]
