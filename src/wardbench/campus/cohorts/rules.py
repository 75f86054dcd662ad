"""Who may see and change which cohort, and why. No Django here.

A cohort is seen by its owner, by those it is shared with (persons, units, or everybody on the campus), and changed by
its owner and those it was shared with for that. `STATES` is the whole of what can happen to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from wardbench.campus.people.roles import Role, gettext_noop
from wardbench.campus.people.rules import Actor, Verdict, is_signed_in, no, yes

OPEN, ARCHIVED = "open", "archived"
Standing = Literal["owner", "editor", "reader", "other"]
STANDINGS: tuple[Standing, ...] = ("owner", "editor", "reader", "other")


@dataclass(frozen=True)
class Access:
    """Whose a cohort is and with whom it is shared; ids as text. `editors` and `editing_units` may change it too."""

    owner: str
    status: str = OPEN
    readers: frozenset[str] = frozenset()
    editors: frozenset[str] = frozenset()
    units: frozenset[str] = frozenset()
    editing_units: frozenset[str] = frozenset()
    everybody: bool = False
    everybody_edits: bool = False


_OWNER: frozenset[Standing] = frozenset({"owner"})
_EDITORS: frozenset[Standing] = frozenset({"owner", "editor"})
STATES: Mapping[tuple[str, str], tuple[str, frozenset[Standing]]] = {
    (OPEN, "edit"): (OPEN, _EDITORS),
    (OPEN, "save"): (OPEN, _EDITORS),
    (OPEN, "rename"): (OPEN, _OWNER),
    (OPEN, "share"): (OPEN, _OWNER),
    (OPEN, "archive"): (ARCHIVED, _OWNER),
    (ARCHIVED, "restore"): (OPEN, _OWNER),
}
"""Status and action: the status it leads to, and who may do it."""

ACTIONS = tuple(dict.fromkeys(action for _, action in STATES))

_UNITS = gettext_noop("It is shared with your department or care programme.")
_NEEDED: Mapping[frozenset[Standing], str] = {
    _OWNER: gettext_noop("Only the owner of a cohort can do this."),
    _EDITORS: gettext_noop(
        "Only the owner and those it was shared with for changing can do this; make a copy of your own instead."
    ),
}


def works_here(actor: Actor) -> bool:
    """Whether somebody has a role on the campus other than that of a partner company."""
    return bool(actor.roles - {Role.PARTNER})


def may_make(actor: Actor) -> Verdict:
    """Making a cohort, on the synthetic twin to begin with."""
    if not actor.id:
        return is_signed_in(actor)
    if works_here(actor):
        return yes(gettext_noop("Everybody who works on the campus can make cohorts."))
    if actor.roles:
        return no(gettext_noop("Partners see the cohorts that are shared with them, and make none."))
    return no(gettext_noop("You have no role on the campus yet; ask an administrator."))


def standing(actor: Actor, access: Access) -> tuple[Standing, Verdict]:
    """What somebody is to a cohort, and why. Whoever holds no role any more is nothing to their own either."""
    if actor.id and not actor.roles:
        return "other", no(gettext_noop("You have no role on the campus yet; ask an administrator."))
    units = {a.unit for a in actor.affiliations if a.unit}
    here = works_here(actor)
    if actor.id and actor.id == access.owner:
        return "owner", yes(gettext_noop("This cohort is yours."))
    if actor.id in access.editors and here:
        return "editor", yes(gettext_noop("It is shared with you, to change it together."))
    if units & access.editing_units and here:
        return "editor", yes(_UNITS)
    if access.everybody_edits and here:
        return "editor", yes(gettext_noop("It is shared with everybody on the campus, to change it together."))
    if actor.id and actor.id in access.readers | access.editors:
        return "reader", yes(gettext_noop("It is shared with you."))
    if units & (access.units | access.editing_units):
        return "reader", yes(_UNITS)
    if access.everybody and here:
        return "reader", yes(gettext_noop("It is shared with everybody on the campus."))
    return "other", no(gettext_noop("This cohort is not shared with you; ask its owner."))


def may_see(actor: Actor, access: Access) -> Verdict:
    return standing(actor, access)[1]


def may(actor: Actor, action: str, access: Access) -> Verdict:
    """Whether `action` (one of `ACTIONS`) may be done now, by this actor."""
    who, verdict = standing(actor, access)
    if who == "other":
        return verdict
    if (access.status, action) not in STATES:
        if access.status == ARCHIVED:
            return no(gettext_noop("This cohort is archived; its owner can bring it back."))
        return no(gettext_noop("This cohort is not archived."))
    _, allowed = STATES[access.status, action]
    return verdict if who in allowed else no(_NEEDED[allowed])
