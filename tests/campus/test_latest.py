"""What is made anew is opened ahead of whoever asks, who is given what was open before until then."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from wardbench.campus.samples.latest import Latest


@dataclass(frozen=True)
class Note:
    version: str
    at: int = 0


class Made:
    def __init__(self) -> None:
        self.note: Note | None = None
        self.opened: list[str] = []
        self.may_open, self.opening = threading.Event(), threading.Event()
        self.may_open.set()
        self.broken = False

    def open(self, note: Note) -> str:
        self.opening.set()
        assert self.may_open.wait(20)
        if self.broken:
            raise OSError("damaged")
        self.opened.append(note.version)
        return note.version


def until(happens: Callable[[], bool]) -> None:
    for _try in range(2000):
        if happens():
            return
        threading.Event().wait(0.01)
    raise AssertionError("it did not happen")


def test_whoever_asks_is_given_the_newest_which_is_opened_once() -> None:
    made = Made()
    latest = Latest(lambda: made.note, made.open)
    assert latest.get() is None
    made.note = Note("1")
    assert latest.get() == (Note("1"), "1")
    made.note = Note("1", at=2)
    assert latest.get() == (Note("1", at=2), "1") and made.opened == ["1"], "only when it was made is another"
    made.note = Note("2")
    assert latest.get() == (Note("2"), "2") and made.opened == ["1", "2"]
    latest.forget()
    assert latest.get() == (Note("2"), "2") and made.opened == ["1", "2", "2"]


def test_nobody_waits_for_what_is_opened_ahead() -> None:
    made = Made()
    made.note = Note("1")
    latest = Latest(lambda: made.note, made.open)
    latest.follow(every=0.01)
    until(lambda: made.opened == ["1"])
    made.may_open.clear()
    made.opening.clear()
    made.note = Note("2")
    assert made.opening.wait(20)
    assert latest.get() == (Note("1"), "1"), "what was open before, at once"
    made.may_open.set()
    until(lambda: latest.get() == (Note("2"), "2"))
    assert made.opened == ["1", "2"]


def test_what_cannot_be_opened_ahead_is_told_to_whoever_asks(caplog: pytest.LogCaptureFixture) -> None:
    made = Made()
    made.note = Note("1")
    latest = Latest(lambda: made.note, made.open)
    latest.follow(every=0.01)
    until(lambda: made.opened == ["1"])
    made.broken, made.note = True, Note("2")
    until(lambda: "could not be opened ahead" in caplog.text)

    def fails() -> bool:
        try:
            latest.get()
        except OSError:
            return True
        return False

    until(fails)
    made.broken = False
    until(lambda: latest.get() == (Note("2"), "2"))
