"""The only way an aggregate leaves: every figure that is shown went through the rules of a mode.

Two modes so far. `exact` changes nothing and is for whoever may read the rows anyway (care, stewardship). `release` is
for what leaves: small numbers are merged or hidden, the rest is rounded, and nothing that is shown allows what is
hidden to be computed. A mode is an object that keeps the `Rules` protocol, so that further ones (a sandbox on
synthetic data, feasibility counts with noise and a budget) are new modules and not new branches here.

A table with a cell for every combination, whose categories have to stay as they are, is not merged: `withhold` says
which of its cells are not shown.

A caller counts exactly, says how its counts hang together (a whole, a part of it, categories that make it up, a chain
of steps, an amount, quantiles), and shows the `Figure` it gets back. Counts that hang together have to be asked for
together: two calls about the same persons can be subtracted from one another.
"""

from __future__ import annotations

from wardbench.core.disclosure.exact import ExactRules
from wardbench.core.disclosure.figures import NEARLY_ALL, Figure, Group, Quantiles, Spread, percent
from wardbench.core.disclosure.release import ReleaseRules
from wardbench.core.disclosure.rules import Rules
from wardbench.core.disclosure.suppression import CountTable, Withheld, withhold
from wardbench.core.errors import InputError

MODES = ("release", "exact")


def rules_for(mode: str) -> Rules:
    """The rules of a mode by its name; InputError where there is no such mode."""
    if mode == "release":
        return ReleaseRules()
    if mode == "exact":
        return ExactRules()
    raise InputError(f"mode: {mode!r} is none of {', '.join(MODES)}.")


__all__ = [
    "MODES",
    "NEARLY_ALL",
    "CountTable",
    "ExactRules",
    "Figure",
    "Group",
    "Quantiles",
    "ReleaseRules",
    "Rules",
    "Spread",
    "Withheld",
    "percent",
    "rules_for",
    "withhold",
]
