"""What the verbs of this application are called in the record."""

from __future__ import annotations

from wardbench.campus.audit.words import say
from wardbench.campus.people.roles import gettext_noop

say(
    {
        "api.make_key": gettext_noop("Made a key for programs"),
        "api.revoke_key": gettext_noop("Ended a key for programs"),
    }
)
