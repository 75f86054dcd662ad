"""A store made of the dense test database, which is generated from cohort definitions so that each finds people."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from wardbench.core.omop.tables import TABLES
from wardbench.core.store import Snapshot, Store, quoted


def make_dense_snapshot(shared: Path, folder: Path, *, definitions: str, persons: int, seed: int) -> Snapshot:
    """The snapshot of a new store below `folder`, from `shared`'s generator and definitions."""
    database = folder / "dense.duckdb"
    generator = shared / "tools" / "dense_omop.py"
    cohorts = shared / "data" / "circe" / definitions
    command = [sys.executable, generator, database, "--cohorts", cohorts, "--persons", persons, "--seed", seed]
    subprocess.run([str(part) for part in command], check=True, stdout=subprocess.DEVNULL)
    return snapshot_of(database, folder / "store")


def snapshot_of(database: Path, store: Path) -> Snapshot:
    """Take over the tables that CDM 5.4 has (`location_history` is none of them), with the columns that it has."""
    with Store.open_or_create(store).draft() as draft:
        con = draft.connect()
        con.execute(f"ATTACH {quoted(database)} AS dense (READ_ONLY)")
        found = con.execute(
            "SELECT table_name, list(column_name) FROM information_schema.columns"
            " WHERE table_catalog = 'dense' AND table_schema = 'cdm' GROUP BY table_name ORDER BY table_name"
        ).fetchall()
        for name, columns in found:
            if name in TABLES:
                kept = ", ".join(column for column in TABLES[name].column_names if column in columns)
                draft.write(con, name, f"SELECT {kept} FROM dense.cdm.{name}")
        return draft.commit({"vocabulary": "dense"})
