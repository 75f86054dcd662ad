"""What `wardbench campus take-in` does. Django is set up at the first call."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wardbench.campus.catalogue.taking_in import Plan


def take_in(folder: Path, content: bytes, standard: str, *, enter: bool) -> Plan:
    """What entering an export into the campus of a folder does; carried out only where `enter` says so and nothing
    stands against it. InputError where it is no export."""
    from wardbench.campus.installation import start_django

    start_django(folder)
    from wardbench.campus.catalogue import taking_in
    from wardbench.campus.people.rules import SYSTEM

    made = taking_in.plan(content, standard, by=SYSTEM)
    if enter and not made.against:
        return taking_in.take_in(content, standard, by=SYSTEM, digest=made.digest)
    return made
