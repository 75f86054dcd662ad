"""What came back from a study: measured values of specimens, files, publications."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from wardbench.campus.biobank.models import Specimen
from wardbench.campus.people.models import Identified
from wardbench.campus.studies.models import Study


class Finding(Identified):
    """A result, a dataset or a publication of a study. `digest` names its file among the campus's documents. A
    publication has a DOI or a reference, and its year unless it is of before that was kept; of data alone it is about
    no specimen. One that was `retracted` stays to be read, and counts nowhere; what is right instead `corrects` it."""

    class Kind(models.TextChoices):
        VALUES = "values", _("Measured values")
        FILE = "file", _("File")
        PUBLICATION = "publication", _("Publication")

    study = models.ForeignKey(Study, models.PROTECT, related_name="findings")
    kind = models.CharField(max_length=16, choices=Kind)
    title = models.CharField(_("title"), max_length=300)
    method = models.CharField(_("method"), max_length=300, blank=True)
    words = models.TextField(_("in plain words"), blank=True)
    doi = models.CharField(_("DOI"), max_length=200, blank=True)
    reference = models.CharField(_("reference"), max_length=500, blank=True)
    year = models.PositiveSmallIntegerField(_("year"), null=True, blank=True)
    digest = models.CharField(max_length=64, blank=True)
    file_name = models.CharField(max_length=200, blank=True)
    clinical = models.BooleanField(_("may matter for the care of a patient"), default=False)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)
    corrects = models.OneToOneField("self", models.PROTECT, null=True, blank=True, related_name="corrected_by")
    retracted = models.DateTimeField(null=True, blank=True)
    retracted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    why_retracted = models.TextField(blank=True)

    class Meta:
        ordering = ("-at",)


class FindingSpecimen(models.Model):
    """A finding about one specimen. `value` is text as it was reported, `unit` its UCUM unit."""

    finding = models.ForeignKey(Finding, models.PROTECT, related_name="specimens")
    specimen = models.ForeignKey(Specimen, models.PROTECT, related_name="findings")
    analyte = models.CharField(_("analyte"), max_length=200, blank=True)
    value = models.CharField(_("value"), max_length=100, blank=True)
    unit = models.CharField(_("unit"), max_length=32, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["finding", "specimen", "analyte"], name="each_value_of_a_specimen_once")
        ]
