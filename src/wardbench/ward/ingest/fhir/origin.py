"""Which resource a row of the store came from."""

from __future__ import annotations

from wardbench.core.store import Snapshot, quoted
from wardbench.ward.ingest.fhir.resources import readings


def resources_of_rows(snapshot: Snapshot) -> str:
    """SQL for `row_id`, `resource_type` and `resource_id` of every row that a FHIR load wrote.

    The first row of a record has the record's own key; `extra/link` names the record of every further one (a
    component of an observation, a second concept of a code). Keys are unique over all tables.
    """
    first = "SELECT key AS row_id, '{0}' AS resource_type, id AS resource_id FROM read_parquet({1})"
    kinds = [kind for kind in readings() if kind in snapshot.layer("source")]
    records = " UNION ALL ".join(first.format(kind, quoted(snapshot.path(kind, "source"))) for kind in kinds)
    if "link" not in snapshot.layer("extra"):
        return f"({records})"
    further = f"read_parquet({quoted(snapshot.path('link', 'extra'))})"
    return (
        f"(WITH record AS ({records}) FROM record UNION ALL"
        f" SELECT l.row_id, resource_type, resource_id FROM {further} l JOIN record ON record.row_id = l.record_key)"
    )
