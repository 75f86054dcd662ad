"""Plans on an OMOP database in PostgreSQL that is somebody else's: nothing is written, not even a temporary table.

Everything happens in one read-only transaction of the isolation level REPEATABLE READ, so that the server itself
refuses a change, and all answers are of one moment. The members of concept sets travel with each statement.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

import pyarrow as pa

from wardbench.core.errors import InputError, NotFoundError, StorageError, WardbenchError
from wardbench.core.omop.concept_sets import MEMBERS, MEMBERS_QUERY, ConceptSet
from wardbench.core.store import quoted
from wardbench.ward.cohorts.dialect import POSTGRES
from wardbench.ward.cohorts.engines.engine import Evaluated, Evaluator, Inclusion
from wardbench.ward.cohorts.plan import CohortPlan
from wardbench.ward.cohorts.queries import Queries, with_first
from wardbench.ward.cohorts.records import extensions_in

ROWS = "SELECT CAST(person_id AS BIGINT) AS person_id, start_date, end_date FROM ({}) r ORDER BY 1, 2, 3"


class Postgres:
    """The engine over the database at `url` (postgresql://...), its CDM tables in `schema`.

    The vocabulary's tables are in `vocabulary_schema`, where that is given. InputError for a URL that is none or a
    driver that is not installed, NotFoundError for a server, database, schema or table that is not there.
    """

    def __init__(self, url: str, *, schema: str = "public", vocabulary_schema: str | None = None) -> None:
        self._url = url
        parts = urlsplit(url)
        if parts.scheme not in ("postgresql", "postgres"):
            raise InputError("--postgres: a URL that begins with postgresql:// is needed.")
        # Never the whole URL: it may hold a password.
        self._name = f"postgresql {parts.hostname or 'localhost'}:{parts.port or 5432}{parts.path}"
        self._schemas = [schema, *([vocabulary_schema] if vocabulary_schema else [])]

    @cached_property
    def version(self) -> str:
        """The database, its schema and when it was first asked: it may change, and nothing says when it does."""
        with self._transaction() as cursor:
            cursor.execute("SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')")
            moment = cursor.fetchone()[0]
        return f"{self._name} {self._schemas[0]} at {moment}"

    @cached_property
    def extensions(self) -> frozenset[str]:
        schemas = ", ".join(quoted(schema) for schema in self._schemas)
        with self._transaction() as cursor:
            cursor.execute(
                f"SELECT table_name, column_name FROM information_schema.columns WHERE table_schema IN ({schemas})"
            )
            return extensions_in([tuple(row) for row in cursor.fetchall()])

    @contextmanager
    def open(self, plans: Sequence[CohortPlan]) -> Iterator[Evaluator]:
        queries = Queries(plans, POSTGRES)
        with self._transaction() as cursor:
            yield _Transaction(cursor, queries, self._members(cursor, list(queries.sets)))

    def _members(self, cursor: Any, sets: list[ConceptSet]) -> str:
        """The members of all concept sets as the text of a query."""
        items = [
            f"({number}, {i.concept_id}, {i.excluded}, {i.descendants}, {i.mapped})"
            for number, concepts in enumerate(sets)
            for i in sorted(concepts.items)
        ]
        numbers, ids = "", ""
        if items:
            given = (
                f"concept_set_item (set_id, concept_id, excluded, descendants, mapped) AS (VALUES {', '.join(items)})"
            )
            cursor.execute(with_first(given, MEMBERS_QUERY))
            found = cursor.fetch_arrow_table()
            numbers, ids = (",".join(map(str, found[name].to_pylist())) for name in ("set_id", "concept_id"))
        return f"SELECT * FROM unnest('{{{numbers}}}'::int[], '{{{ids}}}'::int[]) AS m (set_id, concept_id)"

    @contextmanager
    def _transaction(self) -> Iterator[Any]:
        try:
            from adbc_driver_postgresql import dbapi
        except ImportError:
            raise InputError("PostgreSQL needs a driver: run ./wardbench setup postgres.") from None
        try:
            with dbapi.connect(self._url) as connection, connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
                cursor.execute(f"SET LOCAL search_path TO {', '.join(map(_quoted, self._schemas))}")
                # The server knows no size of a common table expression, and would read it again for every row.
                cursor.execute("SET LOCAL enable_nestloop TO off")
                cursor.execute("SET LOCAL jit TO off")
                yield cursor
                connection.rollback()
        except dbapi.Error as error:
            raise self._said(error) from None

    def _said(self, error: Exception) -> WardbenchError:
        """The server's refusal as a sentence, without anything of the statement or of a patient."""
        state = getattr(error, "sqlstate", None) or ""
        missing = re.search(r'(relation|column) "?([\w.]+)"? does not exist', str(error))
        schemas = " and ".join(self._schemas)
        if missing and missing[1] == "relation":
            return NotFoundError(
                f"{self._name}: there is no table {missing[2]} in the schema {schemas}, or this user may not read it."
            )
        if missing:
            return NotFoundError(f"{self._name}: the column {missing[2]} is missing; OMOP CDM 5.4 has it.")
        if state == "42501":
            return NotFoundError(f"{self._name}: no permission to read the schema {schemas}.")
        if state[:2] in ("53", "54"):
            return StorageError(f"{self._name}: the server has not the memory or the disk for this.")
        if state[:2] in ("", "08", "28", "3D", "57") and "connect" in str(error).lower():
            return NotFoundError(f"{self._name}: the server cannot be reached, or it refuses this user.")
        return StorageError(f"{self._name}: the server refused a statement ({state or 'no code'}).")


@dataclass(frozen=True)
class _Transaction:
    _cursor: Any
    _queries: Queries
    _members: str

    def evaluate(self, plan: CohortPlan) -> Evaluated:
        rows = self._ask(ROWS.format(self._queries.statement(plan.cohort))).cast(
            pa.schema([("person_id", pa.int64()), ("start_date", pa.date32()), ("end_date", pa.date32())])
        )
        found = self._ask(self._queries.inclusion(plan)).to_pylist()
        return Evaluated(rows, Inclusion.of(len(plan.rules), [tuple(row.values()) for row in found]))

    def _ask(self, statement: str) -> pa.Table:
        self._cursor.execute(with_first(f"{MEMBERS} AS MATERIALIZED ({self._members})", statement))
        return self._cursor.fetch_arrow_table()


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
