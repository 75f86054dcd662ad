"""Wardbench: the exchange between the ward and the bench of a university hospital campus.

The public Python API. A store is opened or loaded, a definition is read and run, a cohort is described and reported:

    store = Store.open("hospital")
    cohort = run_cohort(read_definition("diabetes.json"), store.snapshot())
    cohort.persons, cohort.attrition, cohort.rows
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from wardbench.core.version import __version__ as __version__

# Names are imported when they are first used, so that the command line starts without loading every engine.
_PLACES = {
    "Cohort": "wardbench.ward.cohorts",
    "Definition": "wardbench.ward.cohorts",
    "LoadReport": "wardbench.ward.ingest.ledger",
    "Snapshot": "wardbench.core.store",
    "Store": "wardbench.core.store",
    "WardbenchError": "wardbench.core.errors",
    "check_definition": "wardbench.ward.cohorts.checks",
    "compare_definitions": "wardbench.ward.cohorts.compare",
    "describe_definition": "wardbench.ward.cohorts.describe",
    "export_definition": "wardbench.ward.cohorts.export",
    "load_fhir": "wardbench.ward.ingest.fhir.load",
    "load_omop": "wardbench.ward.ingest.omop",
    "load_vocabulary": "wardbench.ward.ingest.vocabulary",
    "read_definition": "wardbench.ward.cohorts",
    "read_definitions": "wardbench.ward.cohorts",
    "run_cohort": "wardbench.ward.cohorts",
    "write_report": "wardbench.ward.cohorts.report",
}

if TYPE_CHECKING:
    from wardbench.core.errors import WardbenchError
    from wardbench.core.store import Snapshot, Store
    from wardbench.ward.cohorts import Cohort, Definition, read_definition, read_definitions, run_cohort
    from wardbench.ward.cohorts.checks import check_definition
    from wardbench.ward.cohorts.compare import compare_definitions
    from wardbench.ward.cohorts.describe import describe_definition
    from wardbench.ward.cohorts.export import export_definition
    from wardbench.ward.cohorts.report import write_report
    from wardbench.ward.ingest.fhir.load import load_fhir
    from wardbench.ward.ingest.ledger import LoadReport
    from wardbench.ward.ingest.omop import load_omop
    from wardbench.ward.ingest.vocabulary import load_vocabulary

__all__ = [
    "Cohort",
    "Definition",
    "LoadReport",
    "Snapshot",
    "Store",
    "WardbenchError",
    "check_definition",
    "compare_definitions",
    "describe_definition",
    "export_definition",
    "load_fhir",
    "load_omop",
    "load_vocabulary",
    "read_definition",
    "read_definitions",
    "run_cohort",
    "write_report",
]


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_PLACES[name]), name)
