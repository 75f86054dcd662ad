"""Organisations, their units, persons, and the roles that persons hold there over time."""

from __future__ import annotations

import functools
import uuid
from collections.abc import Mapping
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.encoding import force_str
from django.utils.translation import gettext_lazy as _

from wardbench.campus.people.roles import CARE, LEADS, TITLES, Lead, Role


class Worded(models.Model):
    """Anything with fields of choices, of which pages show the words."""

    class Meta:
        abstract = True

    def _get_FIELD_display(self, field: models.Field[Any, Any]) -> str:  # noqa: N802  the name is Django's
        """What `get_..._display` answers: the words of the one value. Django translates those of all others with it, to
        hash them, which is dear where a list shows the words of each row."""
        value = getattr(self, field.attname)
        shown: str = force_str(_words_of(field).get(value, value), strings_only=True)
        return shown


@functools.cache
def _words_of(field: models.Field[Any, Any]) -> Mapping[object, object]:
    """The choices of a field as they stand in the program, not translated yet."""
    return dict(field.flatchoices)


class Identified(Worded):
    """Anything with an address of its own that nobody can guess."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)

    class Meta:
        abstract = True


class Organisation(Identified):
    class Kind(models.TextChoices):
        HOSPITAL = "hospital", _("Hospital")
        BIOMEDICAL_GROUP = "biomedical_group", _("Biomedical group")
        INSTITUTE = "institute", _("Institute")
        PARTNER = "partner", _("Partner company")

    name = models.CharField(_("name"), max_length=200, unique=True)
    kind = models.CharField(_("kind"), max_length=32, choices=Kind)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class Unit(Identified):
    class Kind(models.TextChoices):
        DEPARTMENT = "department", _("Department")
        CARE_PROGRAMME = "care_programme", _("Care programme")

    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="units")
    name = models.CharField(_("name"), max_length=200)
    kind = models.CharField(_("kind"), max_length=32, choices=Kind)

    class Meta:
        ordering = ("name",)
        constraints = [models.UniqueConstraint("organisation", Lower("name"), name="one_unit_by_name")]

    def __str__(self) -> str:
        return self.name


class People(BaseUserManager["Person"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> Person:
        person = self.model(email=self.normalize_email(email).lower(), **fields)
        person.set_password(password)
        person.save(using=self._db)
        return person

    def get_by_natural_key(self, username: str | None) -> Person:
        return self.get(email__iexact=username)


class Person(Identified, AbstractBaseUser):
    """Somebody who can sign in. Roles say what they may do; there is no superuser."""

    class Mail(models.TextChoices):
        AT_ONCE = "at_once", _("At once")
        DAILY = "daily", _("Once a day, in the morning")
        NEVER = "never", _("Never; I look in the application")

    email = models.EmailField(_("e-mail address"), unique=True)
    name = models.CharField(_("name"), max_length=200)
    title = models.CharField(_("title"), max_length=100, blank=True)
    language = models.CharField(_("language"), max_length=2, default="en")
    orcid = models.CharField(_("ORCID iD"), max_length=19, blank=True)
    about = models.TextField(_("about"), blank=True)
    mail = models.CharField(_("mail"), max_length=8, choices=Mail, default=Mail.AT_ONCE)
    is_active = models.BooleanField(_("may sign in"), default=True)
    joined = models.DateTimeField(auto_now_add=True)
    first_password_ends = models.DateTimeField(null=True, blank=True, editable=False)
    """Until when the password opens anything that somebody else gave; None for a password of one's own choice."""

    objects: ClassVar[People] = People()
    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    class Meta:
        ordering = ("name",)
        constraints = [models.UniqueConstraint(Lower("email"), name="one_person_by_email")]

    def __str__(self) -> str:
        return self.name

    def set_password(self, raw_password: str | None) -> None:
        super().set_password(raw_password)
        self.first_password_ends = None

    def check_password(self, raw_password: str | None) -> bool:
        """Whether it is the password; one that was given by somebody else is none any more once it has ended."""
        ends = self.first_password_ends
        right = super().check_password(raw_password)
        # A hash that was made anew on the way is of the same password.
        self.first_password_ends = ends
        return right and (ends is None or timezone.now() < ends)


class Expertise(models.Model):
    """What somebody knows about, in their own words or a concept's."""

    person = models.ForeignKey(Person, models.CASCADE, related_name="expertise")
    topic = models.CharField(_("topic"), max_length=200)

    class Meta:
        ordering = ("topic",)
        constraints = [models.UniqueConstraint("person", Lower("topic"), name="each_topic_once")]

    def __str__(self) -> str:
        return self.topic


class Affiliation(Identified):
    """A role that a person holds at an organisation, from a day on, until a day where one is set.

    Who `leads` answers for the unit, or for the organisation as a whole where there is no unit, as long as the role
    lasts: whoever leaves is head no longer.
    """

    person = models.ForeignKey(Person, models.CASCADE, related_name="affiliations")
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="affiliations")
    unit = models.ForeignKey(Unit, models.PROTECT, null=True, blank=True, related_name="affiliations")
    role = models.CharField(_("role"), max_length=32, choices=[(role.value, TITLES[role]) for role in Role])
    since = models.DateField(_("since"))
    until = models.DateField(_("until"), null=True, blank=True)
    leads = models.CharField(
        _("leads"), max_length=8, blank=True, default="", choices=[(one.value, LEADS[one]) for one in Lead]
    )

    class Meta:
        ordering = ("organisation__name", "role")
        constraints = [
            models.CheckConstraint(condition=Q(until=None) | Q(until__gte=F("since")), name="ends_after_it_began"),
            models.CheckConstraint(condition=Q(leads="") | Q(role__in=sorted(CARE)), name="led_by_who_treats"),
        ]
