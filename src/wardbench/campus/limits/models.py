"""How far each person is with each kind of thing."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class Pace(models.Model):
    """`full` is the moment, in seconds of Unix time, at which the person could do as much at once as ever again."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    kind = models.CharField(max_length=16)
    full = models.FloatField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "kind"], name="one_pace_of_a_kind")]
