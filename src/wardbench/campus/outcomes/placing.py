"""Whether an answer is about a patient: in sentences, and beside those who were followed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from wardbench.bench.outcomes.applicability import (
    Applicability,
    Beside,
    Place,
    beside,
    place_of,
    preference_of,
    treated_already,
)
from wardbench.core.store import Snapshot
from wardbench.ward.patients import profile
from wardbench.ward.patients.reading import person_rows


@dataclass(frozen=True)
class Placed:
    sentences: tuple[str, ...]
    rows: tuple[Beside, ...]


def placed(report: Mapping[str, Any], snapshot: Snapshot, patient: int) -> Placed:
    """A patient beside an answer. NotFoundError where the store has no such person."""
    found = profile(snapshot, patient)
    rows = beside(report.get("figures", {}).get("description", {}).get("who", ()), found)
    sentences = []
    if report.get("model"):
        kept = msgspec.convert(report["model"], Applicability)
        asked = report["asked"]
        where = place_of(kept, preference_of(kept, person_rows(snapshot, patient)))
        sentences.append(_words(where, asked["target"], asked["comparator"]))
        taken = treated_already(kept, {one.concept_id for one in found.drugs})
        for had, name in zip(taken, (asked["target"], asked["comparator"]), strict=True):
            if had:
                sentences.append(
                    _("They have had a treatment of “{name}” already; the answer is about who begins it.").format(
                        name=name
                    )
                )
        if not report["figures"]["answerable"]:
            sentences.append(_("The comparison itself was not answerable, so that there is nothing of it to apply."))
    unlike = sum(row.unlike for row in rows)
    if unlike:
        told = ngettext(
            "In {n} of the things below they are unlike most of those who were followed.",
            "In {n} of the things below they are unlike most of those who were followed.",
            unlike,
        )
        sentences.append(told.format(n=unlike))
    elif rows:
        sentences.append(_("In what the report shows of those who were followed, they are like most of them."))
    return Placed(tuple(sentences), rows)


def _words(where: Place, target: str, comparator: str) -> str:
    if where is Place.AMONG:
        return _("Patients like this one were given either treatment: the comparison is about them too.")
    if where in (Place.MOSTLY_TARGET, Place.MOSTLY_COMPARATOR):
        name = target if where is Place.MOSTLY_TARGET else comparator
        return _("Patients like this one were mostly given “{name}”: the comparison rests on few like them.").format(
            name=name
        )
    name = comparator if where is Place.BEYOND_TARGET else target
    return _("Hardly anybody like this patient was given “{name}”: the comparison is not about them.").format(name=name)
