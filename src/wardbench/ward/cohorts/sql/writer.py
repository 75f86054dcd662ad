"""What the SELECTs of all nodes share: the relations below, the common columns, the key and the order of ties."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import singledispatch

from sqlglot import exp

from wardbench.core.omop.concept_sets import ConceptSet
from wardbench.ward.cohorts.dialect import (
    Dialect,
    ascending,
    column,
    named,
    number,
    select,
    table,
)
from wardbench.ward.cohorts.plan import (
    COLUMNS,
    Collapse,
    EndOfEra,
    Events,
    InObservation,
    Near,
    Number,
    Pick,
    Relation,
    Union,
)

KEY = ("person_id", "event_id")
TIES = ("start_date", "end_date", "visit_occurrence_id", "concept_id", "op_start", "op_end")


@dataclass(frozen=True)
class Writer:
    """Writes the SELECT of a node.

    `name_of` names the relation that holds the rows of a node below it, `set_number` gives the number under which a
    concept set was resolved.
    """

    name_of: Callable[[Relation], str]
    set_number: Callable[[ConceptSet], int]
    dialect: Dialect

    def write(self, node: Relation) -> str:
        """The text of a query for the rows of `node`, with the columns of `plan.COLUMNS` in their order."""
        return self.dialect.render(select_of(node, self))

    def rows(self, columns: list[exp.Expression], relation: Relation, alias: str) -> exp.Select:
        return select(*columns).from_(table(self.name_of(relation), alias), copy=False)


@singledispatch
def select_of(node: Relation, writer: Writer) -> exp.Query:
    """The rows of `node`; one function for each kind of node, in the modules beside this one."""
    raise AssertionError(f"no SQL for {type(node).__name__}")


def has_unique_keys(relation: Relation) -> bool:
    """Whether no two rows can share a key, whatever the data."""
    match relation:
        case Number() | Pick() | Collapse():
            return True
        case Near():
            return has_unique_keys(relation.index)
        case Events() | Union() | InObservation() | EndOfEra():
            return False
    return has_unique_keys(relation.children[0])


def columns(alias: str, **other: exp.Expression) -> list[exp.Expression]:
    return [named(other[name], name) if name in other else column(name, alias) for name in COLUMNS]


def ties(alias: str) -> list[exp.Expression]:
    return [ascending(column(name, alias)) for name in TIES]


def same(names: tuple[str, ...], left: str, right: str) -> list[exp.Expression]:
    return [exp.EQ(this=column(name, left), expression=column(name, right)) for name in names]


def has_key(alias: str, keys: exp.Expression) -> exp.Expression:
    found = select(number(1)).from_(keys, copy=False).where(*same(KEY, "k", alias), copy=False)
    return exp.Exists(this=found)
