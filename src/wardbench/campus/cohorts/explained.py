"""What can be asked about rights on cohorts."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

from django.core.exceptions import ValidationError

from wardbench.campus.cohorts import queries, rules
from wardbench.campus.cohorts.models import Cohort
from wardbench.campus.people.explain import Answer, Choice, explain, explain_rights
from wardbench.campus.people.roles import gettext_noop
from wardbench.campus.people.rules import Actor

MOST = 20
TITLES = {
    "edit": gettext_noop("Change its definition"),
    "save": gettext_noop("Save a version"),
    "rename": gettext_noop("Rename it"),
    "share": gettext_noop("Share it"),
    "archive": gettext_noop("Archive it"),
    "restore": gettext_noop("Bring it back"),
}


def find(actor: Actor, text: str) -> list[Choice]:
    found = list(queries.find(actor, text)[:MOST])
    # Words are no id, which is no fault.
    with contextlib.suppress(ValidationError):
        found += [one for one in queries.visible(actor).filter(id=text.strip()) if one not in found]
    return [Choice(str(one.id), one.name) for one in found]


def answers(actor: Actor, cohort_id: str) -> Sequence[Answer]:
    try:
        cohort = Cohort.objects.filter(id=cohort_id).prefetch_related("shares").first()
    except ValidationError:
        return []
    if cohort is None:
        return []
    access = queries.access_of(cohort)
    seen = Answer(gettext_noop("See it"), rules.may_see(actor, access))
    return [seen, *(Answer(TITLES[action], rules.may(actor, action, access)) for action in rules.ACTIONS)]


explain("cohort", gettext_noop("Cohort"), find=find, answers=answers)
explain_rights(((gettext_noop("Make cohorts, and count them in the synthetic twin"), rules.may_make),))
