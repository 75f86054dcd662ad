"""Patients are described without what takes longer to load than to describe them."""

from __future__ import annotations

import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from scipy import special

from wardbench.bench.outcomes import normal
from wardbench.core.arrow import column, whole_numbers
from wardbench.outcomes import analyse, read_protocol
from wardbench.synthetic.starters import write_protocols, write_starters

SLOW = {
    "pyarrow.compute",
    "http.client",
    "pandas",
    "scipy",
    "scipy.optimize",
    "sklearn",
    "sqlglot",
    "statsmodels",
    "yaml",
}


def test_what_is_slow_to_load_is_not_loaded_to_describe_patients(tmp_path: Path) -> None:
    snapshot = write_starters(tmp_path / "store", 400, 60, 1)
    _, description = write_protocols(tmp_path)
    # What is worked out once for a snapshot may ask for more.
    analyse(read_protocol(description), snapshot)
    asked = (
        "import sys; from pathlib import Path; from wardbench.core.store import Store;"
        "from wardbench.outcomes import analyse, read_protocol, write_report;"
        "folder = Path(sys.argv[1]); snapshot = Store.open(folder / 'store').snapshot();"
        "found = analyse(read_protocol(folder / sys.argv[2]), snapshot);"
        "write_report(found, snapshot, folder / 'page.html', mode='release');"
        f"sys.exit(', '.join({SLOW} & set(sys.modules)) or 0)"
    )
    command = [sys.executable, "-c", asked, str(tmp_path), description.name]
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr


@pytest.mark.parametrize("kind", [np.int32, np.int64, np.float64])
def test_a_column_is_what_arrow_makes_of_an_array(kind: type) -> None:
    for values in (np.arange(6, dtype=kind), np.arange(6, dtype=kind)[::2], np.zeros(0, kind)):
        assert column(values).equals(pa.array(values))


def test_numbers_come_back_from_columns() -> None:
    days = pa.chunked_array([pa.array([1, 2, 3], pa.date32()), pa.array([4], pa.date32())])
    assert whole_numbers(days).tolist() == [1, 2, 3, 4]
    for held in (pa.chunked_array([pa.array([5, 6, 7, 8])[1:3]]), pa.chunked_array([pa.array([6, 7])])):
        assert whole_numbers(held).tolist() == [6, 7]
    assert whole_numbers(pa.chunked_array([], pa.int64())).tolist() == []
    with pytest.raises(ValueError, match="missing"):
        whole_numbers(pa.chunked_array([pa.array([1, None])]))


@pytest.mark.parametrize("share", [1e-12, 0.025, 0.5, 0.8, 0.975, 1 - 1e-6])
def test_quantiles_are_those_of_scipy(share: float) -> None:
    assert normal.quantile(share) == pytest.approx(special.ndtri(share), rel=1e-13, abs=1e-15)


@pytest.mark.parametrize("value", [-30.0, -8.0, -1.96, 0.0, 1.0, 5.0])
def test_shares_are_those_of_scipy(value: float) -> None:
    assert normal.share_below(value) == pytest.approx(special.ndtr(value), rel=1e-12)
    assert normal.beyond(value**2) == pytest.approx(special.chdtrc(1, value**2), rel=1e-12)
    assert normal.half_width(0.95) == pytest.approx(1.959963984540054, rel=1e-14)
    assert not math.isnan(normal.beyond(0.0))
