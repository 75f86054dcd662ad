"""What a key may do, beside what its person may. No Django here."""

from __future__ import annotations

from enum import StrEnum

from wardbench.campus.people.roles import gettext_noop
from wardbench.campus.people.rules import Actor, Verdict, no, yes

MOST_DAYS = 366
LEAST_DAYS = 1


class Scope(StrEnum):
    """What a key was made for. A key never allows what its person may not."""

    READ = "read"
    COUNT = "count"
    WRITE = "write"


SCOPES = {
    Scope.READ: gettext_noop("Read: people, cohorts, questions, studies, answers"),
    Scope.COUNT: gettext_noop("Count: run cohort definitions, ask about outcomes and benchmarks, as the pages would"),
    Scope.WRITE: gettext_noop("Write: save cohorts, raise questions, work on studies"),
}


def may_make_key(actor: Actor) -> Verdict:
    """Making a key, by which a program acts for its person."""
    if not actor.roles:
        return no(gettext_noop("You have no role on the campus yet; ask an administrator."))
    return yes(gettext_noop("Everybody who works on the campus may let their own programs act for them."))


def may_use(scopes: frozenset[Scope], needed: Scope) -> Verdict:
    """Whether a key with `scopes` is good for `needed`."""
    if needed in scopes:
        return yes(gettext_noop("The key was made for this."))
    return no(gettext_noop("This key was not made for this: it lacks the scope {scope}."), scope=needed.value)


def may_revoke(actor: Actor, owner: str) -> Verdict:
    if actor.id and actor.id == owner:
        return yes(gettext_noop("This key is yours."))
    return no(gettext_noop("This key is somebody else's."))
