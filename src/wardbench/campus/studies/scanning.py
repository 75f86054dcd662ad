"""Asking the hospital's malware scanner about a file, by the protocol of ClamAV's daemon (INSTREAM). No Django here.

A file of which the scanner does not say that it is clean is not kept: not one in which it found something, and none
while it cannot be asked.
"""

from __future__ import annotations

import re
import socket
import struct
import time
from dataclasses import dataclass
from typing import BinaryIO

from wardbench.campus.people.roles import gettext_noop
from wardbench.core.errors import BusyError, InputError

PATIENCE = 10.0
"""Seconds for all of a file; SQLite's writers wait for twice as long."""
_PART = 1 << 16
_MOST_SAID = 4096


class MalwareError(InputError):
    """The scanner found something; `found` is what it calls it."""

    def __init__(self, name: str, found: str) -> None:
        super().__init__(
            gettext_noop("{name} is refused: the scanner found {what} in it."), about="file", name=name, what=found
        )
        self.found = found


@dataclass(frozen=True)
class Scanner:
    """Where clamd listens: a socket of this machine by its path, or a host and port."""

    path: str = ""
    host: str = ""
    port: int = 0

    @classmethod
    def at(cls, address: str) -> Scanner | None:
        """`unix:/path` or `tcp:host:port`, none for an empty text; InputError for anything else."""
        if not address:
            return None
        kind, _, rest = address.partition(":")
        host, colon, port = rest.rpartition(":")
        if kind == "unix" and rest.startswith("/"):
            return cls(path=rest)
        if kind == "tcp" and colon and host and port.isdecimal() and 0 < int(port) < 65536:
            return cls(host=host.strip("[]"), port=int(port))
        raise InputError(gettext_noop("campus.toml: scanner: give unix:/path/of/clamd.ctl or tcp:host:port."))

    def look_at(self, file: BinaryIO, name: str) -> None:
        """MalwareError where something is found in `file`, BusyError where the scanner cannot say that it is clean."""
        end = time.monotonic() + PATIENCE
        try:
            with self._connect() as asked:
                said = _stream(asked, file, end)
        except OSError:
            said = ""
        if said == "stream: OK":
            return
        if found := re.fullmatch(r"stream: (.{1,200}) FOUND", said):
            raise MalwareError(name, found[1])
        sentence = gettext_noop("{name} could not be scanned for malware and is not kept; try again later.")
        raise BusyError(sentence, about="file", name=name)

    def answers(self) -> bool:
        """Whether there is a clamd that can be asked."""
        try:
            with self._connect() as asked:
                asked.sendall(b"zPING\0")
                return _answer(asked, time.monotonic() + PATIENCE) == "PONG"
        except OSError:
            return False

    def _connect(self) -> socket.socket:
        if not self.path:
            return socket.create_connection((self.host, self.port), timeout=PATIENCE)
        asked = socket.socket(socket.AF_UNIX)
        asked.settimeout(PATIENCE)
        try:
            asked.connect(self.path)
        except OSError:
            asked.close()
            raise
        return asked


def _stream(asked: socket.socket, file: BinaryIO, end: float) -> str:
    """What clamd says of a file: sent in parts, each after its length, and a length of nothing at the end."""
    file.seek(0)
    try:
        asked.sendall(b"zINSTREAM\0")
        while part := file.read(_PART):
            asked.settimeout(_left(end))
            asked.sendall(struct.pack("!I", len(part)) + part)
        asked.sendall(struct.pack("!I", 0))
    except (BrokenPipeError, ConnectionResetError):
        # It has heard enough: what it says is still there to be read.
        pass
    return _answer(asked, end)


def _answer(asked: socket.socket, end: float) -> str:
    said = b""
    while b"\0" not in said and len(said) < _MOST_SAID:
        asked.settimeout(_left(end))
        part = asked.recv(_MOST_SAID)
        if not part:
            break
        said += part
    whole, ended, _ = said.partition(b"\0")
    return whole.decode("ascii", "replace").strip() if ended else ""


def _left(end: float) -> float:
    """The seconds that are left; TimeoutError where there are none."""
    left = end - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left
