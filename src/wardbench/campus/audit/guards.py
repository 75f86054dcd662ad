"""What the database itself refuses: to change or remove an event."""

from __future__ import annotations

from django.db.backends.base.base import BaseDatabaseWrapper

_SQLITE = """
CREATE TRIGGER IF NOT EXISTS audit_event_no_{verb} BEFORE {verb} ON audit_event
BEGIN SELECT RAISE(ABORT, 'audit events are only ever added'); END
"""
_POSTGRES = """
CREATE OR REPLACE FUNCTION audit_event_refuse() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'audit events are only ever added'; END $$;
CREATE OR REPLACE TRIGGER audit_event_guard BEFORE UPDATE OR DELETE ON audit_event
FOR EACH ROW EXECUTE FUNCTION audit_event_refuse();
"""


def install(connection: BaseDatabaseWrapper) -> None:
    """Make the database refuse changes of events."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(_POSTGRES)
        else:
            for verb in ("UPDATE", "DELETE"):
                cursor.execute(_SQLITE.format(verb=verb))


def remove(connection: BaseDatabaseWrapper) -> None:
    """Take the guards away: for restoring a backup, and between tests."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("DROP TRIGGER IF EXISTS audit_event_guard ON audit_event")
        else:
            for verb in ("UPDATE", "DELETE"):
                cursor.execute(f"DROP TRIGGER IF EXISTS audit_event_no_{verb}")


def installed(connection: BaseDatabaseWrapper) -> bool:
    """Whether the database refuses changes of events."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT count(*) FROM pg_trigger WHERE tgname = 'audit_event_guard' AND tgenabled <> 'D'")
            return bool(cursor.fetchone()[0] == 1)
        cursor.execute("SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'audit_event_no_%'")
        return bool(cursor.fetchone()[0] == 2)
