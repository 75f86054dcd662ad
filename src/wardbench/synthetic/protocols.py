"""Protocols of the planted comparisons, written for one store as definitions are.

`heart-failure` has a true effect and a confounder that turns it round; `diabetes` has no effect and looks as if.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import msgspec

from wardbench.core.errors import NotFoundError
from wardbench.synthetic import codes
from wardbench.synthetic.definitions import ConceptSets, condition, drug, expression
from wardbench.synthetic.stories import acute

ARMS = {
    "heart-failure": (
        "Carvedilol or bisoprolol in heart failure",
        ("New users of carvedilol", codes.CARVEDILOL),
        ("New users of bisoprolol", codes.BISOPROLOL),
    ),
    "diabetes": (
        "Empagliflozin or glipizide in type 2 diabetes",
        ("New users of empagliflozin", codes.EMPAGLIFLOZIN),
        ("New users of glipizide", codes.GLIPIZIDE),
    ),
}


def write(con: duckdb.DuckDBPyConnection, folder: Path) -> dict[str, Path]:
    """Write every protocol as `folder`/NAME.json with its cohorts inside, for the store behind `con`.

    NotFoundError where the store holds none of the codes of an arm, as a very small campus may. Negative controls that
    nobody had are left out.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = {}
    for name, (title, target, comparator) in ARMS.items():
        document = {
            "name": title,
            "target": _first_use(con, *target),
            "comparator": _first_use(con, *comparator),
            "outcome": "death",
            # What decides between the drugs is recorded on the day they are started, and some come with a first record.
            "washout_days": 0,
            "covariates": {"with_day_zero": True},
            "negative_controls": _controls(con),
            "subgroups": ["sex", "age"],
        }
        written[name] = folder / f"{name}.json"
        written[name].write_bytes(msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n")
    return written


def _first_use(con: duckdb.DuckDBPyConnection, name: str, place: int) -> dict[str, Any]:
    sets = ConceptSets(con)
    built = expression(drug(sets.number(name, place), First=True), rules=[])
    return {"name": name, "expression": {"ConceptSets": sets.document(), **built}}


def _controls(con: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    found = []
    for kind in acute.NEGATIVE_CONTROLS:
        sets = ConceptSets(con)
        try:
            built = expression(condition(sets.number(kind.name, kind.code)), rules=[], limit="All")
        except NotFoundError:
            continue
        found.append({"name": kind.name, "expression": {"ConceptSets": sets.document(), **built}})
    return found
