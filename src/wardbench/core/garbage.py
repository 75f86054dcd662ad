"""Work that makes many objects and few cycles, for which Python need not look for garbage all the time."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

SELDOM = (100_000, 20, 100)
"""After how many objects that stay garbage is looked for, and after how many such looks among older ones."""


@contextmanager
def seldom_collected() -> Iterator[None]:
    """While it lasts, garbage is looked for a hundred times as seldom: models and migrations of Django are cycles that
    stay, and looking through them again and again takes a third of the time that making them takes."""
    before = gc.get_threshold()
    gc.set_threshold(*SELDOM)
    try:
        yield
    finally:
        gc.set_threshold(*before)
