"""What the verbs of this application are called in the record."""

from __future__ import annotations

from wardbench.campus.audit.words import say
from wardbench.campus.people.roles import gettext_noop

say(
    {
        "audit.export": gettext_noop("Exported a search of the record"),
        "audit.view": gettext_noop("Looked at the record of a patient"),
    }
)
