"""Which feasibility counts somebody asked, so that they cannot ask too many."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class Purse(models.Model):
    """A budget: that of a person (`person:<id>`) or of a project (`cohort:<id>`, `question:<id>`, `study:<id>`).

    Its row is locked while a question is charged, so that of two at once one waits."""

    project = models.CharField(max_length=64, primary_key=True)


class Asked(models.Model):
    """A question that was charged to a purse: of it only its name by content, never its answer."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    purse = models.ForeignKey(Purse, models.PROTECT, related_name="asked")
    snapshot = models.CharField(max_length=64)
    question = models.CharField(max_length=64)
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["purse", "person", "at"])]
        constraints = [
            models.UniqueConstraint(
                fields=["person", "purse", "snapshot", "question"], name="each_question_charged_once"
            )
        ]
