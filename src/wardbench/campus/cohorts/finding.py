"""Concepts that can be asked for, looked up in the synthetic twin: in this process, for its newest snapshot."""

from __future__ import annotations

import threading

from wardbench.campus.counting import sessions
from wardbench.ward.cohorts.editing import Concepts, RecordedCodes

_lock = threading.Lock()
_kept: dict[str, tuple[Concepts, RecordedCodes]] = {}


def concepts() -> Concepts:
    """The concepts of the twin's newest snapshot. NotFoundError where the campus has no twin."""
    return _of_newest()[0]


def recorded_codes() -> RecordedCodes:
    """The coded values of the twin's newest snapshot. NotFoundError where the campus has no twin."""
    return _of_newest()[1]


def _of_newest() -> tuple[Concepts, RecordedCodes]:
    snapshot = sessions.snapshot("twin")
    with _lock:
        if snapshot.version not in _kept:
            _kept.clear()
            _kept[snapshot.version] = Concepts(snapshot), RecordedCodes(snapshot)
        return _kept[snapshot.version]
