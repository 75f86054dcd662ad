"""Collect for me: criteria that are kept standing until enough was found."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from wardbench.campus.biobank.models import Specimen, Visit
from wardbench.campus.people.models import Identified
from wardbench.campus.studies.models import Permit, Study


class Standing(Identified):
    """What a study would like to have as it comes: criteria of `ward.samples`, how many, until when."""

    study = models.ForeignKey(Study, models.PROTECT, related_name="standing")
    permit = models.ForeignKey(Permit, models.PROTECT, related_name="standing")
    name = models.CharField(_("name"), max_length=200)
    criteria = models.JSONField()
    wanted = models.PositiveIntegerField(_("how many"))
    until = models.DateField(_("until"))
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)
    ended = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-at",)


class StandingMatch(Identified):
    """A visit at which it could be taken, or a leftover that fits."""

    standing = models.ForeignKey(Standing, models.PROTECT, related_name="matches")
    visit = models.ForeignKey(Visit, models.PROTECT, null=True, related_name="+")
    specimen = models.ForeignKey(Specimen, models.PROTECT, null=True, related_name="+")
    state = models.CharField(max_length=16, default="found")
    at = models.DateTimeField(auto_now_add=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ("-at",)
        constraints = [
            models.UniqueConstraint(fields=["standing", "visit"], name="each_visit_matched_once"),
            models.UniqueConstraint(fields=["standing", "specimen"], name="each_leftover_matched_once"),
        ]
