"""The plain engine: plan -> rows in loops over lists of rows, the slow and obvious way.

It proves the SQL engine, so it never meets `sql` and runs plans as they were lowered: a mistake has to be made twice
to go unseen. What a node means is said in `plan`, and here once more in Python.
"""

from wardbench.ward.cohorts.reference.concepts import Row, Tables, members
from wardbench.ward.cohorts.reference.qualifying import Qualifying, qualifying
from wardbench.ward.cohorts.reference.relations import Event, cohort_rows, narrowing, rows_of

__all__ = ["Event", "Qualifying", "Row", "Tables", "cohort_rows", "members", "narrowing", "qualifying", "rows_of"]
