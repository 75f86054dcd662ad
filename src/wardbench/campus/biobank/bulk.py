"""Adding many rows of a model by one prepared statement: what `bulk_create` does for a few thousand objects, in a third
of the time. For rows that nobody else has yet, with their defaults; there are no signals and no many-to-many here.
"""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Callable, Sequence
from typing import Any

from django.db import connection, models

_AS_IT_IS = frozenset({int, str, bool, bytes, type(None)})


def create(rows: Sequence[models.Model]) -> None:
    """Add `rows`, all of one model, within the transaction of whoever asks. IntegrityError as from `bulk_create`."""
    if not rows:
        return
    model = type(rows[0])
    fields = [field for field in model._meta.concrete_fields if not isinstance(field, models.AutoField)]
    quoted = connection.ops.quote_name
    names = ", ".join(quoted(str(field.column)) for field in fields)
    marks = ", ".join(["%s"] * len(fields))
    readers = [_reader(field) for field in fields]
    with connection.cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO {quoted(model._meta.db_table)} ({names}) VALUES ({marks})",
            [[read(row) for read in readers] for row in rows],
        )
    for row in rows:
        row._state.adding, row._state.db = False, connection.alias


def _reader(field: models.Field[Any, Any]) -> Callable[[models.Model], Any]:
    """What gives the database's value of a field of a row."""
    name, native = field.attname, connection.features.has_native_uuid_field
    if (
        isinstance(field, models.JSONField)
        or getattr(field, "auto_now_add", False)
        or getattr(field, "auto_now", False)
    ):
        return lambda row: field.get_db_prep_save(field.pre_save(row, True), connection)
    moments: dict[datetime.datetime, Any] = {}

    def read(row: models.Model) -> Any:
        value = getattr(row, name)
        kind = type(value)
        if kind in _AS_IT_IS:
            return value
        if kind is uuid.UUID:
            return value if native else value.hex
        if kind is datetime.datetime:
            if value not in moments:
                moments[value] = field.get_db_prep_save(value, connection)
            return moments[value]
        return field.get_db_prep_save(value, connection)

    return read
