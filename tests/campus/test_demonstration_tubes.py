"""The demonstration's tubes: they differ in what the finder asks, so that each of its facets and sliders has a use."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from wardbench.cohorts import EditingSession
from wardbench.core.store import Store
from wardbench.synthetic import definitions
from wardbench.ward.cohorts.editing import Working
from wardbench.ward.samples import Choice, Facets, Giving, Patients, Query, Range, SampleIndex, facets


@pytest.fixture(scope="module")
def index(demonstration: Path) -> SampleIndex:
    samples = demonstration / "campus" / "samples"
    return SampleIndex.open(samples / json.loads((samples / "current.json").read_text())["version"])


def used(found: Facets, name: str) -> set[str]:
    return {value for value, counts in found.values[name].items() if counts.specimens}


def test_every_facet_of_handling_has_several_values(index: SampleIndex) -> None:
    found = facets(index, Query.of())
    assert found.total.specimens > 1.2 * found.total.samples, "several aliquots of a sample"
    for name, least in (("thaws", 3), ("delay", 4), ("delay_after", 3), ("kind", 3), ("diagnosis", 20)):
        assert len(used(found, name)) >= least, name
    assert found.values["diagnosis"][""].donors < found.total.donors / 2


def test_more_thaws_give_more(index: SampleIndex) -> None:
    found = facets(index, Query.of(giving=Giving(most_thaws=0))).availability
    assert found is not None
    assert 0 < found.more["thaws 1"].specimens < found.more["thaws 2"].specimens
    assert found.more["thaws 1"].samples > 0


def test_delays_grew_over_the_years(index: SampleIndex) -> None:
    slow = []
    for first, last in ((2012, 2018), (2022, 2025)):
        days = [
            (date(year, month, day) - date(1970, 1, 1)).days for year, month, day in ((first, 1, 1), (last, 12, 31))
        ]
        chosen: dict[str, Choice] = {"tube": frozenset({"SST"}), "collected": (Range(*days),)}
        counts = facets(index, Query.of(chosen)).values["delay"]
        slow.append(counts["C"].specimens / (counts["A"].specimens + counts["C"].specimens))
    assert slow[1] > 2 * slow[0] + 0.2


def test_material_from_the_month_before_treatment_is_there(index: SampleIndex, demonstration: Path) -> None:
    snapshot = Store.open(demonstration / "store").snapshot()
    with snapshot.connect() as con:
        cohort = Working(definitions.definition(con, "new-metformin")).definition("Metformin")
    persons, days = EditingSession(snapshot, disk=0).members(cohort)
    anchors = np.asarray(days, np.int32)
    for window in ((-30, 0), (60, 120)):
        patients = Patients(np.asarray(persons, np.int64), anchors, *window)
        assert facets(index, Query.of(patients=patients)).total.donors >= 3, window
