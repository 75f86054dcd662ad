"""What can be asked about the biobank: who may do what, and why."""

from __future__ import annotations

from wardbench.campus.biobank import rules
from wardbench.campus.people.explain import explain_rights

explain_rights(rules.EXPLAINED)
