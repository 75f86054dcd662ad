"""What can be asked about questions on outcomes: who may ask, see and act, and why."""

from __future__ import annotations

from collections.abc import Sequence

from django.core.exceptions import ValidationError

from wardbench.campus.outcomes import queries, rules
from wardbench.campus.outcomes.models import Inquiry
from wardbench.campus.people.explain import Answer, Choice, explain, explain_rights
from wardbench.campus.people.queries import uuid_in
from wardbench.campus.people.roles import gettext_noop
from wardbench.campus.people.rules import Actor

MOST = 20


def find(actor: Actor, text: str) -> list[Choice]:
    wanted = uuid_in(text)
    seen = queries.visible(actor)
    found = [one for one in seen if (one.id == wanted if wanted else text.casefold() in one.name.casefold())]
    return [Choice(str(one.id), one.name) for one in found[:MOST]]


def answers(actor: Actor, inquiry_id: str) -> Sequence[Answer]:
    try:
        one = Inquiry.objects.filter(id=inquiry_id).first()
    except ValidationError:
        return []
    if one is None:
        return []
    facts = queries.facts_of(one, actor)
    seen = Answer(gettext_noop("See it"), rules.may_see(actor, facts))
    return [seen, *(Answer(rules.ACTS[act], rules.may_act(actor, act, facts)) for act in rules.Act)]


explain("inquiry", gettext_noop("Question about outcomes"), find=find, answers=answers)
explain_rights(rules.EXPLAINED)
