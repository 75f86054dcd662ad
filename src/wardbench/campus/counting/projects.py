"""To which projects a cohort belongs, each with a budget of feasibility counts that all its people share.

The cohort itself is one, shared with whoever may see it; so are the questions behind which it stands and the studies
it is attached to. Each is charged: attaching a cohort gives nothing back. Applications say what they know; this module
knows none of them.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable

Belong = Callable[[uuid.UUID], Iterable[str]]
_belong: list[Belong] = []


def belongs_to(function: Belong) -> Belong:
    """Let a function say to which projects a cohort belongs, as names of purses (`Kind.purse`)."""
    _belong.append(function)
    return function


def projects_of(*cohorts: uuid.UUID) -> tuple[str, ...]:
    """The names of the purses of all projects that these cohorts belong to, each once, sorted."""
    return tuple(sorted({purse for cohort in cohorts for function in _belong for purse in function(cohort)}))
