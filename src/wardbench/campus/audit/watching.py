"""Looking at the record is itself recorded where it is about a patient, and where it is taken away."""

from __future__ import annotations

from typing import Any

from wardbench.campus.audit.services import Who, record, verb


@verb("audit.view")
def view_patient(patient: str, *, by: Who, what: str) -> None:
    """Keep that somebody looked at what happened around a patient; `what` is "search" or an event's number."""
    record("audit.view", "record", what, by=by, patient=patient)


@verb("audit.export")
def export(count: int, *, by: Who, patient: str = "", **asked: Any) -> None:
    """Keep that somebody took a search of the record away, how many events, and what was asked for."""
    record("audit.export", "record", "search", by=by, patient=patient, events=count, **asked)
