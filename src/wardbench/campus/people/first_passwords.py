"""Passwords that an administrator gives: made at random, good for a short time, never the one that somebody keeps.

A first password ends `LASTS` after it was given and `IN_USE` after somebody signed in with it. It opens the page where
a password of one's own is chosen, and nothing else; the one that was given cannot be chosen.
"""

from __future__ import annotations

import datetime
import secrets
from typing import Any

from django.contrib.auth.hashers import check_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from wardbench.campus.people.models import Person

LASTS = datetime.timedelta(hours=72)
IN_USE = datetime.timedelta(minutes=15)
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
"""Without those that are taken for one another when they are read out."""
GROUPS, IN_GROUP = 5, 4


def made_for(person: Person) -> str:
    """A new password of 99 random bits, that keeps every rule of passwords."""
    while True:
        groups = ("".join(secrets.choice(LETTERS) for _ in range(IN_GROUP)) for _ in range(GROUPS))
        made = "-".join(groups)
        try:
            validate_password(made, person)
        except ValidationError:  # by chance it holds a word of the campus
            continue
        return made


def put(person: Person, password: str) -> None:
    """Let `password` be somebody's first one."""
    person.set_password(password)
    person.first_password_ends = timezone.now() + LASTS
    Person.objects.filter(id=person.id).update(password=person.password, first_password_ends=person.first_password_ends)


def begin_use(person: Person) -> None:
    """Somebody signed in with their password: a first one ends soon."""
    ends = timezone.now() + IN_USE
    Person.objects.filter(id=person.id, first_password_ends__gt=ends).update(first_password_ends=ends)


class FirstPasswordValidator:
    """Nobody keeps the password that they were given."""

    def validate(self, password: str, user: Any = None) -> None:
        if getattr(user, "first_password_ends", None) and check_password(password, user.password):
            said = _("This is the password that you were given. Choose one of your own.")
            raise ValidationError(said, code="first_password")

    def get_help_text(self) -> str:
        return _("It is not the one that you were given.")
