"""What can be asked about access to patients: in general, and of one emergency access. No page is asked about a patient
by their number, which would stand in its address."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.formats import date_format
from django.utils.timezone import localtime

from wardbench.campus.access import queries, rules
from wardbench.campus.access.rules import Action
from wardbench.campus.people.explain import Answer, Choice, explain, explain_rights
from wardbench.campus.people.queries import uuid_in
from wardbench.campus.people.roles import gettext_noop
from wardbench.campus.people.rules import Actor
from wardbench.core.errors import NotFoundError

ACTIONS = {
    Action.END: gettext_noop("Close the record"),
    Action.SPEAK: gettext_noop("Say for the unit whether it was needed"),
    Action.JUSTIFY: gettext_noop("Find it justified"),
    Action.OBJECT: gettext_noop("Find it not justified"),
}


def find(asking: Actor, text: str) -> Sequence[Choice]:
    wanted = uuid_in(text)
    found = [
        one
        for one in queries.accesses(asking)
        if one.id == wanted or (not wanted and text.casefold() in one.who.casefold())
    ]
    return [Choice(str(one.id), f"{one.who}, {date_format(localtime(one.opened), 'j F Y H:i')}") for one in found]


def answers(actor: Actor, access_id: str) -> Sequence[Answer]:
    try:
        one = queries.whatever_access(access_id)
    except NotFoundError:
        return []
    return [
        Answer(gettext_noop("See who opened it, and why"), rules.may_see_access(actor, one.person, one.places)),
        Answer(gettext_noop("See the record of its patient"), queries.may_see_patient(actor, one.patient)),
        *(Answer(title, rules.may_move(actor, action, one.facts)) for action, title in ACTIONS.items()),
    ]


explain("emergency", gettext_noop("Emergency access"), find=find, answers=answers)
explain_rights(
    (
        (gettext_noop("Open a record in an emergency"), rules.may_open),
        (gettext_noop("Review emergency access"), rules.may_review),
        (gettext_noop("Ask who can see a patient's record, and why"), rules.may_ask_why),
    )
)
