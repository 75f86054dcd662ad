"""Answering for several specimens of one withdrawal at once: those that the biobank has."""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from django.utils.translation import gettext as _

from wardbench.campus.audit.services import record, verb
from wardbench.campus.people.rules import Actor
from wardbench.campus.releases import withdrawal_queries, withdrawal_rules, withdrawals
from wardbench.campus.releases.models import Withdrawal
from wardbench.campus.releases.moves import reasoned
from wardbench.campus.releases.withdrawal_rules import TOGETHER, Outcome
from wardbench.core.errors import BusyError, InputError


@verb("releases.answer_together")
def answer_together(
    of: Withdrawal, seen: Mapping[uuid.UUID, int], outcome: Outcome, words: str, *, by: Actor
) -> Withdrawal:
    """Say how it ended with several specimens in the biobank, in the same words. `seen` are their tasks, each with the
    number of the specimen's last event as it was read. Each has its own event and its own answer; all of them or none.

    ForbiddenError for whom it is not; BusyError where one was answered, moved or changed meanwhile; InputError where
    nothing is ticked, for an outcome that is none, or without words.
    """
    withdrawal_rules.may_answer_together(by).require()
    if outcome not in TOGETHER:
        raise InputError(_("outcome: choose one from the list."))
    if not seen:
        raise InputError(_("things: tick what this is about."))
    words = reasoned(words, _("words: say how, when and by whom."))
    there = {row.reach.task.id: row.reach.task for place in withdrawal_queries.in_the_biobank(of) for row in place.rows}
    tasks, specimens = [], []
    for task_id, events in sorted(seen.items()):
        task = there.get(task_id)
        if task is None or task.specimen is None or task.specimen.events != events:
            raise BusyError(_("Something of what you ticked was answered or changed meanwhile; load the page again."))
        tasks.append(task)
        specimens.append(task.specimen)
    if outcome is Outcome.DESTROYED:
        withdrawals.destroy_here(specimens, of, words, by)
    for task in tasks:
        withdrawals.done(task, outcome, words, by)
    record(
        "releases.answer_together", "withdrawal", of.id, by=by, things=[task.what for task in tasks],
        outcome=outcome.value, why=words,
    )  # fmt: skip
    withdrawals.end(of, by)
    return of
