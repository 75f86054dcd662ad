"""What can be asked about the catalogue, exports and registers: who may do what, and why."""

from __future__ import annotations

from wardbench.campus.catalogue import rules
from wardbench.campus.people.explain import explain_rights

explain_rights(rules.EXPLAINED)
