"""How a process of the server decides whether it takes who waits at the door."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from gunicorn.config import Config

from wardbench.campus.sharing import LONG, SharingWorker


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> Iterator[SharingWorker]:
    settings = Config()
    for name, value in (("threads", 3), ("keepalive", 0), ("worker_tmp_dir", None)):
        settings.set(name, value)
    made = SharingWorker(0, 0, [], None, 30, settings, None)
    yield made
    made.tmp.close()


def at_work(worker: SharingWorker, *seconds: float) -> SharingWorker:
    """Requests that have been at work for so long."""
    now = time.monotonic()
    worker.running = {object(): now - one for one in seconds}
    return worker


def test_an_idle_process_takes_who_comes(worker: SharingWorker) -> None:
    assert worker.may_take()


@pytest.mark.parametrize("seconds", [(0.0,), (LONG * 4, 0.0), (LONG * 4, LONG * 4, 0.0)])
def test_one_that_has_just_begun_leaves_who_comes_to_the_others(worker: SharingWorker, seconds: Any) -> None:
    assert not at_work(worker, *seconds).may_take()


@pytest.mark.parametrize(("seconds", "takes"), [((LONG * 4,), True), ((LONG * 4,) * 2, True), ((LONG * 4,) * 3, False)])
def test_long_work_keeps_nobody_waiting_while_a_thread_is_free(
    worker: SharingWorker, seconds: Any, takes: bool
) -> None:
    assert at_work(worker, *seconds).may_take() is takes
