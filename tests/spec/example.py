"""What a case is made of: a page with a title, a hospital, and examples on it.

A case is a module of `spec.cases`. The first line of its docstring is the title, the rest says the rule; `HOSPITAL` is
text for `spec.tables.hospital`; `EXAMPLES` are a few plans or definitions with the rows they give.
"""

from __future__ import annotations

import importlib
import json
import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spec import cases
from wardbench.ward.cohorts import lower, read_definition
from wardbench.ward.cohorts.plan import CohortPlan, Relation


@dataclass(frozen=True)
class Example:
    """`asked` gives `rows`; for a whole cohort `narrowing` may say the events and persons left after each step.

    `asked` is a relation, or a Circe expression as JSON has it. `rows` is text for `spec.tables.expected`.
    """

    says: str
    asked: Relation | Mapping[str, Any]
    rows: str
    narrowing: tuple[tuple[int, int], ...] | None = None

    def plan(self, folder: Path) -> CohortPlan:
        """The plan of what is asked: of a relation the plan that has it as its cohort."""
        if isinstance(self.asked, Relation):
            return CohortPlan(self.asked, (), self.asked)
        path = folder / "1.json"
        path.write_text(json.dumps(self.asked))
        return lower(read_definition(path))


@dataclass(frozen=True)
class Case:
    name: str
    title: str
    text: str
    hospital: str
    examples: tuple[Example, ...]


def all_cases() -> list[Case]:
    """Every module of `spec.cases`, by name."""
    found = []
    for info in sorted(pkgutil.iter_modules(cases.__path__), key=lambda info: info.name):
        module = importlib.import_module(f"{cases.__name__}.{info.name}")
        title, _, text = (module.__doc__ or "").strip().partition("\n")
        found.append(Case(info.name, title, text.strip(), module.HOSPITAL, tuple(module.EXAMPLES)))
    return found
