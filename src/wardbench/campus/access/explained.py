"""What can be asked about access to patients."""

from __future__ import annotations

from wardbench.campus.access import rules
from wardbench.campus.people.explain import explain_rights
from wardbench.campus.people.roles import gettext_noop

explain_rights(
    (
        (gettext_noop("Open a record in an emergency"), rules.may_open),
        (gettext_noop("Review emergency access"), rules.may_review),
    )
)
