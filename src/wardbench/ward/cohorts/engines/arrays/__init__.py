"""The engine that a store is asked with: nodes are worked out on arrays of integers, the rows of a concept set are read
from columns that lie by concept (`columns`), and what only selects is a mask of bits (`evaluation`).
"""

from wardbench.ward.cohorts.engines.arrays import choosing, events, periods
from wardbench.ward.cohorts.engines.arrays.engine import Arrays

__all__ = ["Arrays", "choosing", "events", "periods"]
