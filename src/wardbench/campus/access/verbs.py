"""What the verbs of this application are called in the record."""

from __future__ import annotations

from wardbench.campus.audit.words import say
from wardbench.campus.people.roles import gettext_noop

say(
    {
        "access.ask_why": gettext_noop("Asked who can see a patient's record, and why"),
        "access.end": gettext_noop("Ended the emergency access to a patient's record"),
        "access.end_relation": gettext_noop("Ended a care relation"),
        "access.import_relations": gettext_noop("Imported care relations"),
        "access.open": gettext_noop("Opened a patient's record in an emergency"),
        "access.refuse_open": gettext_noop("Wanted to open, in an emergency, a record that is not there"),
        "access.remind": gettext_noop("Told that an emergency access was not judged in time"),
        "access.relate": gettext_noop("Made a care relation"),
        "access.review": gettext_noop("Reviewed an emergency access"),
        "access.speak": gettext_noop("Said as head of a unit whether an emergency access was needed"),
    }
)
