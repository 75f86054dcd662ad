"""What the verbs of this application are called in the record."""

from __future__ import annotations

from wardbench.campus.audit.words import say
from wardbench.campus.people.roles import gettext_noop

say(
    {
        "cohorts.archive": gettext_noop("Archived a cohort"),
        "cohorts.copy": gettext_noop("Copied a cohort"),
        "cohorts.discard": gettext_noop("Discarded a draft of a cohort"),
        "cohorts.edit": gettext_noop("Edited a draft of a cohort"),
        "cohorts.look_at_patient": gettext_noop("Looked at a patient of a cohort"),
        "cohorts.make": gettext_noop("Made a cohort"),
        "cohorts.redo": gettext_noop("Did a change of a cohort again"),
        "cohorts.refuse_patient": gettext_noop("Asked for a patient who is not in their care"),
        "cohorts.rename": gettext_noop("Renamed a cohort"),
        "cohorts.restore": gettext_noop("Brought a cohort back from the archive"),
        "cohorts.save": gettext_noop("Saved a version of a cohort"),
        "cohorts.share": gettext_noop("Shared a cohort"),
        "cohorts.undo": gettext_noop("Undid a change of a cohort"),
        "cohorts.unshare": gettext_noop("Shared a cohort no longer"),
    }
)
