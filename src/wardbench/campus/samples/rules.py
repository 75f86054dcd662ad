"""Who finds specimens in which way. No Django here."""

from __future__ import annotations

from enum import StrEnum

from wardbench.campus.biobank.rules import may_see_inventory
from wardbench.campus.people.roles import gettext_noop
from wardbench.campus.people.rules import Actor, Verdict, is_signed_in, no, yes


class Mode(StrEnum):
    """`cube` for everybody, `study` under a permit for material, `stewardship` for the inventory's people."""

    CUBE = "cube"
    STUDY = "study"
    STEWARDSHIP = "stewardship"


TOLD = {
    Mode.CUBE: gettext_noop(
        "What everybody may know: coarse counts that are released once a quarter, small ones merged, all rounded."
        " With a permit for material you see what can be given, tube by tube."
    ),
    Mode.STUDY: gettext_noop(
        "Exact counts of what your permit covers and can be given for its purpose. Each look is on the record; what"
        " leaves the study goes by a reviewed release only."
    ),
    Mode.STEWARDSHIP: gettext_noop("Exact counts of the whole inventory, for your eyes. Each look is on the record."),
}
"""What the page says of its numbers."""


def may_browse(actor: Actor) -> Verdict:
    """The released cube: everybody who works on the campus, partners included."""
    if not actor.id:
        return is_signed_in(actor)
    if not actor.roles:
        return no(gettext_noop("You have no role on the campus yet; ask an administrator."))
    return yes(gettext_noop("Everybody on the campus may browse what was released."))


def may_find_all(actor: Actor) -> Verdict:
    """Every specimen, exactly: whoever sees the inventory."""
    return may_see_inventory(actor)
