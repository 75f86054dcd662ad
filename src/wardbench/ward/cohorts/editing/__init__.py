"""A definition while it is edited: ATLAS JSON in, ATLAS JSON out, one small change at a time.

What fits a shape (`shapes`) can be read as a form and written back; everything else stays as it is, byte for
byte, and is edited as JSON. A rule that is switched off is kept beside the definition (`Working.off`), because ATLAS
has no such thing: what leaves is always a definition that ATLAS reads.
"""

from wardbench.ward.cohorts.editing.changes import (
    Working,
    add_entry,
    add_rule,
    change_additional,
    change_concept_set,
    change_entry,
    change_rule,
    move_rule,
    new_concept_set,
    new_definition,
    remove_entry,
    remove_rule,
    set_calendar,
    set_exit,
    set_limit,
    set_observation,
    switch_rule,
    unused_concept_sets,
)
from wardbench.ward.cohorts.editing.content import content_hash
from wardbench.ward.cohorts.editing.finding import Concepts, Found
from wardbench.ward.cohorts.editing.outline import EntryLine, Outline, RuleLine, SetLine, outline
from wardbench.ward.cohorts.editing.recorded import Recorded, RecordedCodes
from wardbench.ward.cohorts.editing.shapes import *  # noqa: F403
from wardbench.ward.cohorts.editing.shapes import __all__ as _shapes

__all__ = [
    "Concepts",
    "EntryLine",
    "Found",
    "Outline",
    "Recorded",
    "RecordedCodes",
    "RuleLine",
    "SetLine",
    "Working",
    "add_entry",
    "add_rule",
    "change_additional",
    "change_concept_set",
    "change_entry",
    "change_rule",
    "content_hash",
    "move_rule",
    "new_concept_set",
    "new_definition",
    "outline",
    "remove_entry",
    "remove_rule",
    "set_calendar",
    "set_exit",
    "set_limit",
    "set_observation",
    "switch_rule",
    "unused_concept_sets",
    *_shapes,
]
