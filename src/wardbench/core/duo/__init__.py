"""What a purpose may do with data or material under a permission, in the terms of GA4GH's Data Use Ontology (DUO).

A purpose is what somebody wants to do, a permission what consent and law allow with a collection. `match` answers in
three values: allowed (with obligations), refused, or a person has to decide; every rule gives its reason. Refused
outranks a person's decision, and what is unknown never counts as satisfied.
"""

from wardbench.core.duo.matching import Line, Match, Outcome, match
from wardbench.core.duo.model import Concern, Permission, Purpose
from wardbench.core.duo.terms import LABELS, Modifier, Use

__all__ = ["LABELS", "Concern", "Line", "Match", "Modifier", "Outcome", "Permission", "Purpose", "Use", "match"]
