"""The verb that enters specimens which are there already: an inventory of before, or an import."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Sequence

from wardbench.campus.audit.services import record, verb
from wardbench.campus.biobank import custody
from wardbench.campus.biobank.curating import keeps
from wardbench.campus.biobank.fitting import fitting
from wardbench.campus.biobank.models import Specimen
from wardbench.campus.biobank.rules import Act
from wardbench.campus.people.rules import Actor


@verb("biobank.register")
def register(
    specimens: Sequence[Specimen], *, by: Actor, source: str = "", at: datetime.datetime | None = None
) -> uuid.UUID:
    """Enter specimens, all or none, each into its box where it has one; the batch.

    `source` is where they come from, and `at` when they came where that is not now.

    InputError where an amount does not fit its material, a label is taken or a box does not take one; BusyError where a
    position is taken.
    """
    keeps(by)
    for one in specimens:
        fitting(one.material, one.unit)
    batch = custody.enter(specimens, Act.REGISTER, by=by, at=at, detail={"source": source} if source else None)
    record("biobank.register", "batch", batch, by=by, specimens=len(specimens), source=source)
    return batch
