"""Notices: a sentence of the catalogues with what to put in it, so that everybody reads it in their own language."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from wardbench.campus.people.models import Identified


class Notice(Identified):
    """Something somebody is told. `claimed` is when a process began to mail it: a notice is never mailed twice. What is
    `of_account`, the person's own, is mailed at once with its sentence, whatever they chose for news; what is `urgent`
    at once too, and without."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="notices")
    sentence = models.CharField(max_length=300)
    values = models.JSONField(default=dict)
    link = models.CharField(max_length=300)
    of_account = models.BooleanField(default=False)
    urgent = models.BooleanField(default=False)
    made = models.DateTimeField(auto_now_add=True)
    read = models.DateTimeField(null=True, blank=True)
    claimed = models.DateTimeField(null=True, blank=True)
    mailed = models.DateTimeField(null=True, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ("-made",)
        indexes = [
            models.Index(fields=["person", "-made"]),
            models.Index(fields=["made"], condition=Q(mailed=None), name="notices_to_mail"),
        ]
