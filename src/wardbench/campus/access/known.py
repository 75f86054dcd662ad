"""Whether there is a patient of some number at all. Only those who may open a record in an emergency learn it."""

from __future__ import annotations

from wardbench.campus.access.models import CareRelation
from wardbench.campus.counting import sessions
from wardbench.core.errors import NotFoundError
from wardbench.ward.patients import has_person


def is_known(patient: int) -> bool:
    """Whether the hospital's records have this number, or a team has said that it treats it, which the newest snapshot
    may not know yet. A campus without records keeps nobody out: it cannot say who is none of its patients."""
    if CareRelation.objects.filter(patient=patient).exists():
        return True
    try:
        snapshot = sessions.snapshot("store")
    except NotFoundError:
        return True
    return has_person(snapshot, patient)
