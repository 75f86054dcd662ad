"""What can be asked about questions: who sees them and why, and who may do what with one."""

from __future__ import annotations

from collections.abc import Sequence

from wardbench.campus.people.explain import Answer, Choice, explain, explain_rights
from wardbench.campus.people.queries import uuid_in
from wardbench.campus.people.roles import gettext_noop
from wardbench.campus.people.rules import Actor
from wardbench.campus.questions import queries, rules
from wardbench.campus.questions.rules import ACTIONS

MOST = 10


def find(asking: Actor, text: str) -> Sequence[Choice]:
    wanted = uuid_in(text)
    found = queries.find(asking, queries.Filter(text="" if wanted else text))
    found = found.filter(id=wanted) if wanted else found
    return [Choice(str(one.id), one.title) for one in found[:MOST]]


def answers(actor: Actor, question_id: str) -> Sequence[Answer]:
    facts = queries.facts(question_id)
    if facts is None:
        return []
    return [
        Answer(gettext_noop("See the question"), rules.may_see(actor, facts)),
        Answer(gettext_noop("Read and join the discussion"), rules.may_discuss(actor, facts)),
        Answer(gettext_noop("Change the question"), rules.may_edit(actor, facts)),
        Answer(gettext_noop("Put a cohort behind it"), rules.may_put_cohort(actor, facts)),
        *(Answer(ACTIONS[action], verdict) for action, verdict in rules.actions_for(actor, facts)),
        Answer(gettext_noop("Open it to partners"), rules.may_open_to_partners(actor)),
    ]


explain("question", gettext_noop("Question"), find=find, answers=answers)
explain_rights(rules.EXPLAINED)
