"""What can be asked about releases: why somebody can see a request, and what they may do with it."""

from __future__ import annotations

from collections.abc import Sequence

from django.core.exceptions import ValidationError

from wardbench.campus.people.explain import Answer, Choice, explain, explain_rights
from wardbench.campus.people.queries import uuid_in
from wardbench.campus.people.roles import gettext_noop
from wardbench.campus.people.rules import Actor
from wardbench.campus.releases import request_queries, rules
from wardbench.campus.releases.rules import ACTIONS, MOVES, Verb

MOST = 10


def find(asking: Actor, text: str) -> Sequence[Choice]:
    wanted = uuid_in(text)
    seen = request_queries.visible(asking, text="" if wanted else text)
    found = [one for one, _facts in seen if not wanted or one.id == wanted]
    return [Choice(str(one.id), f"{one.reference} {one.study.title}") for one in found[:MOST]]


def answers(actor: Actor, request_id: str) -> Sequence[Answer]:
    try:
        found = request_queries.whole().filter(id=request_id).first()
    except ValidationError:
        return []
    if found is None:
        return []
    facts = request_queries.facts_of(found)
    return [
        Answer(gettext_noop("See the request"), rules.may_see(actor, facts)),
        *(Answer(ACTIONS[verb], rules.may(actor, verb, facts)) for verb in Verb if (facts.status, verb) in MOVES),
    ]


explain("request", gettext_noop("Request for specimens"), find=find, answers=answers)
explain_rights(((gettext_noop("Put specimens into a basket"), rules.may_keep_basket),))
