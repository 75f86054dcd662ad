"""The second stage of a load: sound rows into the draft, one of each key and only of persons that exist."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from wardbench.core.omop.tables import TABLES
from wardbench.core.store import Draft
from wardbench.ward.ingest.ledger import LedgerEntry, LedgerError
from wardbench.ward.ingest.omop.staging import Staged

NO_PERSON = "no such person"
SAME_KEY = "key of another row"


def write_table(
    con: duckdb.DuckDBPyConnection, draft: Draft, table: str, staged: Sequence[Staged], *, further: str | None = None
) -> list[LedgerEntry]:
    """Write the sound rows of a table, one of each key and only of persons that exist; the ledger of its parts.

    `further` is SQL for rows that do not come from the source; those the source has too are not written twice.
    """
    rows = " UNION ALL BY NAME ".join(f"SELECT *, {n} AS part FROM ({s.good_rows})" for n, s in enumerate(staged))
    con.execute(f"CREATE OR REPLACE TEMP VIEW staged_rows AS {rows}")
    con.execute("CREATE OR REPLACE TEMP VIEW of_persons AS FROM staged_rows")
    excluded: dict[int, dict[str, int]] = {n: {} for n in range(len(staged))}
    if "person_id" in TABLES[table].column_names and table != "person":
        draft.view(con, "person")
        con.execute("CREATE OR REPLACE TEMP VIEW of_persons AS FROM staged_rows SEMI JOIN person USING (person_id)")
        _count(con, "FROM staged_rows ANTI JOIN person USING (person_id)", NO_PERSON, excluded)
    con.execute("CREATE OR REPLACE TEMP VIEW kept_rows AS FROM of_persons")
    given = [d[0] for d in con.execute("FROM of_persons LIMIT 0").description or ()]
    key = TABLES[table].primary_key if TABLES[table].primary_key in given else None
    twice = f"SELECT {key} FROM of_persons WHERE {key} IS NOT NULL GROUP BY ALL HAVING count(*) > 1"
    if key and con.execute(f"{twice} LIMIT 1").fetchone():
        con.execute(f"CREATE OR REPLACE TEMP TABLE repeated AS {twice}")
        # Rows of one key may differ in any column; which of them stays must not depend on the order of the files.
        names = [name for name in (*TABLES[table].order, *TABLES[table].column_names, "part") if name in given]
        order = ", ".join(f'"{name}" NULLS LAST' for name in dict.fromkeys(names))
        numbered = f"SELECT *, row_number() OVER (PARTITION BY {key} ORDER BY {order}) AS number FROM of_persons"
        again = f"FROM ({numbered} SEMI JOIN repeated USING ({key})) WHERE number > 1"
        con.execute(
            f"CREATE OR REPLACE TEMP VIEW kept_rows AS FROM of_persons ANTI JOIN repeated USING ({key}) UNION ALL"
            f" SELECT * EXCLUDE (number) FROM ({numbered} SEMI JOIN repeated USING ({key})) WHERE number = 1"
        )
        _count(con, again, SAME_KEY, excluded)
    added = 0
    if further:
        new = f"FROM ({further}) f ANTI JOIN of_persons USING ({key})" if key else _others(con, further)
        con.execute(f"CREATE OR REPLACE TEMP TABLE further_rows AS {new}")
        added = con.execute("SELECT count(*) FROM further_rows").fetchall()[0][0]
    rows = "SELECT * EXCLUDE (part) FROM kept_rows"
    info = draft.write(con, table, f"{rows} UNION ALL BY NAME FROM further_rows" if added else rows)
    entries = []
    for n, s in enumerate(staged):
        written = s.rows - s.bad - sum(excluded[n].values())
        entries.append(
            LedgerEntry(
                source=s.part.name,
                kind=table,
                records=s.rows,
                written=written,
                excluded=excluded[n],
                quarantined=s.bad,
            )
        )
    if sum(entry.written for entry in entries) + added != info.rows:
        raise LedgerError(f"{table}: the ledger has {sum(e.written for e in entries)} rows and the table {info.rows}.")
    for s in staged:
        s.path.unlink()
    return entries


def _others(con: duckdb.DuckDBPyConnection, further: str) -> str:
    given = [d[0] for d in con.execute("FROM kept_rows LIMIT 0").description or () if d[0] != "part"]
    same = " AND ".join(f'k."{name}" IS NOT DISTINCT FROM f."{name}"' for name in given)
    return f"FROM ({further}) f ANTI JOIN kept_rows k ON {same}"


def _count(con: duckdb.DuckDBPyConnection, rows: str, reason: str, excluded: dict[int, dict[str, int]]) -> None:
    for part, count in con.execute(f"SELECT part, count(*) FROM ({rows}) GROUP BY part").fetchall():
        excluded[part][reason] = count
