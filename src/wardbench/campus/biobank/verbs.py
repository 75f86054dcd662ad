"""What the verbs of this application are called in the record."""

from __future__ import annotations

from wardbench.campus.audit.words import say
from wardbench.campus.people.roles import gettext_noop

say(
    {
        "biobank.add_biobank": gettext_noop("Added a biobank"),
        "biobank.add_collection": gettext_noop("Added a collection"),
        "biobank.add_container": gettext_noop("Added a place for specimens"),
        "biobank.add_donor": gettext_noop("Added a donor"),
        "biobank.add_form": gettext_noop("Added a consent form"),
        "biobank.give_consent": gettext_noop("Kept a donor's consent"),
        "biobank.link_donor": gettext_noop("Said which patient a donor is"),
        "biobank.register": gettext_noop("Entered specimens in the inventory"),
    }
)
