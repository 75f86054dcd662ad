"""How a resource type is read: a declaration from which the SQL of the first stage is made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from wardbench.ward.ingest.fhir.shapes import Shape, columns, struct
from wardbench.ward.ingest.fhir.sql import one_of


@dataclass(frozen=True)
class Parts:
    """Further records inside one resource (components, reactions), each of which becomes rows of its own.

    `items` is SQL over the resource for the list, NULL where there is none; `columns` are SQL over `item` and replace
    the resource's own columns of those names; `where` says which items count.
    """

    shape: type[Shape]
    items: str
    columns: Mapping[str, str]
    where: str


@dataclass(frozen=True)
class Borrowed:
    """Columns that are taken from the record another resource describes, where this one only refers to it.

    `reference` is the column with its id; `columns` maps columns here to columns there.
    """

    reference: str
    kind: str
    columns: Mapping[str, str]


@dataclass(frozen=True)
class Reading:
    """How resources of one type become source records.

    `columns` are SQL over the shape's elements and over `given`: named intermediate results, each of which may use
    those before it. `references` are columns that hold the id of a resource of the named type; `patient` among them
    makes it a record of a person. `excluded` lists SQL conditions and SQL texts of the reason; the first that holds
    excludes the resource. `own_row` says whether a resource with parts is a record itself, beside them.
    """

    kind: str
    shape: type[Shape]
    columns: Mapping[str, str]
    given: Mapping[str, str] = field(default_factory=dict)
    references: Mapping[str, str] = field(default_factory=dict)
    excluded: Sequence[tuple[str, str]] = ()
    parts: Parts | None = None
    own_row: str = "true"
    borrowed: Borrowed | None = None
    dated: bool = True
    start_from_encounter: bool = False

    @property
    def is_event(self) -> bool:
        """Whether it is something that happened to a person."""
        return "patient" in self.references

    def flatten(self, source: str) -> str:
        """SQL that gives one flat row for every resource of `source`, with `file` and the reason it is excluded."""
        for name, sql in self.given.items():
            source = f"SELECT *, {sql} AS {name} FROM ({source})"
        reasons = [("has_modifier(modifierExtension)", "'modifierExtension'"), *self.excluded]
        whens = " ".join(f"WHEN {condition} THEN {reason}" for condition, reason in reasons)
        chosen = {
            **{column: f"{sql}" for column, sql in self.columns.items()},
            "items": f"to_json({self.parts.items})::VARCHAR" if self.parts else None,
            "own_row": self.own_row if self.parts else None,
        }
        flat = ", ".join(f"{sql} AS {name}" for name, sql in chosen.items() if sql is not None)
        return (
            f"SELECT resourceType AS kind, file, record_key('{self.kind}', id) AS key, id,"
            f" meta.lastUpdated AS updated, try_cast(meta.versionId AS BIGINT) AS version,"
            f" CASE {whens} END AS reason, {flat} FROM ({source})"
        )

    @property
    def file_columns(self) -> str:
        """The `columns` argument of `read_ndjson` for a file that holds this type only."""
        return _columns(columns(self.shape))

    @property
    def envelope_columns(self) -> str:
        """The same for the files of the line-by-line reader, which wraps each resource with where it came from."""
        return _columns({"file": "VARCHAR", "record": struct(self.shape)})


def _columns(types: Mapping[str, str]) -> str:
    return "{" + ", ".join(f"'{name}': '{sql}'" for name, sql in types.items()) + "}"


def coded(concept: str, name: str = "chosen_code") -> tuple[dict[str, str], dict[str, str]]:
    """The `given` and the columns `system`, `code`, `display`, `several` for a CodeableConcept.

    A concept with a text alone is kept as a code of no system, so that it is counted and can be mapped.
    """
    given = {name: f"chosen({concept}.coding)"}
    found = {
        "system": f"CASE WHEN {name}.code IS NOT NULL THEN coalesce({name}.system, '') "
        f"WHEN {concept}.text IS NOT NULL THEN '' END",
        "code": f"coalesce({name}.code, {concept}.text)",
        "display": f"coalesce({name}.display, {concept}.text)",
        "several": f"several({concept}.coding)",
    }
    return given, found


def starting(text: str) -> dict[str, str]:
    """The columns for when it began: `start_date`, `start_time`, and whether the day was not known."""
    return {"start_date": f"day({text})", "start_time": f"instant({text})", "imputed": f"is_partial({text})"}


def ending(text: str) -> dict[str, str]:
    """The columns for when it ended."""
    return {"end_date": f"day({text})", "end_time": f"instant({text})"}


def only(element: str, *admitted: str) -> tuple[str, str]:
    """Exclude what is not in one of the admitted states."""
    return (
        f"{element} IS NULL OR {element} NOT IN {one_of(admitted)}",
        f"'{element} ' || coalesce({element}, 'missing')",
    )
