"""What the database itself refuses: to change or remove an event, of the record or of the custody of a specimen."""

from __future__ import annotations

from django.db.backends.base.base import BaseDatabaseWrapper

RECORD = "audit_event"
CUSTODY = "biobank_custodyevent"
TABLES = {RECORD: "audit events are only ever added", CUSTODY: "custody events are only ever added"}
"""The tables that are guarded, with what the database says."""

_SQLITE = """
CREATE TRIGGER IF NOT EXISTS {table}_no_{verb} BEFORE {verb} ON {table}
BEGIN SELECT RAISE(ABORT, '{said}'); END
"""
_POSTGRES = """
CREATE OR REPLACE FUNCTION {table}_refuse() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION '{said}'; END $$;
CREATE OR REPLACE TRIGGER {table}_guard BEFORE UPDATE OR DELETE ON {table}
FOR EACH ROW EXECUTE FUNCTION {table}_refuse();
"""


def install(connection: BaseDatabaseWrapper, table: str = RECORD) -> None:
    """Make the database refuse changes of the events of one of `TABLES`."""
    said = TABLES[table]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(_POSTGRES.format(table=table, said=said))
        else:
            for verb in ("UPDATE", "DELETE"):
                cursor.execute(_SQLITE.format(verb=verb, table=table, said=said))


def remove(connection: BaseDatabaseWrapper, table: str = RECORD) -> None:
    """Take the guards away: for restoring a backup, and between tests."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"DROP TRIGGER IF EXISTS {table}_guard ON {table}")
        else:
            for verb in ("UPDATE", "DELETE"):
                cursor.execute(f"DROP TRIGGER IF EXISTS {table}_no_{verb}")


def installed(connection: BaseDatabaseWrapper, table: str = RECORD) -> bool:
    """Whether the database refuses changes of these events."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            sql = "SELECT count(*) FROM pg_trigger WHERE tgname = %s AND tgenabled <> 'D'"
            cursor.execute(sql, [f"{table}_guard"])
            return bool(cursor.fetchone()[0] == 1)
        sql = "SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND name LIKE %s"
        cursor.execute(sql, [f"{table}_no_%"])
        return bool(cursor.fetchone()[0] == 2)
