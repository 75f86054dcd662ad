"""Whether somebody may see a patient's record: what the application for access says, where there is one."""

from __future__ import annotations

import importlib
from collections.abc import Callable

from wardbench.campus.people.rules import Actor, Verdict
from wardbench.core.errors import NotFoundError

ACCESS = "wardbench.campus.access.queries"


def rule() -> Callable[[Actor, int], Verdict]:
    """Who may see which patient. NotFoundError where the campus has nothing that decides it: then nobody may."""
    try:
        found: Callable[[Actor, int], Verdict] = importlib.import_module(ACCESS).may_see_patient
    except (ModuleNotFoundError, AttributeError):
        raise NotFoundError("There is no such page.") from None
    return found
