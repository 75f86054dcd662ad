"""Biobanks, their collections, who answers for them, and the protocols by which material is taken."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from wardbench.campus.biobank.amounts import UNITS
from wardbench.campus.people.models import Identified, Organisation
from wardbench.core.consent import BASES, Basis
from wardbench.core.miabis import MATERIALS

UNIT_CHOICES = [(code, code) for code in UNITS]
MATERIAL_CHOICES = [(code, _(title)) for code, title in MATERIALS.items()]


class Biobank(Identified):
    """A biobank, with the attributes of MIABIS Core 3.0; lists hold MIABIS's codes."""

    code = models.CharField(_("code"), max_length=64, unique=True)
    name = models.CharField(_("name"), max_length=200)
    acronym = models.CharField(_("acronym"), max_length=50, blank=True)
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="biobanks")
    juristic_person = models.CharField(_("juristic person"), max_length=200, blank=True)
    country = models.CharField(_("country"), max_length=2, default="BE")
    url = models.URLField(_("web address"), blank=True)
    description = models.TextField(_("description"), blank=True)
    contact_name = models.CharField(_("contact"), max_length=200, blank=True)
    contact_email = models.EmailField(_("e-mail of the contact"), blank=True)
    infrastructural = models.JSONField(default=list, blank=True)
    organisational = models.JSONField(default=list, blank=True)
    bioprocessing = models.JSONField(default=list, blank=True)
    quality_standards = models.JSONField(default=list, blank=True)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class Collection(Identified):
    """Specimens under one purpose and one set of rules. `permission` is what may be done with it, in DUO terms.

    `study` is the id of the study that collects for itself (primary use), where there is one. `published` is when it
    was put into the catalogue: never without a responsible person who can be reached.
    """

    biobank = models.ForeignKey(Biobank, models.PROTECT, related_name="collections")
    code = models.CharField(_("code"), max_length=64, unique=True)
    name = models.CharField(_("name"), max_length=200)
    acronym = models.CharField(_("acronym"), max_length=50, blank=True)
    description = models.TextField(_("description"), blank=True)
    purpose = models.TextField(_("what it is for"), blank=True)
    basis = models.CharField(
        _("on what it rests"), max_length=16, choices=[(b.value, _(BASES[b])) for b in Basis], default=Basis.WRITTEN
    )
    permission = models.JSONField(_("what may be done with it"), default=dict, blank=True)
    study = models.UUIDField(null=True, blank=True)
    url = models.URLField(_("web address"), blank=True)
    source = models.CharField(_("source"), max_length=16, default="Human")
    designs = models.JSONField(_("design"), default=list, blank=True)
    collection_settings = models.JSONField(_("where it is collected"), default=list, blank=True)
    dataset_types = models.JSONField(_("data"), default=list, blank=True)
    use_conditions = models.JSONField(_("conditions of use and access"), default=list, blank=True)
    inclusion = models.JSONField(_("who is included"), default=list, blank=True)
    publications = models.JSONField(_("publications"), default=list, blank=True)
    diseases = models.JSONField(_("diseases"), default=list, blank=True)
    ended = models.DateField(_("ended"), null=True, blank=True)
    published = models.DateTimeField(null=True, blank=True)
    revision = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class Responsible(models.Model):
    """Somebody who answers for a collection; the first by `order` is asked first, the next is the deputy.

    `reached` is when they last showed that messages reach them.
    """

    collection = models.ForeignKey(Collection, models.CASCADE, related_name="responsible")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    order = models.PositiveSmallIntegerField(default=0)
    reached = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("order",)
        constraints = [models.UniqueConstraint(fields=["collection", "person"], name="each_responsible_once")]


class Protocol(Identified):
    """How a collection takes its material: which visits, and what is taken at each."""

    collection = models.ForeignKey(Collection, models.PROTECT, related_name="protocols")
    name = models.CharField(_("name"), max_length=200)
    version = models.PositiveIntegerField(_("version"), default=1)
    ended = models.DateField(null=True, blank=True)

    class Meta:
        ordering = ("collection", "name", "-version")
        constraints = [models.UniqueConstraint(fields=["collection", "name", "version"], name="one_protocol_version")]

    def __str__(self) -> str:
        return f"{self.name} ({self.version})"


class ProtocolVisit(Identified):
    """A visit of a protocol: `day` after the first, from `before` days earlier to `after` days later."""

    protocol = models.ForeignKey(Protocol, models.CASCADE, related_name="visits")
    name = models.CharField(_("name"), max_length=100)
    day = models.IntegerField(_("day"), default=0)
    before = models.PositiveSmallIntegerField(_("days before"), default=0)
    after = models.PositiveSmallIntegerField(_("days after"), default=0)

    class Meta:
        ordering = ("day", "name")
        constraints = [models.UniqueConstraint(fields=["protocol", "name"], name="one_visit_by_name")]


class PlannedSpecimen(Identified):
    """What is taken at a visit: a tube by its type (SPREC's code of the primary container), and what is made of it.

    `parent` is the tube that an aliquot or derivative comes from. `amount` is in the smallest unit (`amounts`).
    """

    visit = models.ForeignKey(ProtocolVisit, models.CASCADE, related_name="planned")
    parent = models.ForeignKey("self", models.CASCADE, null=True, blank=True, related_name="made_of_it")
    material = models.CharField(_("material"), max_length=32, choices=MATERIAL_CHOICES)
    tube = models.CharField(_("tube"), max_length=8, blank=True)
    count = models.PositiveSmallIntegerField(_("how many"), default=1)
    amount = models.PositiveBigIntegerField(_("amount"), null=True, blank=True)
    unit = models.CharField(_("unit"), max_length=8, choices=UNIT_CHOICES, blank=True)
    temperature = models.CharField(_("storage temperature"), max_length=16, blank=True)

    class Meta:
        ordering = ("visit", "material")
        constraints = [models.CheckConstraint(condition=Q(count__gte=1), name="plans_at_least_one")]
