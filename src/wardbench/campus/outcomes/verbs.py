"""What the verbs of this application are called in the record."""

from __future__ import annotations

from wardbench.campus.audit.words import say
from wardbench.campus.people.roles import gettext_noop

say(
    {
        "outcomes.ask": gettext_noop("Asked what happened to patients"),
        "outcomes.hold_against": gettext_noop("Asked how something stands against the hospital"),
        "outcomes.compare_methods": gettext_noop("Compared two methods by pairs of their own"),
        "outcomes.work_out": gettext_noop("Worked out rates or a funnel from tables of their own"),
        "outcomes.allow": gettext_noop("Let a question about outcomes be answered"),
        "outcomes.refuse": gettext_noop("Refused a question about outcomes"),
        "outcomes.take_back": gettext_noop("Took a question about outcomes back"),
        "outcomes.share": gettext_noop("Showed an answer about outcomes to the campus"),
        "outcomes.unshare": gettext_noop("Kept an answer about outcomes to themselves again"),
        "outcomes.answer": gettext_noop("Answered a question about outcomes"),
        "outcomes.fail": gettext_noop("Could not answer a question about outcomes"),
        "outcomes.start_from_patient": gettext_noop("Looked at a patient to find those like them"),
        "outcomes.place_patient": gettext_noop("Looked whether an answer is about a patient"),
        "outcomes.refuse_patient": gettext_noop("Was refused a patient to find those like them"),
    }
)
