"""What a password may not be, beside short or common: Django asks these wherever somebody sets one."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils import translation
from django.utils.translation import gettext as _

from wardbench.campus.people.breached import is_breached
from wardbench.campus.people.models import Organisation, Unit
from wardbench.campus.people.refusals import refusal
from wardbench.campus.people.roles import TITLES
from wardbench.campus.people.words import PRODUCT, held, titles_of, words_of
from wardbench.core.errors import StorageError

LANGUAGES = ("en", "nl", "fr")


def campus_words() -> frozenset[str]:
    """The words of this campus that no password may hold."""
    names = [settings.CAMPUS.name, *settings.CAMPUS.password_words]
    names += [*Organisation.objects.values_list("name", flat=True), *Unit.objects.values_list("name", flat=True)]
    names += (urlsplit(settings.CAMPUS.address).hostname or "").split(".")[:-1]
    found = set(PRODUCT).union(*map(words_of, names))
    for language in LANGUAGES:
        with translation.override(language):
            found = found.union(*(titles_of(translation.gettext(title)) for title in TITLES.values()))
    return frozenset(found)


class CampusWordsValidator:
    """No password holds a word of the campus."""

    def validate(self, password: str, user: Any = None) -> None:
        word = held(password, campus_words())
        if word:
            said = _(
                "The password holds “%(word)s”, a word of this campus, which is easy to guess. Choose other words."
            )
            raise ValidationError(said % {"word": word}, code="campus_word")

    def get_help_text(self) -> str:
        return _("It holds no word of this campus: names of organisations, departments, roles or this application.")


class BreachedPasswordsValidator:
    """No password is in the list of breached ones that `campus.toml` names, if it names one."""

    def validate(self, password: str, user: Any = None) -> None:
        path = breached_list()
        if path is None:
            return
        try:
            found = is_breached(path, password)
        except StorageError as error:
            # What cannot be looked up is not taken.
            raise ValidationError(refusal(error), code="breached_list") from None
        if found:
            said = _("This password is known from a breach of another site. Choose another one.")
            raise ValidationError(said, code="breached_password")

    def get_help_text(self) -> str:
        return _("It is not known from a breach of another site.")


def breached_list() -> Path | None:
    """Where the list of breached passwords lies, if there is one."""
    named = settings.CAMPUS.breached_passwords
    return (settings.CAMPUS_FOLDER or Path()) / named if named else None
