"""What the verbs of this application are called in the record."""

from __future__ import annotations

from wardbench.campus.audit.words import say
from wardbench.campus.people.roles import gettext_noop

say(
    {
        "catalogue.export": gettext_noop("Exported the inventory"),
        "catalogue.read_back": gettext_noop("Read an export back"),
        "catalogue.take_in_export": gettext_noop("Entered an export into the inventory"),
        "catalogue.recovered_file": gettext_noop("Took the file of what was recovered"),
        "catalogue.read_register": gettext_noop("Read a register of human body material"),
    }
)
