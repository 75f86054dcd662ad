"""How often something may be done: so many at once, and one more every so many seconds."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wardbench.campus.limits.rates import RATES, Doing, Rate, TooOftenError, after


def allowed(rate: Rate, moments: list[float]) -> list[bool]:
    """Whether each of these moments, in order, may do one."""
    full, found = 0.0, []
    for now in moments:
        try:
            full = after(full, now, rate)
        except TooOftenError:
            found.append(False)
        else:
            found.append(True)
    return found


def test_so_many_at_once_and_then_one_by_one() -> None:
    rate = Rate(3, 10)
    assert allowed(rate, [100.0] * 5) == [True] * 3 + [False] * 2
    assert allowed(rate, [100, 100, 100, 109, 110, 111, 119, 120]) == [True] * 3 + [False, True, False, False, True]
    assert allowed(rate, [100.0] * 3 + [1000.0] * 4) == [True] * 6 + [False], "it fills up, and not over"


def test_how_long_to_wait_is_told_and_true() -> None:
    rate = Rate(2, 7.5)
    full = after(after(0, 50, rate), 50, rate)
    with pytest.raises(TooOftenError) as refused:
        after(full, 51, rate)
    assert refused.value.wait == 7 and refused.value.http_status == 429 and "Wait 7 s" in str(refused.value)
    assert after(full, 51 + refused.value.wait, rate)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(
    st.builds(Rate, st.integers(1, 4), st.sampled_from([0.5, 1.0, 3.0])),
    st.lists(st.integers(0, 12).map(lambda n: n / 2), max_size=30).map(sorted),
)
def test_in_no_span_more_than_the_rate(rate: Rate, moments: list[float]) -> None:
    done = [now for now, may in zip(moments, allowed(rate, moments), strict=True) if may]
    for first in range(len(done)):
        for last in range(first, len(done)):
            assert last - first + 1 <= rate.burst + (done[last] - done[first]) / rate.each


def test_every_kind_has_a_rate_that_people_do_not_notice() -> None:
    assert set(RATES) == set(Doing)
    assert all(rate.burst >= 20 and 0 < rate.each <= 20 for rate in RATES.values())
