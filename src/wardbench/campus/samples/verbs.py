"""What the verbs of this application are called in the record."""

from __future__ import annotations

from wardbench.campus.audit.words import say
from wardbench.campus.people.roles import gettext_noop

say(
    {
        "samples.list": gettext_noop("Took specimens from a search"),
        "samples.locate": gettext_noop("Answered a query of the Sample Locator"),
        "samples.look": gettext_noop("Looked for specimens"),
    }
)
