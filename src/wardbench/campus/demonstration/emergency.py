"""An emergency access of the demonstration: it waits for the head of the unit, and for data protection."""

from __future__ import annotations

from collections.abc import Mapping

from wardbench.campus.access import queries, services
from wardbench.campus.people.models import Person
from wardbench.campus.people.queries import actor_of

WORDS = "Seen at the emergency department, confused; I had to know of the medicines before the scan."


def make_emergency(people: Mapping[str, Person]) -> None:
    """The oncologist opened the record of a patient of the physician's team, and closed it again. Nothing where that
    team treats nobody, as in a very small campus."""
    by = actor_of(people["oncologist"])
    for patient in queries.patients_of(actor_of(people["physician"]))[:1]:
        made = services.open_in_emergency(patient, by=by, reason="emergency", words=WORDS)
        services.end(queries.access(by, made.id), by=by)
