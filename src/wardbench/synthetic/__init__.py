"""A campus that never was, from a seed, with known truths; stands on `core` alone.

`write_fhir` makes what a hospital would hand over, `write_store` what a load of it gives, `definitions` cohort
definitions in which its stories are found. What is true of a campus is written to `truths.json` beside either.

A person's life depends on the seed and the person's number alone, so the first persons of a larger campus are those of
a smaller one. `chance` draws, `people` and `diseases` say who lives how long with what, `stories` hold the planted
truths, `care` the rest, `records` what is written down, `campus` puts them in order.
"""

from wardbench.synthetic.fhir import write_fhir
from wardbench.synthetic.store import write_store

__all__ = ["write_fhir", "write_store"]
