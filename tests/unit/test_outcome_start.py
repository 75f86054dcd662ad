"""Patients are described without what takes longer to load than to describe them."""

from __future__ import annotations

import math
import subprocess
import sys

import numpy as np
import pyarrow as pa
import pytest
from scipy import special

from wardbench.bench.outcomes import normal
from wardbench.core.arrow import column

SLOW = {"pandas", "scipy", "sklearn", "sqlglot", "statsmodels"}


def test_what_is_slow_to_load_is_not_loaded_before_it_is_needed() -> None:
    asked = (
        "import sys, numpy, wardbench.outcomes; from wardbench.core.arrow import column; column(numpy.arange(3));"
        f"sys.exit(', '.join({SLOW} & set(sys.modules)) or 0)"
    )
    told = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr


@pytest.mark.parametrize("kind", [np.int32, np.int64, np.float64])
def test_a_column_is_what_arrow_makes_of_an_array(kind: type) -> None:
    for values in (np.arange(6, dtype=kind), np.arange(6, dtype=kind)[::2], np.zeros(0, kind)):
        assert column(values).equals(pa.array(values))


@pytest.mark.parametrize("share", [1e-12, 0.025, 0.5, 0.8, 0.975, 1 - 1e-6])
def test_quantiles_are_those_of_scipy(share: float) -> None:
    assert normal.quantile(share) == pytest.approx(special.ndtri(share), rel=1e-13, abs=1e-15)


@pytest.mark.parametrize("value", [-30.0, -8.0, -1.96, 0.0, 1.0, 5.0])
def test_shares_are_those_of_scipy(value: float) -> None:
    assert normal.share_below(value) == pytest.approx(special.ndtr(value), rel=1e-12)
    assert normal.beyond(value**2) == pytest.approx(special.chdtrc(1, value**2), rel=1e-12)
    assert normal.half_width(0.95) == pytest.approx(1.959963984540054, rel=1e-14)
    assert not math.isnan(normal.beyond(0.0))
