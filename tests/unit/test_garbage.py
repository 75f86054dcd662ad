"""How often Python looks for garbage while something is made."""

from __future__ import annotations

import gc

import pytest

from wardbench.core.garbage import SELDOM, seldom_collected


def test_it_is_as_before_afterwards_also_when_it_fails() -> None:
    before = gc.get_threshold()
    assert before != SELDOM
    with pytest.raises(ValueError, match="fails"), seldom_collected():
        assert gc.get_threshold() == SELDOM
        raise ValueError("it fails")
    assert gc.get_threshold() == before
