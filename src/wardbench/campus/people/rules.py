"""Who may do what to people and the record, each answer with its reason. No Django here.

A rule is a function `may_...(actor, ...)` that gives a `Verdict`. The sentence of a verdict is written once: it is the
tooltip of a button, the error of the API, the message of a command, and the answer to "why can X see this?".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from wardbench.campus.people.roles import CARE, TITLES, Role, gettext_noop
from wardbench.core.errors import WardbenchError


class ForbiddenError(WardbenchError):
    """The actor has not the right; `verdict` says which is missing."""

    exit_code = 7
    http_status = 403

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(str(verdict))
        self.verdict = verdict


@dataclass(frozen=True)
class Verdict:
    """An answer to "may they?" with its reason: a sentence of the catalogue and what to put in it."""

    allowed: bool
    reason: str
    values: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))

    def __bool__(self) -> bool:
        return self.allowed

    def __str__(self) -> str:
        return self.reason.format(**self.values)

    def require(self) -> None:
        """Raise ForbiddenError unless allowed."""
        if not self.allowed:
            raise ForbiddenError(self)


def yes(reason: str, **values: object) -> Verdict:
    return Verdict(True, reason, values)


def no(reason: str, **values: object) -> Verdict:
    return Verdict(False, reason, values)


@dataclass(frozen=True)
class Affiliation:
    """One role at one organisation, and the unit (department, care programme) where there is one; ids as text.

    `leads` is whether the person answers for that place, as its head or a deputy.
    """

    role: Role
    organisation: str
    organisation_kind: str = "hospital"
    unit: str = ""
    leads: bool = False


@dataclass(frozen=True)
class Actor:
    """Whoever acts: a person with the roles they hold now. `id` is empty for somebody who has not signed in."""

    id: str
    name: str = ""
    affiliations: tuple[Affiliation, ...] = ()

    @property
    def roles(self) -> frozenset[Role]:
        return frozenset(a.role for a in self.affiliations)

    def has(self, *roles: Role) -> bool:
        """Whether the actor holds one of `roles` anywhere."""
        return not self.roles.isdisjoint(roles)

    def units(self, *roles: Role) -> frozenset[str]:
        """The units where the actor holds one of `roles`."""
        return frozenset(a.unit for a in self.affiliations if a.role in roles and a.unit)

    @property
    def heads(self) -> frozenset[str]:
        """The units, and organisations as a whole, that the actor answers for."""
        return frozenset(a.unit or a.organisation for a in self.affiliations if a.leads)


NOBODY = Actor("")
"""Somebody who has not signed in."""

SYSTEM = Actor("system", "Wardbench")
"""The application itself: reminders, expiries, the first administrator."""


def is_signed_in(actor: Actor) -> Verdict:
    if actor.id:
        return yes(gettext_noop("You are signed in."))
    return no(gettext_noop("Sign in first."))


def holds(actor: Actor, *roles: Role) -> Verdict:
    """Whether the actor holds one of `roles`."""
    for role in roles:
        if actor.has(role):
            return yes(gettext_noop("You hold the role {role}."), role=Title(role))
    if not actor.id:
        return is_signed_in(actor)
    return no(gettext_noop("This needs the role {role}."), role=Title(*roles))


@dataclass(frozen=True, init=False)
class Title:
    """The names of roles inside a sentence; the page translates them."""

    roles: tuple[Role, ...]

    def __init__(self, *roles: Role) -> None:
        object.__setattr__(self, "roles", roles)

    def __str__(self) -> str:
        return " / ".join(TITLES[role] for role in self.roles)


def is_partner_alone(actor: Actor) -> bool:
    """Whether somebody is a partner and nothing else."""
    return actor.roles == {Role.PARTNER}


def may_see_person(actor: Actor, person: str, *, together: bool = False) -> Verdict:
    """Profiles are for everybody on the campus; partners see their own, and of those they work `together` with."""
    if not actor.id:
        return is_signed_in(actor)
    if actor.id == person:
        return yes(gettext_noop("This is your own profile."))
    if is_partner_alone(actor):
        if together:
            return yes(gettext_noop("You work with this person on a study."))
        return no(gettext_noop("Partners see the profiles of people they work with on a study, and no others."))
    if actor.roles:
        return yes(gettext_noop("Everybody who works on the campus can see the profiles of colleagues."))
    return no(gettext_noop("You have no role on the campus yet; ask an administrator."))


def may_edit_profile(actor: Actor, person: str) -> Verdict:
    if actor.id == person and actor.id:
        return yes(gettext_noop("This is your own profile."))
    return holds(actor, Role.ADMINISTRATOR)


def may_manage_people(actor: Actor) -> Verdict:
    """Adding people, giving and ending roles, importing."""
    return holds(actor, Role.ADMINISTRATOR)


def may_give_role(actor: Actor, person: str) -> Verdict:
    """Nobody gives a role to themselves."""
    if actor.id and actor.id == person and actor.has(Role.ADMINISTRATOR):
        return no(gettext_noop("Nobody can give a role to themselves; ask another administrator."))
    return may_manage_people(actor)


def may_name_head(actor: Actor, person: str) -> Verdict:
    """Naming a head or deputy of a unit; nobody names themselves."""
    if actor.id and actor.id == person and actor.has(Role.ADMINISTRATOR):
        return no(gettext_noop("Nobody can name themselves; ask another administrator."))
    return may_manage_people(actor)


def may_end_role(actor: Actor, *, last_administrator: bool = False) -> Verdict:
    """Ending a role; the last administrator's is not ended, or nobody could give any."""
    return no(LAST) if last_administrator and actor.has(Role.ADMINISTRATOR) else may_manage_people(actor)


def may_close_account(actor: Actor, person: str, *, last_administrator: bool = False) -> Verdict:
    """Nobody closes their own account, nor the last administrator's."""
    if actor.id and actor.id == person and actor.has(Role.ADMINISTRATOR):
        return no(gettext_noop("Nobody can close their own account; ask another administrator."))
    return may_end_role(actor, last_administrator=last_administrator)


LAST = gettext_noop("This is the last administrator; give somebody else that role first.")


class Proof(StrEnum):
    """How an administrator made sure of who somebody is, before letting them in."""

    BADGE = "badge"
    KNOWN = "known"
    CALLED = "called"


PROOFS = {
    Proof.BADGE: gettext_noop("I saw the person, with a staff badge or an identity card"),
    Proof.KNOWN: gettext_noop("I know the person, and saw them, on the spot or by video"),
    Proof.CALLED: gettext_noop("I called the person at the number in the hospital's own directory"),
}


def may_let_in(actor: Actor, person: str) -> Verdict:
    """Giving a first password and removing a lost second factor; nobody does it for themselves."""
    if actor.id and actor.id == person and actor.has(Role.ADMINISTRATOR):
        return no(gettext_noop("Nobody can let themselves in; ask another administrator."))
    return may_manage_people(actor)


def may_end_sessions(actor: Actor) -> Verdict:
    """Signing others out."""
    return holds(actor, Role.ADMINISTRATOR)


def may_search_record(actor: Actor) -> Verdict:
    """The record of what happened, across everybody."""
    return holds(actor, Role.DATA_STEWARD, Role.DATA_PROTECTION)


def may_explain(actor: Actor, person: str) -> Verdict:
    """Asking why somebody can see something: everybody about themselves, some about anybody."""
    if actor.id and actor.id == person:
        return yes(gettext_noop("Everybody can ask what they can see, and why."))
    return holds(actor, Role.DATA_PROTECTION, Role.DATA_STEWARD, Role.ADMINISTRATOR)


def may_treat(actor: Actor) -> Verdict:
    """Seeing the records of single patients at all; which patients, the care relation says."""
    return holds(actor, *sorted(CARE))


EXPLAINED = (
    (gettext_noop("See the profiles of colleagues"), lambda actor: may_see_person(actor, "")),
    (gettext_noop("Add people and give roles"), may_manage_people),
    (gettext_noop("Search the record of what happened"), may_search_record),
    (gettext_noop("See the records of patients in your care"), may_treat),
)
"""What the page that explains rights shows for everybody: a title and its rule."""
