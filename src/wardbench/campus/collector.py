"""The host that collects logs: what is sent there is out of reach of whoever breaks into this one.

Lines are syslog's (RFC 5424), by `tls://` (RFC 5425, by a certificate that this machine trusts), `tcp://` or `udp://`.
No Django here, so that the settings can use it.
"""

from __future__ import annotations

import contextlib
import datetime
import logging
import logging.handlers
import os
import socket
import ssl
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from wardbench.core.errors import InputError

PORTS = {"tls": 6514, "tcp": 601, "udp": 514}
PATIENCE = 3.0
"""Seconds that a page waits for the collector at most."""
PAUSE = 30.0
"""Seconds for which lines go to standard error alone after the collector did not answer."""
log = logging.getLogger("wardbench.collector")


@dataclass(frozen=True)
class Collector:
    """Where lines are sent, and how."""

    way: str
    host: str
    port: int

    @classmethod
    def at(cls, address: str) -> Collector | None:
        """The collector of campus.toml's `syslog`; None where it names none, InputError where it cannot be one."""
        if not address:
            return None
        parts = urlsplit(address)
        with contextlib.suppress(ValueError):
            if parts.scheme in PORTS and parts.hostname and parts.path in ("", "/"):
                return cls(parts.scheme, parts.hostname, parts.port or PORTS[parts.scheme])
        raise InputError(
            "campus.toml: syslog: give tls://HOST:PORT, or tcp:// or udp:// within the hospital's network."
        )

    def connect(self) -> socket.socket:
        """A connection to it. OSError where it does not answer, or has no certificate that holds."""
        if self.way == "udp":
            family, kind, protocol, _name, address = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_DGRAM)[0]
            connection = socket.socket(family, kind, protocol)
            connection.connect(address)
            return connection
        connection = socket.create_connection((self.host, self.port), timeout=PATIENCE)
        if self.way == "tls":
            try:
                return ssl.create_default_context().wrap_socket(connection, server_hostname=self.host)
            except OSError:
                connection.close()
                raise
        return connection

    def framed(self, line: bytes) -> bytes:
        """A line as it is sent: with its length before it where one follows another."""
        return line if self.way == "udp" else b"%d %s" % (len(line), line)


def line(kind: str, said: str, priority: int, at: datetime.datetime | None = None) -> bytes:
    """A line of syslog; `kind` says of which log ("security", "record"), `priority` is facility and severity."""
    moment = (at or datetime.datetime.now(datetime.UTC)).isoformat(timespec="milliseconds")
    return f"<{priority}>1 {moment} {socket.gethostname()} wardbench {os.getpid()} {kind} - {said}".encode()


class CollectorHandler(logging.handlers.SysLogHandler):
    """Sends what is logged. Nobody waits long, and nothing fails, for a collector that does not answer: the line stands
    on standard error in any case."""

    def __init__(self, address: str, kind: str) -> None:
        collector = Collector.at(address)
        assert collector is not None
        self.collector, self.kind = collector, kind
        self.connection: socket.socket | None = None
        self.quiet_until = 0.0
        super().__init__((collector.host, collector.port), facility=self.LOG_AUTHPRIV)

    def createSocket(self) -> None:  # noqa: N802  (the handler's own name for it)
        """Nothing yet: the server starts without its collector, and each of its processes has its own connection."""

    def emit(self, record: logging.LogRecord) -> None:
        if time.monotonic() < self.quiet_until:
            return
        severity = self.encodePriority(self.facility, self.mapPriority(record.levelname))
        try:
            self._send(self.collector.framed(line(self.kind, self.format(record), severity)))
        except OSError as error:
            self._drop()
            self.quiet_until = time.monotonic() + PAUSE
            log.warning("the collector of logs does not answer (%s); lines stay here", type(error).__name__)

    def _send(self, data: bytes) -> None:
        if self.connection is not None and self.collector.way != "udp" and _has_ended(self.connection):
            self._drop()
        if self.connection is None:
            self.connection = self.collector.connect()
        self.connection.sendall(data)

    def _drop(self) -> None:
        if self.connection is not None:
            with contextlib.suppress(OSError):
                self.connection.close()
        self.connection = None

    def close(self) -> None:
        self._drop()
        super().close()


def _has_ended(connection: socket.socket) -> bool:
    """Whether the other side has closed: a collector says nothing, so that what can be read is the end."""
    connection.setblocking(False)
    try:
        connection.recv(1)
    except (BlockingIOError, ssl.SSLWantReadError):
        return False
    except OSError:
        return True
    finally:
        connection.settimeout(PATIENCE)
    return True


def logging_settings(address: str) -> dict[str, Any]:
    """The handler and logger that send the security log to the collector, for Django's LOGGING."""
    if Collector.at(address) is None:
        return {}
    handler = {"class": f"{__name__}.CollectorHandler", "address": address, "kind": "security"}
    return {"handlers": {"collector": handler}, "loggers": {"wardbench.security": {"handlers": ["collector"]}}}
