"""`wardbench serve` as an operator meets it: taken ports, two servers, ends in order, a background that comes back."""

from __future__ import annotations

import contextlib
import http.client
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from campus.test_campus_commands import database, folder, model, server, wardbench

__all__ = ["database", "folder", "model", "server"]
"""A campus on the database that the tests are on: fixtures of the commands' tests."""


LOST = -1
"""Instead of the status of a page: the server took the connection and gave no answer."""


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def until(true: Callable[[], object], what: str) -> None:
    end = time.monotonic() + 60
    while not true():
        assert time.monotonic() < end, what
        time.sleep(0.05)


def answers(port: int) -> int:
    """The status of the page where one signs in; 0 where nobody listens."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", "/account/login/", headers={"Host": "localhost"})
        answer = connection.getresponse()
        answer.read()
        return answer.status
    except ConnectionRefusedError:
        return 0
    finally:
        connection.close()


@contextlib.contextmanager
def serving(folder: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "wardbench", "serve", "--campus", str(folder), "--bind", f"127.0.0.1:{port}"]
    with (folder / "server.log").open("ab") as log:
        process = subprocess.Popen([*command, "--workers", "1"], stdout=log, stderr=log)
    try:
        until(lambda: answers(port) == 200 or process.poll() is not None, "it answers")
        assert process.poll() is None, (folder / "server.log").read_text()
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def connections_of(process: subprocess.Popen[bytes]) -> list[str]:
    """What a process holds open of a database: files of SQLite, connections by TCP."""
    lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    established = {f"socket:[{line[9]}]" for line in lines if line[3] == "01"}
    held = [str(entry.readlink()) for entry in Path(f"/proc/{process.pid}/fd").iterdir()]
    return [name for name in held if ".sqlite3" in name or name in established]


def background_of(process: subprocess.Popen[bytes]) -> list[int]:
    """The processes in the background that this server started."""
    found = []
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError, ValueError):
            parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
            if parent == process.pid and b"campus.background" in (entry / "cmdline").read_bytes():
                found.append(int(entry.name))
    return found


def gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except FileNotFoundError:
        return True


def test_an_address_that_cannot_be_listened_on_is_a_sentence(folder: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        bind = f"127.0.0.1:{taken.getsockname()[1]}"
        result = wardbench("serve", "--campus", folder, "--bind", bind)
    assert result.returncode == 6 and "is taken" in result.stderr and "Traceback" not in result.stderr
    for bind in ("8000", "127.0.0.1:99999", "no.such.host.example:8000", "127.0.0.1:x"):
        result = wardbench("serve", "--campus", folder, "--bind", bind)
        assert result.returncode == 2 and "--bind" in result.stderr, (bind, result.stderr)
    result = wardbench("serve", "--campus", folder / "elsewhere", "--bind", "127.0.0.1:8299")
    assert result.returncode == 3 and "no campus.toml" in result.stderr


def test_it_ends_in_order_and_loses_no_request(folder: Path) -> None:
    port = free_port()
    with serving(folder, port) as process:
        until(lambda: (folder / "background-alive").exists(), "the background works")
        [background] = background_of(process)
        statuses: list[int] = []
        stop = threading.Event()

        def ask() -> None:
            while not stop.is_set():
                try:
                    statuses.append(answers(port))
                except (OSError, http.client.HTTPException):
                    statuses.append(LOST)
                if statuses[-1] != 200:
                    return

        # More than the server has threads, so that some wait to be let in when it ends.
        browsers = [threading.Thread(target=ask) for _ in range(12)]
        for browser in browsers:
            browser.start()
        until(lambda: len(statuses) > 20, "pages are answered")
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=40) == 0
        stop.set()
        for browser in browsers:
            browser.join()
        until(lambda: gone(background), "the background ends too")
    assert set(statuses) <= {200, 0}, "whoever is connected is answered, whoever comes later is not let in"
    assert not (folder / "background-alive").exists()
    assert "Traceback" not in (folder / "server.log").read_text()


def test_whoever_connects_and_says_nothing_keeps_nobody_waiting(folder: Path) -> None:
    port = free_port()
    with serving(folder, port), contextlib.ExitStack() as held:
        # More than the server has threads.
        silent = [held.enter_context(socket.create_connection(("127.0.0.1", port))) for _ in range(12)]
        assert answers(port) == 200
        assert not select.select(silent, [], [], 0)[0], "the page came before any of them was given up"
        silent[0].sendall(b"GET /account/login/ HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert silent[0].makefile("rb").readline().startswith(b"HTTP/1.1 200"), "one that speaks at last is heard"
        until(lambda: len(select.select(silent[1:], [], [], 0)[0]) == 11, "the others are given up")


def test_the_background_is_started_again_and_never_outlives_the_server(folder: Path) -> None:
    with serving(folder, free_port()) as process:
        assert not connections_of(process), "workers that are forked would share them"
        until(lambda: background_of(process), "there is one")
        [first] = background_of(process)
        os.kill(first, signal.SIGKILL)
        until(lambda: background_of(process) not in ([], [first]), "another takes its place")
        [second] = background_of(process)
        assert process.poll() is None
        process.kill()
        process.wait()
        until(lambda: gone(second), "it does not stay behind")


def test_a_folder_that_is_served_twice_has_one_background_at_work(folder: Path) -> None:
    first_port, second_port = free_port(), free_port()
    with serving(folder, first_port) as first:
        until(lambda: (folder / "background-alive").exists(), "the first works")
        with serving(folder, second_port) as second:
            (folder / "background-alive").unlink()
            until(lambda: background_of(second), "the second waits")
            time.sleep(1)
            assert not (folder / "background-alive").exists(), "it waits for the first to end"
            first.send_signal(signal.SIGTERM)
            assert first.wait(timeout=40) == 0
            until(lambda: (folder / "background-alive").exists(), "the second takes over")
            assert answers(second_port) == 200
