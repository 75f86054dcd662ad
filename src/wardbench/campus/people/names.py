"""What somebody or something on the campus may be called. No Django here."""

from __future__ import annotations

import unicodedata

from wardbench.campus.people.roles import gettext_noop
from wardbench.core.errors import InputError

LONGEST = 200


def is_unseen(letter: str) -> bool:
    """Whether a letter shows nothing itself (a line break, a space of no width, a sign that turns the direction of the
    text): by it one name can look like another."""
    return unicodedata.category(letter) in ("Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp")


def given_name(name: str, *, empty: str) -> str:
    """A name as it is kept; InputError where it is empty (which `empty` says), too long, or not what it looks like."""
    name = name.strip()
    if not name:
        raise InputError(empty)
    if len(name) > LONGEST:
        raise InputError(gettext_noop("name: {most} characters at most."), most=LONGEST)
    if any(map(is_unseen, name)):
        raise InputError(gettext_noop("name: it holds a letter that cannot be seen; type it anew."))
    return name
