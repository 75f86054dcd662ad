"""Specimens, and the chain of everything that happened to each."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from wardbench.campus.biobank.models.collections import MATERIAL_CHOICES, UNIT_CHOICES, Collection
from wardbench.campus.biobank.models.donors import Donor, Visit
from wardbench.campus.biobank.models.storage import Container
from wardbench.campus.biobank.rules import ACTS, STATUSES, Act, Status
from wardbench.campus.people.models import Identified, Worded


class Specimen(Identified):
    """A physical thing. Only `custody` changes it; `events` and `head` are the number and hash of its last event.

    `amount` is what is left, in the smallest unit of the dimension of `unit`; None where nobody knows. `reserved` is
    the line of a request that it is promised to: one place for one claim. `preanalytics` holds times, temperatures and
    speeds by name, from which `sprec` is worked out.
    """

    class Kind(models.TextChoices):
        PRIMARY = "primary", _("As it was taken")
        ALIQUOT = "aliquot", _("Aliquot")
        DERIVATIVE = "derivative", _("Derivative")
        POOL = "pool", _("Pool")

    label = models.CharField(_("label"), max_length=64, unique=True)
    external = models.CharField(_("name elsewhere"), max_length=100, blank=True, db_index=True)
    collection = models.ForeignKey(Collection, models.PROTECT, related_name="specimens")
    donor = models.ForeignKey(Donor, models.PROTECT, null=True, blank=True, related_name="specimens")
    visit = models.ForeignKey(Visit, models.PROTECT, null=True, blank=True, related_name="specimens")
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="children")
    kind = models.CharField(_("kind"), max_length=16, choices=Kind, default=Kind.PRIMARY)
    material = models.CharField(_("material"), max_length=32, choices=MATERIAL_CHOICES)
    tube = models.CharField(_("tube"), max_length=8, blank=True)
    site = models.CharField(_("anatomical site"), max_length=16, blank=True)
    diagnosis = models.CharField(_("diagnosis"), max_length=16, blank=True)
    amount = models.PositiveBigIntegerField(_("amount"), null=True, blank=True)
    first_amount = models.PositiveBigIntegerField(null=True, blank=True)
    unit = models.CharField(_("unit"), max_length=8, choices=UNIT_CHOICES, blank=True)
    concentration = models.CharField(_("concentration"), max_length=32, blank=True)
    thaws = models.PositiveSmallIntegerField(_("times thawed"), default=0)
    collected = models.DateTimeField(_("taken at"), null=True, blank=True)
    preanalytics = models.JSONField(default=dict, blank=True)
    sprec = models.CharField(max_length=40, blank=True)
    status = models.CharField(
        _("status"), max_length=16, choices=[(s.value, _(STATUSES[s])) for s in Status], default=Status.COLLECTED.value
    )
    retained = models.BooleanField(_("kept back for diagnosis"), default=False)
    reserved = models.UUIDField(null=True, blank=True, db_index=True)
    box = models.ForeignKey(Container, models.PROTECT, null=True, blank=True, related_name="specimens")
    place = models.PositiveIntegerField(null=True, blank=True)
    made = models.DateTimeField(auto_now_add=True)
    events = models.PositiveIntegerField(default=0)
    head = models.BinaryField(max_length=32, default=bytes)

    class Meta:
        ordering = ("label",)
        indexes = [
            models.Index(fields=["collection", "status"], name="specimen_by_collection"),
            models.Index(fields=["donor", "collected"], name="specimen_by_donor"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["box", "place"], name="one_specimen_in_a_position"),
            models.CheckConstraint(condition=Q(place=None) | Q(box__isnull=False), name="a_position_is_in_a_box"),
            models.CheckConstraint(
                condition=~Q(status=Status.STORED.value) | Q(box__isnull=False), name="what_is_stored_is_somewhere"
            ),
            models.CheckConstraint(
                condition=Q(status=Status.STORED.value) | Q(box=None), name="what_is_somewhere_is_stored"
            ),
            models.CheckConstraint(
                condition=Q(amount=None) | Q(first_amount=None) | Q(amount__lte=F("first_amount")),
                name="no_more_than_there_was",
            ),
        ]

    def __str__(self) -> str:
        return self.label


class PoolPart(models.Model):
    """How much of a specimen went into a pool, in the smallest unit."""

    pool = models.ForeignKey(Specimen, models.PROTECT, related_name="parts")
    specimen = models.ForeignKey(Specimen, models.PROTECT, related_name="pools")
    amount = models.PositiveBigIntegerField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["pool", "specimen"], name="each_part_once")]


class CustodyEvent(Worded):
    """One thing that happened to a specimen; never changed. `hash` covers it and the hash before it.

    `place` is where it was put, in words, as they were then; `container` the box itself, and `inside` the box's path at
    that time. `batch` is shared by what was done at once, and can be undone at once.
    """

    specimen = models.ForeignKey(Specimen, models.PROTECT, related_name="custody")
    number = models.PositiveIntegerField()
    act = models.CharField(max_length=16, choices=[(a.value, _(ACTS[a])) for a in Act])
    at = models.DateTimeField()
    noted = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    status = models.CharField(max_length=16)
    container = models.ForeignKey(Container, models.PROTECT, null=True, related_name="+")
    position = models.PositiveIntegerField(null=True)
    place = models.CharField(max_length=400, blank=True)
    inside = models.CharField(max_length=440, blank=True)
    amount = models.PositiveBigIntegerField(null=True)
    thaws = models.PositiveSmallIntegerField(default=0)
    study = models.CharField(max_length=16, blank=True)
    detail = models.JSONField(default=dict)
    batch = models.UUIDField(db_index=True)
    hash = models.BinaryField(max_length=32)

    class Meta:
        ordering = ("number",)
        indexes = [models.Index(fields=["at"], name="custody_by_time")]
        constraints = [models.UniqueConstraint(fields=["specimen", "number"], name="one_custody_event_by_number")]
