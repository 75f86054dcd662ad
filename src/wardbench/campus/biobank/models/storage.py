"""Places of any depth, from a site to a box, and the machines that keep them cold."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from wardbench.campus.people.models import Identified
from wardbench.core.miabis import TEMPERATURES


class Container(Identified):
    """Something that holds specimens or other containers. With `rows` and `columns` it has numbered positions (from 0,
    row by row); without it holds any number.

    `path` is the ids from the site down to this one, in hexadecimal and each followed by a slash: what is inside
    starts with it.
    """

    class Kind(models.TextChoices):
        SITE = "site", _("Site")
        ROOM = "room", _("Room")
        FREEZER = "freezer", _("Freezer")
        TANK = "tank", _("Tank")
        SHELF = "shelf", _("Shelf")
        RACK = "rack", _("Rack")
        DRAWER = "drawer", _("Drawer")
        BOX = "box", _("Box")
        PLATE = "plate", _("Plate")

    class Labels(models.TextChoices):
        LETTER_NUMBER = "A1", _("A1, A2, ... B1")
        NUMBER = "1", _("1, 2, 3 ...")

    name = models.CharField(_("name"), max_length=100)
    barcode = models.CharField(_("barcode"), max_length=64, unique=True)
    kind = models.CharField(_("kind"), max_length=16, choices=Kind)
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="inside")
    place = models.PositiveIntegerField(_("position"), null=True, blank=True)
    path = models.CharField(max_length=440, db_index=True)
    rows = models.PositiveSmallIntegerField(_("rows"), null=True, blank=True)
    columns = models.PositiveSmallIntegerField(_("columns"), null=True, blank=True)
    labels = models.CharField(_("positions are called"), max_length=4, choices=Labels, default=Labels.LETTER_NUMBER)
    temperature = models.CharField(
        _("temperature"), max_length=16, choices=[(code, _(title)) for code, title in TEMPERATURES.items()], blank=True
    )
    materials = models.JSONField(_("only for"), default=list, blank=True)
    closed = models.DateTimeField(null=True, blank=True)
    revision = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ("name",)
        constraints = [
            models.UniqueConstraint(fields=["parent", "place"], name="one_container_in_a_position"),
            models.UniqueConstraint(fields=["parent", "name"], name="one_container_by_name"),
            models.CheckConstraint(
                condition=Q(rows=None, columns=None) | Q(rows__gte=1, columns__gte=1),
                name="rows_and_columns_or_neither",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def positions(self) -> int | None:
        """How many positions there are, or None where any number fits."""
        return self.rows * self.columns if self.rows and self.columns else None


class Relocation(Identified):
    """A container that was moved, with everything in it. `batch` is that of the custody events of its tubes."""

    container = models.ForeignKey(Container, models.PROTECT, related_name="relocations")
    from_parent = models.ForeignKey(Container, models.PROTECT, null=True, related_name="+")
    from_place = models.PositiveIntegerField(null=True)
    to_parent = models.ForeignKey(Container, models.PROTECT, null=True, related_name="+")
    to_place = models.PositiveIntegerField(null=True)
    specimens = models.PositiveIntegerField(default=0)
    batch = models.UUIDField(db_index=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("-at",)


class Equipment(Identified):
    """The machine that keeps a container cold: between which temperatures it has to stay, in hundredths of a degree."""

    container = models.OneToOneField(Container, models.PROTECT, related_name="equipment")
    maker = models.CharField(_("maker and model"), max_length=200, blank=True)
    serial = models.CharField(_("serial number"), max_length=100, blank=True)
    lowest = models.IntegerField(_("not below"))
    highest = models.IntegerField(_("not above"))
    serviced = models.DateField(_("last serviced"), null=True, blank=True)
    service_due = models.DateField(_("service due"), null=True, blank=True)
    responsible = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")


class Reading(models.Model):
    """A temperature that was measured, in hundredths of a degree Celsius."""

    equipment = models.ForeignKey(Equipment, models.CASCADE, related_name="readings")
    at = models.DateTimeField()
    value = models.IntegerField()

    class Meta:
        ordering = ("at",)
        constraints = [models.UniqueConstraint(fields=["equipment", "at"], name="one_reading_at_a_time")]


class Excursion(Identified):
    """A time in which a machine was outside its temperatures. Which specimens it touched follows from their custody."""

    equipment = models.ForeignKey(Equipment, models.PROTECT, related_name="excursions")
    began = models.DateTimeField()
    ended = models.DateTimeField(null=True, blank=True)
    lowest = models.IntegerField()
    highest = models.IntegerField()
    judged = models.CharField(max_length=16, blank=True)
    words = models.TextField(blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        ordering = ("-began",)
