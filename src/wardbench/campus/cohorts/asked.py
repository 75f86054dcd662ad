"""Where in a definition something stands that a feasibility count may not ask, as the builder calls its parts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from wardbench.ward.cohorts.editing import Outline
from wardbench.ward.cohorts.feasibility import Fault

PLACE = re.compile(r"(PrimaryCriteria\.CriteriaList|InclusionRules|CensoringCriteria)\[(\d+)\]")


@dataclass(frozen=True)
class Told:
    """What is wrong in words: `part` is the builder's own name of the part where it can be mended, if it has one."""

    where: str
    why: str
    part: str = ""


def told(faults: Sequence[Fault], outline: Outline) -> list[Told]:
    """The faults in the reader's language; a part that is at fault twice in the same way is named once."""
    found = []
    for one in faults:
        where, part = _place(one.path, outline)
        found.append(Told(where, _(one.pattern).format(**one.values), part))
    return list(dict.fromkeys(found))


def _place(path: str, outline: Outline) -> tuple[str, str]:
    """What the part is called on which a path lies, and its name in the builder."""
    match = PLACE.match(path)
    if match is None:
        if path.startswith(("PrimaryCriteria.ObservationWindow", "CensorWindow", "EndStrategy")):
            return _("When they are in the cohort"), "course"
        if path.startswith("AdditionalCriteria"):
            return _("What has to be there around the entry"), "additional"
        return (_("Concept sets"), "") if path.startswith("ConceptSets") else ("", "")
    kind, number = match[1], int(match[2])
    if kind == "InclusionRules":
        # Rules that are off are not asked about, and are not counted in the path.
        line = next((one for one in outline.rules if one.counted == number), None)
        name = f", {line.name}" if line and line.name else ""
        shown = line.number if line else number
        return _("Rule {number}").format(number=shown + 1) + name, f"rule-{shown}"
    if kind == "CensoringCriteria":
        return _("Event {number} that ends it early").format(number=number + 1), f"censor-{number}"
    return _("Entry event {number}").format(number=number + 1), f"entry-{number}"
