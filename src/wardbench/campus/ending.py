"""How the server ends in order: whoever is connected is answered, whoever comes later is not let in.

The kernel connects a browser before any worker takes the connection, and resets those that still wait when the socket
is closed: a form that was sent would be lost. So first nobody is let in any more, then the workers take whoever waits.
"""

from __future__ import annotations

import ctypes
import select
import socket
import struct
import sys
from typing import Any

from gunicorn.arbiter import Arbiter

from wardbench.campus.sharing import SharingWorker

SO_ATTACH_FILTER = 26
"""An option of Linux's sockets, from <asm-generic/socket.h>; Python has no name for it."""
DROP = ctypes.create_string_buffer(struct.pack("HBBI", 0x06, 0, 0, 0), 8)
"""A program for the kernel's packet filter, of one step, `return 0`: no packet passes."""


def let_nobody_in(listener: socket.socket) -> None:
    """Drop what strangers send to a listening socket; who is connected already notices nothing.

    Only Linux can: elsewhere, and on a socket of the file system, whoever comes in the last instant is reset.
    """
    if sys.platform == "linux" and listener.family != socket.AF_UNIX:
        listener.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, struct.pack("HP", 1, ctypes.addressof(DROP)))


class OrderlyArbiter(Arbiter):  # type: ignore[misc]
    """Shuts the door before it asks the workers to end."""

    def stop(self, graceful: bool = True) -> None:
        # Where systemd or a server that takes over goes on with the socket, others must still come in.
        if graceful and not self.systemd and self.reexec_pid == self.master_pid == 0:
            for listener in self.LISTENERS:
                let_nobody_in(listener.sock)
        super().stop(graceful)


class OrderlyWorker(SharingWorker):
    """Takes whoever waits at the door before it leaves it."""

    sockets: list[Any]

    def set_accept_enabled(self, enabled: bool) -> None:
        super().set_accept_enabled(enabled)
        if enabled or self.alive:
            return
        for listener in self.sockets:
            door = select.poll()
            door.register(listener, select.POLLIN)
            while door.poll(0):
                self.accept(listener)
            listener.close()
        self.sockets = []
