"""Cohorts, with whom they are shared, their versions, and the draft that each person has of one."""

from __future__ import annotations

import json
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from wardbench.campus.people.models import Identified, Person, Unit


class Cohort(Identified):
    """A definition under a name, with an owner. What it says is in its versions."""

    class Status(models.TextChoices):
        OPEN = "open", _("Open")
        ARCHIVED = "archived", _("Archived")

    owner = models.ForeignKey(Person, models.PROTECT, related_name="cohorts", verbose_name=_("owner"))
    name = models.CharField(_("name"), max_length=200)
    about = models.TextField(_("what it is for"), blank=True)
    status = models.CharField(_("status"), max_length=16, choices=Status, default=Status.OPEN)
    made = models.DateTimeField(_("made"), auto_now_add=True)
    changed = models.DateTimeField(_("changed"), auto_now=True)

    class Meta:
        ordering = ("-changed", "id")

    def __str__(self) -> str:
        return self.name


class Share(models.Model):
    """One person, one unit, or with neither everybody who works on the campus, may see a cohort, or also change it."""

    cohort = models.ForeignKey(Cohort, models.CASCADE, related_name="shares")
    person = models.ForeignKey(Person, models.CASCADE, null=True, blank=True, related_name="+")
    unit = models.ForeignKey(Unit, models.CASCADE, null=True, blank=True, related_name="+")
    may_edit = models.BooleanField(_("may change it"), default=False)

    class Meta:
        ordering = ("id",)
        constraints = [
            models.CheckConstraint(condition=Q(person=None) | Q(unit=None), name="shared_with_one_or_all"),
            models.UniqueConstraint("cohort", "person", condition=~Q(person=None), name="shared_once_with_a_person"),
            models.UniqueConstraint("cohort", "unit", condition=~Q(unit=None), name="shared_once_with_a_unit"),
            models.UniqueConstraint("cohort", condition=Q(person=None, unit=None), name="shared_once_with_all"),
        ]


class Version(Identified):
    """What a cohort said from some moment on. Never changed: questions and studies refer to it by id and hash.

    `definition` is ATLAS JSON as text, so that both databases keep it as it was given. The figure is what was
    disclosed to the author when it was saved, in `mode`, on `snapshot`.
    """

    cohort = models.ForeignKey(Cohort, models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField(_("number"))
    hash = models.CharField(_("content hash"), max_length=64, db_index=True)
    plan = models.CharField(_("hash of its meaning"), max_length=64)
    definition = models.TextField(_("definition"))
    author = models.ForeignKey(Person, models.PROTECT, related_name="+", verbose_name=_("author"))
    at = models.DateTimeField(_("when"), auto_now_add=True)
    note = models.CharField(_("note"), max_length=500, blank=True)
    figure = models.CharField(_("persons, as shown"), max_length=100, blank=True)
    value = models.FloatField(null=True, blank=True)
    mode = models.CharField(_("mode of the numbers"), max_length=32, blank=True)
    snapshot = models.CharField(_("snapshot"), max_length=64, blank=True)

    class Meta:
        ordering = ("-number",)
        constraints = [models.UniqueConstraint("cohort", "number", name="one_version_by_number")]

    def __str__(self) -> str:
        return f"{self.cohort.name} {self.number}"

    @property
    def expression(self) -> dict[str, Any]:
        """The definition as plain JSON values."""
        found: dict[str, Any] = json.loads(self.definition)
        return found


class Draft(Identified):
    """What somebody has changed and not saved yet. `position` is the step they are at, `revision` counts changes."""

    cohort = models.ForeignKey(Cohort, models.CASCADE, related_name="drafts")
    person = models.ForeignKey(Person, models.CASCADE, related_name="+")
    based_on = models.PositiveIntegerField(_("version it began from"), default=0)
    position = models.PositiveIntegerField(default=0)
    revision = models.PositiveIntegerField(default=0)
    changed = models.DateTimeField(_("changed"), auto_now=True)

    class Meta:
        constraints = [models.UniqueConstraint("cohort", "person", name="one_draft_of_each")]


class Step(models.Model):
    """One state of a draft, which undo and redo go back and forth through: the definition with what is switched off."""

    draft = models.ForeignKey(Draft, models.CASCADE, related_name="steps")
    number = models.PositiveIntegerField()
    working = models.TextField()

    class Meta:
        ordering = ("number",)
        constraints = [models.UniqueConstraint("draft", "number", name="one_step_by_number")]
