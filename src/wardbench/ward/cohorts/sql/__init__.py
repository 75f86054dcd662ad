"""From a plan to SQL: one SELECT for each node, over named relations for the nodes below it.

The SQL is built, never written as text or translated from another engine's. It keeps to the subset that DuckDB,
PostgreSQL and Spark agree on; `dialect` holds the rest.
"""

from wardbench.ward.cohorts.sql import choosing, events, periods
from wardbench.ward.cohorts.sql.writer import Writer, has_unique_keys, select_of

__all__ = ["Writer", "choosing", "events", "has_unique_keys", "periods", "select_of"]
