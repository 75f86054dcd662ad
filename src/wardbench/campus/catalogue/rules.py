"""Who takes the inventory out, specimen by specimen, and who reads the registers. No Django here."""

from __future__ import annotations

from wardbench.campus.people.roles import Role, gettext_noop
from wardbench.campus.people.rules import Actor, Title, Verdict, is_signed_in, no, yes
from wardbench.core.consent import Tier

NEED = frozenset({Tier.STORAGE, Tier.RESEARCH, Tier.CLINICAL_DATA})
"""What a donor has to allow before a record of each of their specimens leaves the biobank's own pages."""
_EXPORT = (Role.BIOBANK_MANAGER, Role.DATA_STEWARD)
_KEEPS = (Role.BIOBANK_MANAGER,)
_REGISTERS = (Role.BIOBANK_MANAGER, Role.BIOBANK_BOARD, Role.DATA_STEWARD, Role.DATA_PROTECTION)


def _holds(actor: Actor, roles: tuple[Role, ...]) -> Verdict:
    if not actor.id:
        return is_signed_in(actor)
    for role in roles:
        if actor.has(role):
            return yes(gettext_noop("You hold the role {role}."), role=Title(role))
    return no(gettext_noop("This needs the role {role}."), role=Title(*roles))


def may_export(actor: Actor) -> Verdict:
    """A file with a row for each specimen, and each donor by their code."""
    return _holds(actor, _EXPORT)


def may_take_in(actor: Actor) -> Verdict:
    """Entering an export of another campus into the inventory."""
    return _holds(actor, _KEEPS)


def may_see_registers(actor: Actor) -> Verdict:
    """What came in, what was given, to whom and why; how long requests take, and what is made of the stock."""
    return _holds(actor, _REGISTERS)


EXPLAINED = (
    (gettext_noop("Export the inventory, specimen by specimen, in a standard"), may_export),
    (gettext_noop("Enter an export of another campus into the inventory"), may_take_in),
    (gettext_noop("Read the registers of human body material and the biobank's figures"), may_see_registers),
)
"""What the page that explains rights shows for everybody."""
