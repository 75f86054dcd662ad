"""What the verbs of this application are called in the record."""

from __future__ import annotations

from wardbench.campus.audit.words import say
from wardbench.campus.people.roles import gettext_noop

say(
    {
        "question.answer": gettext_noop("Answered a question"),
        "question.close": gettext_noop("Closed a question"),
        "question.comment": gettext_noop("Commented on a question"),
        "question.edit": gettext_noop("Changed a question"),
        "question.edit_comment": gettext_noop("Changed a comment"),
        "question.follow": gettext_noop("Followed a question"),
        "question.give_back": gettext_noop("Gave a question back"),
        "question.hide_comment": gettext_noop("Hid a comment"),
        "question.open_to_partners": gettext_noop("Changed whether partners see a question"),
        "question.put_cohort": gettext_noop("Put a cohort behind a question"),
        "question.raise": gettext_noop("Raised a question"),
        "question.reopen": gettext_noop("Reopened a question"),
        "question.take_up": gettext_noop("Took a question up into a study"),
        "question.unfollow": gettext_noop("Followed a question no longer"),
    }
)
