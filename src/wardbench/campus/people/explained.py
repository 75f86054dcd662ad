"""What can be asked about people, and the general rights."""

from __future__ import annotations

from collections.abc import Sequence

from wardbench.campus.people import queries, rules
from wardbench.campus.people.colleagues import may_see
from wardbench.campus.people.explain import Answer, Choice, explain, explain_rights
from wardbench.campus.people.roles import gettext_noop
from wardbench.campus.people.rules import Actor
from wardbench.core.errors import NotFoundError

MOST = 10


def find(asking: Actor, text: str) -> Sequence[Choice]:
    if not rules.may_see_person(asking, ""):
        return []
    return [Choice(str(one.id), one.name) for one in queries.by_words(text)[:MOST]]


def answers(actor: Actor, person_id: str) -> Sequence[Answer]:
    try:
        person = queries.person(person_id)
    except NotFoundError:
        return []
    last = queries.is_last_administrator(person)
    return [
        Answer(gettext_noop("See the profile"), may_see(actor, person_id)),
        Answer(gettext_noop("Change the profile"), rules.may_edit_profile(actor, person_id)),
        Answer(gettext_noop("Give a role"), rules.may_give_role(actor, person_id)),
        Answer(gettext_noop("Name head or deputy of a unit"), rules.may_name_head(actor, person_id)),
        Answer(gettext_noop("Close the account"), rules.may_close_account(actor, person_id, last_administrator=last)),
        Answer(gettext_noop("Ask what they can see, and why"), rules.may_explain(actor, person_id)),
    ]


explain("person", gettext_noop("Person"), find=find, answers=answers)
explain_rights(rules.EXPLAINED)
