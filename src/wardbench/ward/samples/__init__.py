"""Finding specimens: how many there are of what, which ones, and what of it can be given. No Django.

An inventory is projected into an index (`write_index`, of a table of `SCHEMA`), which answers a `Query` by counts in
every facet (`facets`) and by a list (`find`); the two always agree. Counts are exact, and leave through
`core.disclosure`. Of its siblings it uses `cohorts`.
"""

from __future__ import annotations

from wardbench.ward.samples.building import write_index
from wardbench.ward.samples.cube import Cube, make_cube
from wardbench.ward.samples.facets import Availability, Counts, Facets, facets
from wardbench.ward.samples.files import name_of, range_of
from wardbench.ward.samples.finding import Found, find
from wardbench.ward.samples.index import SampleIndex
from wardbench.ward.samples.matching import Candidates, PickList, match
from wardbench.ward.samples.omop import index_of, specimens_of
from wardbench.ward.samples.query import (
    CATEGORIES,
    FACETS,
    RANGES,
    UNKNOWN,
    Choice,
    Giving,
    Patients,
    Query,
    Range,
    from_json,
    to_json,
)
from wardbench.ward.samples.schema import SCHEMA, checked
from wardbench.ward.samples.selecting import Reason, loosened
from wardbench.ward.samples.standing import Match, Offer, Standing, matches, standing_from_json, standing_to_json
from wardbench.ward.samples.strata import Counted, Strata

__all__ = [
    "CATEGORIES",
    "FACETS",
    "RANGES",
    "SCHEMA",
    "UNKNOWN",
    "Availability",
    "Candidates",
    "Choice",
    "Counted",
    "Counts",
    "Cube",
    "Facets",
    "Found",
    "Giving",
    "Match",
    "Offer",
    "Patients",
    "PickList",
    "Query",
    "Range",
    "Reason",
    "SampleIndex",
    "Standing",
    "Strata",
    "checked",
    "facets",
    "find",
    "from_json",
    "index_of",
    "loosened",
    "make_cube",
    "match",
    "matches",
    "name_of",
    "range_of",
    "specimens_of",
    "standing_from_json",
    "standing_to_json",
    "to_json",
    "write_index",
]
