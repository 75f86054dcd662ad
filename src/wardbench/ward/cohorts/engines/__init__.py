"""What runs plans: an engine is one module, and every engine gives the same rows and counts.

`duckdb_sql` runs the SQL of a plan in DuckDB over a snapshot.
"""

from wardbench.ward.cohorts.engines.engine import Counts, Engine, Evaluated, Evaluator, Inclusion, RuleCounts

__all__ = ["Counts", "Engine", "Evaluated", "Evaluator", "Inclusion", "RuleCounts"]
