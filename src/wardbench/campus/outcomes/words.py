"""What the engine says of its work while it answers, for the catalogues."""

from __future__ import annotations

from wardbench.campus.people.roles import gettext_noop

LOOKING, GROUPS = gettext_noop("reading the records"), gettext_noop("working it out group by group")
STEPS = (
    gettext_noop("running the cohorts"),
    gettext_noop("reading what was recorded before"),
    gettext_noop("following negative controls"),
    gettext_noop("adjusting and judging"),
    gettext_noop("asking in other ways"),
)
"""The steps of `analysis.analyse`, as it tells them; the others are told by `answers`."""
