"""Many long counts at once: pages are still answered, and so is everybody who writes; who comes too many is told so."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
import textwrap
import threading
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

import small_hospital
from campus.cast import Cast
from campus.test_campus_commands import database, folder, model, server
from campus.test_campus_serve import answers, free_port, until
from campus.test_counting import definition, expression, store
from wardbench.campus.counting import queries, sessions
from wardbench.campus.counting.rules import Mode
from wardbench.core.errors import BusyError

__all__ = ["database", "folder", "model", "server", "store"]

LASTS = 8.0
"""Seconds that a count lasts on the server of these tests: sixteen of them would hold up everybody for two minutes."""
MANY = 16
SERVER = f"""
import sys, time
from pathlib import Path
from wardbench.campus.server import serve
from wardbench.ward.cohorts.session import EditingSession

look = EditingSession.look

def lasting(self, *args, **kwargs):
    time.sleep({LASTS})
    return look(self, *args, **kwargs)

EditingSession.look = lasting
serve(Path(sys.argv[1]), bind=f"127.0.0.1:{{sys.argv[2]}}", workers=1, threads=4)
"""
KEY = """
import sys
from pathlib import Path
from wardbench.campus.installation import opened

with opened(Path(sys.argv[1])):
    from wardbench.campus.api.services import make_key
    from wardbench.campus.people.models import Person
    from wardbench.campus.people.queries import actor_of
    _key, secret = make_key("tests", ["count"], 1, by=actor_of(Person.objects.get(email="rita@hospital.example")))
    print(secret)
"""


def python(code: str, *arguments: object) -> list[str]:
    return [sys.executable, "-c", textwrap.dedent(code), *map(str, arguments)]


def asked(port: int, secret: str) -> tuple[int, dict[str, Any]]:
    """A count in the twin, by a program."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    headers = {"Host": "localhost", "Authorization": f"Bearer {secret}", "Content-Type": "application/json"}
    connection.request("POST", "/api/counts", json.dumps({"expression": expression()}), headers)
    answer = connection.getresponse()
    try:
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


def test_pages_are_answered_while_many_count(folder: Path, tmp_path: Path) -> None:
    small_hospital.build(tmp_path / "twin")
    with (folder / "campus.toml").open("a") as file:
        file.write(f'twin = "{tmp_path / "twin"}"\n')
    secret = subprocess.run(python(KEY, folder), capture_output=True, text=True, check=True).stdout.strip()
    port = free_port()
    with (folder / "server.log").open("ab") as log:
        process = subprocess.Popen(python(SERVER, folder, port), stdout=log, stderr=log)
    try:
        until(lambda: answers(port) == 200 or process.poll() is not None, "it answers")
        said: list[tuple[int, dict[str, Any]]] = []
        counting = [threading.Thread(target=lambda: said.append(asked(port, secret))) for _ in range(MANY)]
        for one in counting:
            one.start()
        until(lambda: len(said) >= MANY - sessions.MOST_AT_ONCE, "those that are too many are told so")
        waited = []
        for _ in range(10):
            began = time.monotonic()
            assert answers(port) == 200
            waited.append(time.monotonic() - began)
        still = MANY - len(said)
        for one in counting:
            one.join()
    finally:
        process.terminate()
        process.wait()
    assert still > 0, "the pages were asked for while counts were under way"
    assert max(waited) < LASTS / 2, waited
    assert Counter(status for status, _ in said) == {200: sessions.MOST_AT_ONCE, 409: MANY - sessions.MOST_AT_ONCE}
    refused = {body["error"]["sentence"] for status, body in said if status == 409}
    assert refused == {"Too many counts are under way just now; try again in a moment."}


def test_short_counts_wait_for_one_another() -> None:
    """Twenty that together take less than what one may wait are all answered."""
    turns, done, lock = sessions.Turns(3), [], threading.Lock()

    def count() -> None:
        with turns.turn(), lock:
            time.sleep(0.01)
            done.append(True)

    threads = [threading.Thread(target=count) for _ in range(20)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(done) == 20


def test_a_place_is_free_again_whatever_became_of_a_count() -> None:
    turns = sessions.Turns(1)
    for _ in range(3):
        with suppress(ZeroDivisionError), turns.turn():
            raise ZeroDivisionError
    with turns.turn(), pytest.raises(BusyError), turns.turn():
        raise AssertionError("there is one place")


def test_nobody_is_kept_from_writing_by_a_count(cast: Cast, store: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """An exact count is on the record once it is done; while it lasts, no transaction is open."""
    look = sessions.look
    seen: list[int] = []
    outer = len(connection.savepoint_ids)

    def watched(*arguments: Any) -> Any:
        seen.append(len(connection.savepoint_ids) - outer)
        return look(*arguments)

    monkeypatch.setattr(sessions, "look", watched)
    queries.look(definition(), by=cast.actor("data_steward"), mode=Mode.STEWARDSHIP)
    assert seen == [0]
