"""Imports: a file that somebody looks at before its rows are entered, and what columns meant in files before it."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from wardbench.campus.biobank.models.collections import Collection
from wardbench.campus.people.models import Identified


class Import(Identified):
    """A file on its way into a collection. Its id is the batch of the custody events of what came of it.

    `matching` has the field of each column ("" for none); `options` what fills in for what the file does not say;
    `mends` what was corrected, in order. `done` counts the rows that were entered, `going` those that are to be, and
    `moved` is when some last were, or a check was asked for. `why` is why reading or entering ended before its end.
    """

    LARGE = 5_000
    """A file of more rows is checked in the background."""

    class Status(models.TextChoices):
        READING = "reading", _("Being read")
        DRAFT = "draft", _("Being looked at")
        RUNNING = "running", _("Being entered")
        REST = "rest", _("Entered but for the rest")
        DONE = "done", _("Entered")
        DROPPED = "dropped", _("Put aside")

    collection = models.ForeignKey(Collection, models.PROTECT, related_name="imports")
    name = models.CharField(_("file"), max_length=150)
    digest = models.CharField(max_length=64)
    kind = models.CharField(max_length=8, default="sheet")
    sheet = models.CharField(max_length=100, blank=True)
    headers = models.JSONField(default=list)
    rows = models.PositiveIntegerField(default=0)
    matching = models.JSONField(default=list)
    options = models.JSONField(default=dict)
    mends = models.JSONField(default=list)
    status = models.CharField(max_length=8, choices=Status, default=Status.DRAFT)
    going = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    why = models.CharField(max_length=500, blank=True)
    revision = models.PositiveIntegerField(default=0)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)
    began = models.DateTimeField(null=True, blank=True)
    moved = models.DateTimeField(null=True, blank=True)
    ended = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-at",)

    def __str__(self) -> str:
        return self.name

    @property
    def is_large(self) -> bool:
        return self.rows > self.LARGE


class ImportFile(models.Model):
    """A large file as it came, until it is read."""

    owner = models.OneToOneField(Import, models.CASCADE, related_name="file", primary_key=True)
    content = models.BinaryField()


class ImportTable(models.Model):
    """The rows of an import as they stood in its file (`imports.files.packed`); gone once they are all entered.

    `report` is what a check of a large one found (`imports.report.packed`), at the revision `reported` of the import.
    """

    owner = models.OneToOneField(Import, models.CASCADE, related_name="table", primary_key=True)
    content = models.BinaryField()
    report = models.BinaryField(null=True)
    reported = models.PositiveIntegerField(null=True)
    checked = models.DateTimeField(null=True)


class Remembered(models.Model):
    """What a column meant in an earlier file of a collection; `header` is folded, `said` as it stood."""

    collection = models.ForeignKey(Collection, models.CASCADE, related_name="remembered")
    header = models.CharField(max_length=100)
    said = models.CharField(max_length=100)
    field = models.CharField(max_length=20, blank=True)

    class Meta:
        ordering = ("id",)
        constraints = [models.UniqueConstraint(fields=["collection", "header"], name="one_meaning_of_a_header")]
