"""Whether a study has somebody who answers for it: a principal investigator whose role lets them lead one.

This follows from the roles that people hold today, and is asked each time.
"""

from __future__ import annotations

import uuid

from django.db.models import Q, QuerySet

from wardbench.campus.people.queries import holders
from wardbench.campus.people.roles import Role
from wardbench.campus.studies.models import Study
from wardbench.campus.studies.rules import LEADERS, REGISTRARS


def is_orphaned(study: Study) -> bool:
    """Whether a study's investigator may lead it no more. A student's draft is not: it names one before it is
    submitted."""
    roles = LEADERS if study.submitted else REGISTRARS
    return not holders(*roles).filter(id=study.investigator_id).exists()


def orphans(among: QuerySet[Study]) -> QuerySet[Study]:
    """Those of some studies that are."""
    led = Q(investigator__in=holders(*LEADERS)) | Q(submitted=None, investigator__in=holders(Role.STUDENT))
    return among.exclude(led)


def ids_of_orphans(among: QuerySet[Study]) -> frozenset[uuid.UUID]:
    return frozenset(orphans(among).order_by().values_list("id", flat=True))
