"""Two tables: the events, which are only ever added to, and the one row that says where the chain ends."""

from __future__ import annotations

from django.db import models


class Event(models.Model):
    """One verb that was carried out, or refused, by somebody on something."""

    number = models.BigIntegerField(primary_key=True)
    at = models.DateTimeField(db_index=True)
    actor = models.CharField(max_length=64, db_index=True)
    verb = models.CharField(max_length=64, db_index=True)
    kind = models.CharField(max_length=64)
    object = models.CharField(max_length=128, db_index=True)
    study = models.CharField(max_length=64, blank=True, db_index=True)
    patient = models.CharField(max_length=64, blank=True, db_index=True)
    origin = models.CharField(max_length=200)
    detail = models.JSONField(default=dict)
    before = models.BinaryField(max_length=32)
    hash = models.BinaryField(max_length=32)

    class Meta:
        ordering = ("number",)


class Head(models.Model):
    """Where the chain ends. Its row is locked by whoever adds an event, so that events have one order."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    number = models.BigIntegerField(default=0)
    hash = models.BinaryField(max_length=32)
