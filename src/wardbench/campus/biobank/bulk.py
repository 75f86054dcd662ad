"""Adding many rows of a model by one prepared statement: what `bulk_create` does for a few thousand objects, in a small
part of the time. For rows that nobody else has yet; there are no signals and no many-to-many here.
"""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Callable, Mapping, Sequence
from operator import attrgetter
from typing import Any, Generic, TypeVar

from django.db import connection, models
from django.db.models.base import ModelState

CACHE = 128 * 1024
"""Kilobytes of a large database that are kept at hand while much is added to it."""
M = TypeVar("M", bound=models.Model)
_AS_IT_IS = frozenset({int, str, bool, bytes, type(None)})


def make_ready() -> None:
    """Let this process's connection keep more of an SQLite database in memory, for as long as it lasts: new rows go to
    places all over its indexes."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute(f"PRAGMA cache_size = -{CACHE}")


def create(rows: Sequence[models.Model]) -> None:
    """Add `rows`, all of one model, within the transaction of whoever asks. IntegrityError as from `bulk_create`."""
    if not rows:
        return
    model = type(rows[0])
    fields = _fields(model)
    for field in fields:
        if getattr(field, "auto_now_add", False) or getattr(field, "auto_now", False):
            for row in rows:
                field.pre_save(row, True)
    insert(model, list(map(attrgetter(*[field.attname for field in fields]), rows)))
    for row in rows:
        row._state.adding, row._state.db = False, connection.alias


def insert(model: type[models.Model], rows: Sequence[Sequence[Any]]) -> None:
    """Add rows that are given as the values of each field but a number that the database gives. Errors as there."""
    if not rows:
        return
    fields = _fields(model)
    quoted = connection.ops.quote_name
    names = ", ".join(quoted(str(field.column)) for field in fields)
    marks = ", ".join(["%s"] * len(fields))
    columns = [_written(field, column) for field, column in zip(fields, zip(*rows, strict=True), strict=True)]
    with connection.cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO {quoted(model._meta.db_table)} ({names}) VALUES ({marks})", list(zip(*columns, strict=True))
        )


def _fields(model: type[models.Model]) -> list[models.Field[Any, Any]]:
    return [field for field in model._meta.concrete_fields if not isinstance(field, models.AutoField)]


def _written(field: models.Field[Any, Any], values: Sequence[Any]) -> Sequence[Any]:
    """The values of a field as the database takes them; one object is looked at once, however often it stands there."""
    if isinstance(field, models.JSONField):
        written = {id(value): field.get_db_prep_save(value, connection) for value in _once(values)}
        return [written[id(value)] for value in values]
    kinds = set(map(type, values))
    if kinds <= _AS_IT_IS:
        return values
    if kinds <= {uuid.UUID, type(None)}:
        if connection.features.has_native_uuid_field:
            return values
        return [None if value is None else value.hex for value in values]
    if kinds <= {datetime.datetime, type(None)}:
        moments = {value: field.get_db_prep_save(value, connection) for value in set(values)}
        return [moments[value] for value in values]
    return [field.get_db_prep_save(value, connection) for value in values]


def _once(values: Sequence[Any]) -> Sequence[Any]:
    return list({id(value): value for value in values}.values())


class Maker(Generic[M]):
    """Makes objects of a model from values that need no conversion, as reading them from the database does: without
    signals, in a part of the time."""

    def __init__(self, model: type[M]) -> None:
        self._model = model
        self._same: dict[str, Any] = {}
        self._own: dict[str, Callable[[], Any]] = {}
        for field in model._meta.concrete_fields:
            if field.has_default() and callable(field.default):
                self._own[field.attname] = field.default
            else:
                self._same[field.attname] = field.get_default()

    def make(self, values: Mapping[str, Any]) -> M:
        """An object with these values by field (`donor_id`, not `donor`), and defaults for the others."""
        made = self._model.__new__(self._model)
        made._state = ModelState()
        held = made.__dict__
        held |= self._same
        for name, default in self._own.items():
            held[name] = default()
        held |= values
        return made
