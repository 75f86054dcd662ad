"""What emergency access adds to the home page: reviews that wait for data protection."""

from __future__ import annotations

from collections.abc import Sequence

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from wardbench.campus.access import queries, rules
from wardbench.campus.access.rules import Action
from wardbench.campus.people.rules import Actor
from wardbench.campus.web.home import Task, waiting


@waiting
def accesses_to_review(actor: Actor) -> Sequence[Task]:
    """Each emergency access waits for data protection, 72 hours at most."""
    if not rules.may_review(actor):
        return []
    return [
        Task(
            _("Review the emergency access of %(name)s") % {"name": one.who},
            _(one.reason),
            reverse("emergency_access", args=[one.id]),
            since=timezone.localdate(one.opened),
            due=timezone.localdate(one.due),
        )
        for one in queries.accesses(actor, waiting=True)
        if rules.may_move(actor, Action.OBJECT, one.facts)
    ]
