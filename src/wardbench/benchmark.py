"""The hospital as a yardstick, for programs: reference intervals, Table 1, standardised rates, funnels, assays.

snapshot = Store.open("hospital").snapshot()
results = results_of(snapshot, find_analyte(snapshot, "LOINC:718-7", None))
found = intervals(results, by=("sex",))
[(group.name, group.indirect.model.limits(), group.indirect.light) for group in found.groups if group.indirect]

What these return is exact; what is shown goes through `wardbench.core.disclosure`, as the commands' pages do.
"""

from wardbench.ward.benchmark.aggregates import read_aggregates
from wardbench.ward.benchmark.described import describe
from wardbench.ward.benchmark.direct import direct_limits
from wardbench.ward.benchmark.exported import exported_results
from wardbench.ward.benchmark.followed import followed
from wardbench.ward.benchmark.funnel import funnel
from wardbench.ward.benchmark.intervals import intervals
from wardbench.ward.benchmark.methods import bland_altman, passing_bablok
from wardbench.ward.benchmark.panel import candidates, choose
from wardbench.ward.benchmark.recorded import find_analyte, results_of
from wardbench.ward.benchmark.standardise import direct_rate, ratio

__all__ = [
    "bland_altman",
    "candidates",
    "choose",
    "describe",
    "direct_limits",
    "direct_rate",
    "exported_results",
    "find_analyte",
    "followed",
    "funnel",
    "intervals",
    "passing_bablok",
    "ratio",
    "read_aggregates",
    "results_of",
]
