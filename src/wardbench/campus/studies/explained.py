"""What can be asked about studies: why somebody can see one, and what they may do with it."""

from __future__ import annotations

from collections.abc import Sequence

from django.core.exceptions import ValidationError

from wardbench.campus.people.explain import Answer, Choice, explain, explain_rights
from wardbench.campus.people.queries import uuid_in
from wardbench.campus.people.roles import gettext_noop
from wardbench.campus.people.rules import Actor
from wardbench.campus.studies import queries, rules, standings
from wardbench.campus.studies.models import Study
from wardbench.campus.studies.rules import ACTIONS, Verb

MOST = 10


def find(asking: Actor, text: str) -> Sequence[Choice]:
    wanted = uuid_in(text)
    found = queries.lines_of(asking, [wanted]) if wanted else queries.visible(asking, text)[:MOST]
    return [Choice(str(one.study.id), f"{one.study.reference} {one.study.title}") for one in found]


def answers(actor: Actor, study_id: str) -> Sequence[Answer]:
    try:
        found = Study.objects.filter(id=study_id).first()
    except ValidationError:
        return []
    if found is None:
        return []
    facts = standings.stands(found).facts
    return [
        Answer(gettext_noop("See the whole study"), rules.may_see(actor, facts)),
        Answer(gettext_noop("Know of the study"), rules.may_see_line(actor, facts)),
        *(Answer(ACTIONS[verb], rules.may(actor, verb, facts)) for verb in Verb if rules.doers(verb, facts)),
    ]


explain("study", gettext_noop("Study"), find=find, answers=answers)
explain_rights(
    (
        (gettext_noop("Look at studies"), rules.may_see_studies),
        (gettext_noop("Register a study"), rules.may_register),
    )
)
