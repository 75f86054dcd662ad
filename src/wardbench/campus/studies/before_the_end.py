"""What other applications have to say before a study ends: functions that they add, each naming what is open."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from wardbench.campus.studies.models import Study
from wardbench.core.errors import BusyError

Open = Callable[[Study], Sequence[str]]
_asked: list[Open] = []


def before_the_end(function: Open) -> Open:
    """Let a function say in sentences what has to be done before a study can end; nothing where all is done."""
    _asked.append(function)
    return function


def require_done(study: Study) -> None:
    """BusyError, in the words of whoever knows, where something has to be done before the study ends."""
    for function in _asked:
        for sentence in function(study):
            raise BusyError(sentence)
