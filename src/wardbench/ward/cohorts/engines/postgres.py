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

import pyarrow as pa

from wardbench.core.errors import InputError, NotFoundError, StorageError, WardbenchError
from wardbench.core.omop.concept_sets import MEMBERS, MEMBERS_QUERY, ConceptSet
from wardbench.core.store import quoted
from wardbench.ward.cohorts.dialect import POSTGRES
from wardbench.ward.cohorts.engines.engine import Evaluated, Evaluator, Inclusion
from wardbench.ward.cohorts.plan import CohortPlan, concept_sets
from wardbench.ward.cohorts.queries import Queries, with_first
from wardbench.ward.cohorts.records import extensions_in

_HOST = r"(?:\[[0-9a-fA-F:.]+\]|[^:/?#@,\[\]]*)(?::\d+)?"
URL = re.compile(rf"postgres(?:ql)?://(?:[^@]*@)?(?P<place>{_HOST}(?:,{_HOST})*)(?:/(?P<database>[^/?#@]*))?(?:\?.*)?")
"""What a URL has to look like, so that nothing of a password is taken for the name of a host or a database."""

ROWS = "SELECT CAST(person_id AS BIGINT) AS person_id, start_date, end_date FROM ({}) r ORDER BY 1, 2, 3"


class Postgres:
    """The engine over the database at `url` (postgresql://...), its CDM tables in `schema`.

    The vocabulary's tables are in `vocabulary_schema`, where that is given. InputError for a URL that is none or a
    driver that is not installed, NotFoundError for a server, database, schema or table that is not there.
    """

    def __init__(self, url: str, *, schema: str = "public", vocabulary_schema: str | None = None) -> None:
        self._url = url
        parts = URL.fullmatch(url)
        if parts is None:
            raise InputError(
                "--postgres: a URL such as postgresql://user@host:5432/database is needed; what is not a letter or a"
                " digit in a password has to be percent-encoded."
            )
        # Never the whole URL: it may hold a password.
        self._name = f"postgresql {parts['place'] or 'localhost'}/{parts['database'] or ''}"
        self._schema, self._vocabulary_schema = schema, vocabulary_schema or schema

    @cached_property
    def version(self) -> str:
        """The database, its schema and when it was first asked: it may change, and nothing says when it does."""
        with self._transaction() as cursor:
            cursor.execute("SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')")
            moment = cursor.fetchone()[0]
        return f"{self._name} {self._schema} at {moment}"

    @cached_property
    def extensions(self) -> frozenset[str]:
        with self._transaction() as cursor:
            cursor.execute(
                "SELECT table_name, column_name FROM information_schema.columns"
                f" WHERE table_schema = {quoted(self._schema)}"
            )
            return extensions_in([tuple(row) for row in cursor.fetchall()])

    @contextmanager
    def open(self, plans: Sequence[CohortPlan]) -> Iterator[Evaluator]:
        queries = Queries(plans, POSTGRES)
        with self._transaction() as cursor:
            self._look_in(cursor, self._vocabulary_schema)
            members = self._members(cursor, list(queries.sets))
            self._look_in(cursor, self._schema)
            yield _Transaction(cursor, queries, members)

    def _members(self, cursor: Any, sets: list[ConceptSet]) -> list[list[int]]:
        """The members of each concept set."""
        items = [
            f"({number}, {i.concept_id}, {i.excluded}, {i.descendants}, {i.mapped})"
            for number, concepts in enumerate(sets)
            for i in sorted(concepts.items)
        ]
        members: list[list[int]] = [[] for _ in sets]
        if items:
            given = (
                f"concept_set_item (set_id, concept_id, excluded, descendants, mapped) AS (VALUES {', '.join(items)})"
            )
            cursor.execute(with_first(given, MEMBERS_QUERY))
            found = cursor.fetch_arrow_table()
            for number, member in zip(found["set_id"].to_pylist(), found["concept_id"].to_pylist(), strict=True):
                members[number].append(member)
        return members

    def _look_in(self, cursor: Any, schema: str) -> None:
        name = schema.replace('"', '""')
        cursor.execute(f'SET LOCAL search_path TO "{name}"')

    @contextmanager
    def _transaction(self) -> Iterator[Any]:
        try:
            from adbc_driver_postgresql import dbapi
        except ImportError:
            raise InputError("PostgreSQL needs a driver: run ./wardbench setup postgres.") from None
        try:
            with dbapi.connect(self._url) as connection, connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
                self._look_in(cursor, self._schema)
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
        schemas = " and ".join(dict.fromkeys((self._schema, self._vocabulary_schema)))
        forbidden = re.search(r'permission denied for (\w+) "?(\w+)', str(error))
        if missing and missing[1] == "relation":
            return NotFoundError(
                f"{self._name}: there is no table {missing[2]} in the schema {schemas}, or this user may not read it."
            )
        if missing:
            return NotFoundError(f"{self._name}: the column {missing[2]} is missing; OMOP CDM 5.4 has it.")
        if forbidden:
            return NotFoundError(f"{self._name}: this user may not read the {forbidden[1]} {forbidden[2]}.")
        if state[:2] in ("53", "54"):
            return StorageError(f"{self._name}: the server has not the memory or the disk for this.")
        if state[:2] in ("", "08", "28", "3D", "57") and "connect" in str(error).lower():
            return NotFoundError(f"{self._name}: the server cannot be reached, or it refuses this user.")
        return StorageError(f"{self._name}: the server refused a statement ({state or 'no code'}).")


@dataclass(frozen=True)
class _Transaction:
    _cursor: Any
    _queries: Queries
    _members: list[list[int]]

    def evaluate(self, plan: CohortPlan) -> Evaluated:
        wanted = [self._queries.sets[concepts] for concepts in concept_sets(plan)]
        numbers = ",".join(str(number) for number in wanted for _ in self._members[number])
        ids = ",".join(str(member) for number in wanted for member in self._members[number])
        members = f"SELECT * FROM unnest('{{{numbers}}}'::int[], '{{{ids}}}'::int[]) AS m (set_id, concept_id)"
        first = f"{MEMBERS} AS MATERIALIZED ({members})"
        rows = self._ask(first, ROWS.format(self._queries.statement(plan.cohort))).cast(
            pa.schema([("person_id", pa.int64()), ("start_date", pa.date32()), ("end_date", pa.date32())])
        )
        found = self._ask(first, self._queries.inclusion(plan)).to_pylist()
        return Evaluated(rows, Inclusion.of(len(plan.rules), [tuple(row.values()) for row in found]))

    def _ask(self, first: str, statement: str) -> pa.Table:
        self._cursor.execute(with_first(first, statement))
        return self._cursor.fetch_arrow_table()
