"""Keys with which a program acts for a person."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from wardbench.campus.people.models import Identified


class Key(Identified):
    """A key. Its secret is shown once and never kept: only its first letters, to tell keys apart, and its hash."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="keys")
    name = models.CharField(_("name"), max_length=100)
    scopes = models.JSONField(default=list)
    prefix = models.CharField(max_length=8, unique=True)
    digest = models.CharField(max_length=64)
    made = models.DateTimeField(auto_now_add=True)
    expires = models.DateTimeField()
    last_used = models.DateTimeField(null=True, blank=True)
    revoked = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-made",)

    def __str__(self) -> str:
        return self.name
