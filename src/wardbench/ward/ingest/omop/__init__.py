"""OMOP CDM 5.3 and 5.4, as CSV, Parquet or a DuckDB file, into a store."""

from wardbench.ward.ingest.omop.load import load_omop

__all__ = ["load_omop"]
