"""Where records live: a folder of immutable Parquet snapshots and a manifest that names the current one.

    store/
      manifest.json            which snapshot is current
      snapshots/VERSION/
        snapshot.json          its tables, rows, checksums, and what it was made from
        cdm/TABLE.parquet      OMOP CDM 5.4
        source/NAME.parquet    flattened source records, kept so that codes can be mapped again without loading again
        extra/NAME.parquet     what the CDM has no place for: links to source records, source codes, the ledger

A load writes a draft beside the snapshots, and `Draft.commit` publishes it by two atomic renames. A process killed at
any moment leaves the old snapshot or the new one current, never less. The version is a digest of the tables' own
bytes: equal content has an equal version, and every answer names the version it came from.
"""

from wardbench.core.store.connection import connect, quoted
from wardbench.core.store.draft import Draft
from wardbench.core.store.files import Layer, TableInfo
from wardbench.core.store.snapshot import Snapshot
from wardbench.core.store.store import Store

__all__ = ["Draft", "Layer", "Snapshot", "Store", "TableInfo", "connect", "quoted"]
