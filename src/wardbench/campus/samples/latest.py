"""What a process has open of something that is made anew now and then, and opens ahead of whoever asks for it."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

EVERY = 1.0
"""Seconds between two looks at whether something newer was made."""
TRUSTED = 30.0
"""Seconds after a look for which nobody who asks looks themselves."""
log = logging.getLogger("wardbench.samples")


class Noted(Protocol):
    """What says which version is the newest."""

    @property
    def version(self) -> str: ...


N = TypeVar("N", bound=Noted)
T = TypeVar("T")


class Latest(Generic[N, T]):
    """`noted` tells which is the newest, cheaply, and None where there is none; `opening` opens it.

    Whoever asks has it opened for them. In a process that follows (`follow`), a thread does that as soon as something
    newer is noted, and whoever asks meanwhile is given what was open before.
    """

    def __init__(self, noted: Callable[[], N | None], opening: Callable[[N], T]) -> None:
        self._noted, self._opening = noted, opening
        self._lock = threading.Lock()
        self._held: tuple[N, T] | None = None
        self._looked = float("-inf")

    def get(self) -> tuple[N, T] | None:
        """The newest and what was noted of it, None where there is none; raises what opening raises."""
        held = self._held
        return held if held is not None and time.monotonic() - self._looked < TRUSTED else self._look()

    def follow(self, every: float = EVERY) -> None:
        """Open what is newer ahead, from now on until the process ends."""
        threading.Thread(target=self._follow, args=(every,), daemon=True).start()

    def forget(self) -> None:
        with self._lock:
            self._held = None

    def _look(self) -> tuple[N, T] | None:
        with self._lock:
            noted = self._noted()
            if noted is None:
                self._held = None
            elif self._held is not None and self._held[0].version == noted.version:
                self._held = noted, self._held[1]
            else:
                self._held = noted, self._opening(noted)
            return self._held

    def _follow(self, every: float) -> None:
        while True:
            self._looked = time.monotonic()
            try:
                self._look()
            except Exception:
                # Whoever asks next tries for themselves, and is told what is wrong.
                self._looked = float("-inf")
                log.warning("the newest index could not be opened ahead", exc_info=True)
            threading.Event().wait(every)
