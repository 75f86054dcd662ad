"""What studies are told of specimens that had been outside their temperatures before they were sent."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from wardbench.campus.biobank.models import Excursion
from wardbench.campus.people.models import Identified
from wardbench.campus.releases.models.requests import Request, RequestLine


class Warned(Identified):
    """That a request's study was told of an excursion: of which lines, and what the biobank had said of it by then.

    `seen` is when the study said that it knows, `words` what that means for its work; told of more, it says so anew.
    """

    excursion = models.ForeignKey(Excursion, models.PROTECT, related_name="+")
    request = models.ForeignKey(Request, models.PROTECT, related_name="warnings")
    lines = models.ManyToManyField(RequestLine, related_name="warnings")
    judged = models.CharField(max_length=16, blank=True)
    told = models.DateTimeField()
    seen = models.DateTimeField(null=True, blank=True)
    seen_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    words = models.TextField(blank=True)

    class Meta:
        ordering = ("-told",)
        constraints = [models.UniqueConstraint(fields=["excursion", "request"], name="told_once_of_an_excursion")]
