"""What is logged is on another host, out of reach of whoever breaks into this one; here it stays besides."""

from __future__ import annotations

import json
import logging
import re
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest

from campus.cast import Cast
from campus.test_security_outside import certificate as made_certificate
from wardbench.campus import collector as collectors
from wardbench.campus.audit import guards, sending
from wardbench.campus.audit.models import Event
from wardbench.campus.checks import _syslog
from wardbench.campus.collector import Collector, CollectorHandler, logging_settings
from wardbench.campus.configuration import Configuration
from wardbench.core.errors import InputError

LINE = re.compile(r"<(\d+)>1 (\S+) (\S+) wardbench (\d+) (\S+) - (.*)", re.S)


class Host:
    """A host that collects logs, on this machine: every message that came, and each connection."""

    def __init__(self, certificate: Path | None = None) -> None:
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.port = self.listening.getsockname()[1]
        self.context = None
        if certificate:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(certificate)
        self.came, self.connections = b"", []
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        while True:
            try:
                connection, _from = self.listening.accept()
                if self.context:
                    connection = self.context.wrap_socket(connection, server_side=True)
            except ssl.SSLError:
                continue
            except OSError:
                return
            self.connections.append(connection)
            threading.Thread(target=self._read, args=(connection,), daemon=True).start()

    def _read(self, connection: socket.socket) -> None:
        with closing(connection):
            try:
                while data := connection.recv(65536):
                    self.came += data
            except OSError:
                return

    def messages(self, least: int = 1) -> list[tuple[str, dict[str, Any]]]:
        """What came: of which log, and what it says. Waited for until there are `least`."""
        end = time.monotonic() + 20
        while len(found := self._messages()) < least and time.monotonic() < end:
            time.sleep(0.02)
        return found

    def _messages(self) -> list[tuple[str, dict[str, Any]]]:
        found, rest = [], self.came
        while match := re.match(rb"(\d+) ", rest):
            start, length = match.end(), int(match[1])
            if len(rest) < start + length:
                break
            told = LINE.fullmatch(rest[start : start + length].decode())
            assert told is not None, rest
            found.append((told[5], json.loads(told[6])))
            rest = rest[start + length :]
        return found

    def close(self) -> None:
        # A thread that waits on it would take one more.
        with suppress(OSError):
            self.listening.shutdown(socket.SHUT_RDWR)
        self.listening.close()
        for one in self.connections:
            one.close()


@pytest.fixture
def host() -> Iterator[Host]:
    with closing(Host()) as host:
        yield host


@pytest.fixture
def sent_to(host: Host) -> Iterator[CollectorHandler]:
    """The security log goes to that host, as the settings would have it."""
    handler = CollectorHandler(f"tcp://127.0.0.1:{host.port}", "security")
    logger = logging.getLogger("wardbench.security")
    logger.addHandler(handler)
    yield handler
    logger.removeHandler(handler)
    handler.close()


def test_what_is_refused_is_on_another_host_at_once(
    cast: Cast, host: Host, sent_to: CollectorHandler, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(2):
        assert cast.client("student").get("/record/?text=secret-words").status_code == 403
    first, second = host.messages(2)
    assert first[0] == "security" and first[1]["event"] == "refused" and first[1]["page"] == "record"
    assert second[1]["status"] == 403 and len(host.connections) == 1
    assert b"secret-words" not in host.came
    here = [json.loads(one.getMessage()) for one in caplog.records if one.name == "wardbench.security"]
    assert here == [first[1], second[1]], "the same stays here"


def test_the_settings_send_the_security_log_there(tmp_path: Path) -> None:
    made = logging_settings("tls://logs.hospital.example")
    assert made["loggers"] == {"wardbench.security": {"handlers": ["collector"]}}
    assert made["handlers"]["collector"]["address"] == "tls://logs.hospital.example"
    assert logging_settings("") == {}


def test_a_collector_that_is_down_holds_up_nobody(
    cast: Cast, host: Host, sent_to: CollectorHandler, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    host.close()
    began = time.monotonic()
    for _ in range(3):
        assert cast.client("student").get("/record/").status_code == 403
    assert time.monotonic() - began < 2 * collectors.PATIENCE
    said = [one.getMessage() for one in caplog.records if one.name == "wardbench.collector"]
    assert len(said) == 1 and "does not answer" in said[0]
    assert len([one for one in caplog.records if one.name == "wardbench.security"]) == 3, "the lines stay here"


def test_a_collector_that_comes_back_is_sent_to_again(
    cast: Cast, host: Host, sent_to: CollectorHandler, monkeypatch: pytest.MonkeyPatch
) -> None:
    cast.client("student").get("/record/")
    host.messages(1)
    for one in host.connections:
        one.shutdown(socket.SHUT_RDWR)
    cast.client("student").get("/record/")
    assert len(host.messages(2)) == 2 and len(host.connections) == 2


def test_every_event_is_on_another_host_in_order_and_once(cast: Cast, host: Host, tmp_path: Path) -> None:
    there = Collector.at(f"tcp://127.0.0.1:{host.port}")
    all_of_them = Event.objects.count()
    assert sending.send_record(tmp_path, there) == all_of_them > 10
    assert sending.send_record(tmp_path, there) == 0
    cast.client("student").post("/account/logout/")
    later = Event.objects.count() - all_of_them
    assert later and sending.send_record(tmp_path, there) == later
    came = host.messages(all_of_them + later)
    assert {kind for kind, _ in came} == {"record"}
    assert [one["number"] for _, one in came] == list(range(1, all_of_them + later + 1))
    kept = {one.number: bytes(one.hash).hex() for one in Event.objects.all()}
    assert all(one["hash"] == kept[one["number"]] for _, one in came)


def test_no_patient_and_no_detail_leaves(cast: Cast, host: Host, tmp_path: Path) -> None:
    from campus.test_access import opened

    opened(cast)
    event = Event.objects.exclude(patient="").latest("number")
    said = sending.said(event)
    assert event.patient and event.detail
    assert "patient" not in said and "detail" not in said and event.patient not in (said["object"], said["origin"])


def test_what_the_collector_did_not_take_is_sent_again(cast: Cast, tmp_path: Path) -> None:
    host = Host()
    there = Collector.at(f"tcp://127.0.0.1:{host.port}")
    host.close()
    with pytest.raises(OSError):
        sending.send_record(tmp_path, there)
    assert not (tmp_path / sending.SENT).exists()
    with closing(Host()) as back:
        sent = sending.send_record(tmp_path, Collector.at(f"tcp://127.0.0.1:{back.port}"))
        assert sent == len(back.messages(sent)) == Event.objects.count()


def test_a_record_that_was_replaced_is_told_and_sent_anew(
    cast: Cast, host: Host, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    from django.db import connection

    there = Collector.at(f"tcp://127.0.0.1:{host.port}")
    first = sending.send_record(tmp_path, there)
    guards.remove(connection)
    try:
        Event.objects.filter(number=first).update(hash=bytes(32))
    finally:
        guards.install(connection)
    assert sending.send_record(tmp_path, there) == first
    assert any("record differs" in one.getMessage() for one in caplog.records if one.name == "wardbench.security")


def test_the_background_sends_it_every_minute(
    cast: Cast, host: Host, tmp_path: Path, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    import msgspec

    from wardbench.campus.due import carry_out

    settings.CAMPUS = msgspec.structs.replace(settings.CAMPUS, syslog=f"tcp://127.0.0.1:{host.port}")
    carry_out(tmp_path)
    assert len(host.messages(10)) >= 10
    host.close()
    cast.client("student").post("/account/logout/")
    carry_out(tmp_path)
    assert any("due again" in one.getMessage() for one in caplog.records)


def test_what_cannot_be_done_keeps_nothing_else_waiting(
    cast: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from wardbench.campus import due

    done = []

    def fail() -> None:
        raise ValueError("a fault of ours")

    monkeypatch.setattr(due.extracting, "carry_out_due", fail)
    monkeypatch.setattr(due, "send_due", lambda: done.append("mail"))
    due.carry_out(tmp_path)
    assert done == ["mail"]
    assert [one.getMessage() for one in caplog.records if one.levelname == "ERROR"] == [
        "what was due could not be carried out: extracts"
    ]


def test_by_tls_the_collector_is_one_that_is_trusted(
    cast: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = made_certificate(tmp_path)
    with closing(Host(certificate)) as host:
        there = Collector.at(f"tls://127.0.0.1:{host.port}")
        with pytest.raises(ssl.SSLCertVerificationError):
            sending.send_record(tmp_path, there)
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        sent = sending.send_record(tmp_path, there)
        assert len(host.messages(sent)) == sent
        (check,) = _syslog(Configuration(syslog=f"tls://127.0.0.1:{host.port}"))
        assert check.state == "good"


def test_by_udp_each_message_is_one_datagram() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as host:
        host.bind(("127.0.0.1", 0))
        host.settimeout(10)
        handler = CollectorHandler(f"udp://127.0.0.1:{host.getsockname()[1]}", "security")
        handler.emit(logging.makeLogRecord({"msg": '{"event": "one"}', "levelname": "WARNING"}))
        told = LINE.fullmatch(host.recv(65536).decode())
        handler.close()
    assert told and int(told[1]) == 10 * 8 + 4 and told[6] == '{"event": "one"}'


@pytest.mark.parametrize("address", ["logs.example", "http://logs.example", "tls://", "tls://host:x", "tcp://h/path"])
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(InputError, match="syslog"):
        Collector.at(address)


def test_the_check_says_how_the_collector_stands() -> None:
    assert [one.state for one in _syslog(Configuration())] == ["warning"]
    with closing(Host()) as host:
        (check,) = _syslog(Configuration(syslog=f"tcp://127.0.0.1:{host.port}"))
        assert check.state == "warning" and "without TLS" in check.said
    (check,) = _syslog(Configuration(syslog=f"tcp://127.0.0.1:{host.port}"))
    assert check.state == "bad"
