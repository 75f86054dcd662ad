"""Files are scanned for malware by a clamd that the campus names; what it did not call clean is not kept."""

from __future__ import annotations

import io
import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from campus.cast import Cast
from wardbench.campus.audit.models import Event
from wardbench.campus.checks import _scanner
from wardbench.campus.configuration import Configuration
from wardbench.campus.studies import documents, scanning, services
from wardbench.campus.studies.models import Document
from wardbench.campus.studies.scanning import MalwareError, Scanner
from wardbench.core.errors import BusyError, InputError

# The test file that every scanner knows, in two halves, so that no scanner finds it in this one.
EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$" + rb"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
CLEAN = b"Hypotheses and methods.\n" * 9000


class Clamd:
    """Speaks clamd's protocol: PING, and INSTREAM with its lengths, its limit and its three kinds of answers."""

    def __init__(self) -> None:
        self.scanned: list[bytes] = []
        self.limit = 100_000_000
        self.instead: Callable[[socket.socket], None] | None = None

    def talk(self, asked: socket.socket) -> None:
        with asked, asked.makefile("rb") as read:
            command = self._command(read)
            if self.instead:
                self.instead(asked)
            elif command == b"zPING":
                asked.sendall(b"PONG\0")
            elif command == b"zINSTREAM":
                asked.sendall(self._scan(read))
            else:
                asked.sendall(b"UNKNOWN COMMAND\0")

    @staticmethod
    def _command(read: Any) -> bytes:
        said = b""
        while not said.endswith(b"\0"):
            said += read.read(1)
        return said[:-1]

    def _scan(self, read: Any) -> bytes:
        content = b""
        while length := struct.unpack("!I", read.read(4))[0]:
            content += read.read(length)
            if len(content) > self.limit:
                return b"INSTREAM size limit exceeded. ERROR\0"
        self.scanned.append(content)
        return b"stream: Win.Test.EICAR_HDB-1 FOUND\0" if EICAR in content else b"stream: OK\0"


@contextmanager
def listening(address: str, folder: Path) -> Iterator[tuple[Clamd, str]]:
    """A clamd, and where it is as campus.toml says it."""
    clamd = Clamd()
    if address == "unix":
        server = socket.socket(socket.AF_UNIX)
        server.bind(str(folder / "clamd.ctl"))
        told = f"unix:{folder}/clamd.ctl"
    else:
        server = socket.socket()
        server.bind(("127.0.0.1", 0))
        told = f"tcp:127.0.0.1:{server.getsockname()[1]}"
    server.listen()

    def serve() -> None:
        while True:
            try:
                asked, _ = server.accept()
            except OSError:
                return
            threading.Thread(target=clamd.talk, args=(asked,), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield clamd, told
    finally:
        server.shutdown(socket.SHUT_RDWR)
        server.close()


@pytest.fixture(params=["unix", "tcp"])
def clamd(request: pytest.FixtureRequest, tmp_path: Path, settings: Any) -> Iterator[Clamd]:
    with listening(request.param, tmp_path) as (one, told):
        settings.SCANNER = Scanner.at(told)
        yield one


def send(cast: Cast, content: bytes, name: str = "protocol.txt") -> Any:
    """Send a document to a study of the researcher's by its page."""
    study = services.register("A study", "secondary_use", by=cast.actor("researcher"))
    file = SimpleUploadedFile(name, content)
    return cast.client("researcher").post(
        f"/studies/{study.id}/sections/documents/", {"kind": "protocol", "file": file}
    )


def kept(settings: Any) -> list[Path]:
    return [path for path in settings.DOCUMENTS.rglob("*") if path.is_file()] if settings.DOCUMENTS.exists() else []


def test_what_is_clean_is_kept_after_all_of_it_was_scanned(cast: Cast, clamd: Clamd, settings: Any) -> None:
    assert send(cast, CLEAN).status_code == 302
    assert clamd.scanned == [CLEAN] and Document.objects.count() == 1 and len(kept(settings)) == 1


def test_malware_is_refused_not_kept_and_logged(
    cast: Cast, clamd: Clamd, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    answer = send(cast, CLEAN + EICAR + CLEAN)
    assert "the scanner found Win.Test.EICAR_HDB-1 in it" in answer.content.decode()
    assert not Document.objects.exists() and not kept(settings)
    assert not Event.objects.filter(verb="studies.add_document").exists()
    (line,) = [json.loads(one.getMessage()) for one in caplog.records if one.name == "wardbench.security"]
    assert line["event"] == "malware" and line["person"] == str(cast.people["researcher"].pk)
    assert line["found"] == "Win.Test.EICAR_HDB-1" and "protocol.txt" not in caplog.text


def cut(asked: socket.socket) -> None:
    asked.close()


def garbles(asked: socket.socket) -> None:
    asked.sendall(b"stream: OK maybe\0")


def stops(asked: socket.socket) -> None:
    asked.sendall(b"stream: OK")


FAILURES = {
    "cuts the line": cut,
    "says something else": garbles,
    "does not end what it says": stops,
    "fails": lambda asked: asked.sendall(b"stream: Can't allocate memory ERROR\0"),
    "says it of another command": lambda asked: asked.sendall(b"PONG\0"),
}


@pytest.mark.parametrize("failure", FAILURES)
def test_what_the_scanner_did_not_call_clean_is_not_kept(cast: Cast, clamd: Clamd, settings: Any, failure: str) -> None:
    clamd.instead = FAILURES[failure]
    answer = send(cast, CLEAN)
    assert "could not be scanned for malware" in answer.content.decode()
    assert not Document.objects.exists() and not kept(settings)


def test_a_scanner_that_is_not_there_lets_nothing_in(cast: Cast, tmp_path: Path, settings: Any) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    for told in (f"unix:{tmp_path}/gone.ctl", f"tcp:127.0.0.1:{port}"):
        settings.SCANNER = Scanner.at(told)
        assert "could not be scanned for malware" in send(cast, CLEAN).content.decode()
    assert not Document.objects.exists() and not kept(settings)
    settings.SCANNER = Scanner.at("")
    assert send(cast, CLEAN).status_code == 302, "the positive control: without one, files are kept"


def test_a_file_larger_than_the_scanner_takes_is_not_kept(clamd: Clamd, settings: Any) -> None:
    clamd.limit = 50_000
    with pytest.raises(BusyError):
        documents.keep(settings.DOCUMENTS, "a.txt", [CLEAN], settings.SCANNER)
    assert not kept(settings)


def test_a_scanner_that_never_answers_is_waited_for_no_longer_than_said(
    clamd: Clamd, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    silent = threading.Event()
    clamd.instead = lambda asked: silent.wait(60) and None
    monkeypatch.setattr(scanning, "PATIENCE", 0.2)
    began = time.monotonic()
    with pytest.raises(BusyError):
        settings.SCANNER.look_at(io.BytesIO(CLEAN), "a.txt")
    assert time.monotonic() - began < 30
    silent.set()


def test_what_the_scanner_calls_a_thing_is_text_on_the_page(cast: Cast, clamd: Clamd) -> None:
    clamd.instead = lambda asked: asked.sendall(b"stream: <script>alert(1)</script> FOUND\0")
    page = send(cast, CLEAN).content.decode()
    assert "<script>alert" not in page and "&lt;script&gt;alert" in page


@pytest.mark.parametrize("told", ["/run/clamd.ctl", "unix:clamd.ctl", "tcp:localhost", "tcp::3310", "tcp:a:0", "x"])
def test_where_the_scanner_is_has_to_be_said_rightly(told: str) -> None:
    with pytest.raises(InputError, match="scanner"):
        Scanner.at(told)


def test_checking_the_campus_looks_at_the_scanner(tmp_path: Path) -> None:
    with listening("unix", tmp_path) as (clamd, told):
        assert [one.state for one in _scanner(Configuration(scanner=told))] == ["good"]
        clamd.instead = cut
        assert [one.state for one in _scanner(Configuration(scanner=told))] == ["bad"]
    assert [one.state for one in _scanner(Configuration(scanner=told))] == ["bad"]
    assert [one.state for one in _scanner(Configuration())] == ["warning"]


def test_a_refusal_says_what_was_found() -> None:
    assert str(MalwareError("a.pdf", "X")) == "file: a.pdf is refused: the scanner found X in it."
