"""The hospital of starters is the same for a seed, as large as asked, and answers its own protocols."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from wardbench.bench.outcomes.analysis import analyse
from wardbench.bench.outcomes.protocol import read_question
from wardbench.synthetic.starters import CONTROLS, TRAITS, write_protocols, write_starters


def test_a_comparison_of_starters_finds_what_was_planted(tmp_path: Path) -> None:
    snapshot = write_starters(tmp_path / "store", 3000, 60, 3)
    assert write_starters(tmp_path / "again", 3000, 60, 3).version == snapshot.version
    comparison, description = write_protocols(tmp_path)
    found = analyse(read_question(comparison), snapshot)
    # Who started before or after the other was in use is left out.
    assert 2990 <= found.subjects.size <= 3000
    assert found.matrix is not None and found.comparison is not None
    concepts = {column.concept_id for column in found.matrix.columns if column.window}
    assert {100 + number for number in range(TRAITS)} <= concepts
    assert not {1, 2} & concepts
    assert len(found.comparison.controls) == CONTROLS
    assert found.comparison.refusals == ()
    assert found.comparison.estimates is not None
    _, low, high = found.comparison.estimates.hazard_ratio.limits()
    assert low < 0.78 < high
    assert np.abs(found.comparison.arms.before).max() > 0.2
    everybody = analyse(read_question(description), snapshot)
    assert everybody.comparison is None
    assert everybody.description.similar.patients == 3000
