"""A definition while it is edited: ATLAS JSON in, ATLAS JSON out, one small change at a time.

What fits a simple shape (`shapes`) can be read as a form and written back; everything else stays as it is, byte for
byte, and is edited as JSON. A rule that is switched off is kept beside the definition (`Working.off`), because ATLAS
has no such thing: what leaves is always a definition that ATLAS reads.
"""

from wardbench.ward.cohorts.editing.changes import (
    Working,
    add_entry,
    add_rule,
    change_concept_set,
    change_entry,
    change_rule,
    move_rule,
    new_concept_set,
    new_definition,
    remove_entry,
    remove_rule,
    set_exit,
    set_limit,
    set_observation,
    switch_rule,
    unused_concept_sets,
)
from wardbench.ward.cohorts.editing.shapes import (
    DOMAINS,
    Bound,
    ConceptItems,
    Count,
    Demographics,
    Entry,
    Exit,
    Limit,
    Number,
    Rule,
    read_entry,
    read_exit,
    read_rule,
)

__all__ = [
    "DOMAINS",
    "Bound",
    "ConceptItems",
    "Count",
    "Demographics",
    "Entry",
    "Exit",
    "Limit",
    "Number",
    "Rule",
    "Working",
    "add_entry",
    "add_rule",
    "change_concept_set",
    "change_entry",
    "change_rule",
    "move_rule",
    "new_concept_set",
    "new_definition",
    "read_entry",
    "read_exit",
    "read_rule",
    "remove_entry",
    "remove_rule",
    "set_exit",
    "set_limit",
    "set_observation",
    "switch_rule",
    "unused_concept_sets",
]
