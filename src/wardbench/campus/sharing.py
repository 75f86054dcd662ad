"""How the server's processes share the requests: whoever comes waits at one door, and who is free first takes them.

gunicorn's worker takes every connection at once, keeps it, and lets its threads wait for one another while another
process has nothing to do. Python lets one thread of a process run at a time, so that more at once make each slower.
"""

from __future__ import annotations

import time
from concurrent.futures import Future
from functools import partial
from selectors import EVENT_READ
from typing import Any

from gunicorn.workers.gthread import ThreadWorker

LONG = 0.25
"""Seconds after which a request no longer keeps a process from taking another one: it waits for the database, a file or
a slow reader, or works for long, and others should not wait for that."""
SILENT = 5.0
"""Seconds that a connection may be silent before it is closed: browsers open some ahead of need."""


class SharingWorker(ThreadWorker):  # type: ignore[misc]
    """Takes a connection while none of its threads has begun a moment ago, and one is free. A connection that says
    nothing holds no thread. Meant for connections of one request each, without keep-alive."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.running: dict[Any, float] = {}

    def may_take(self) -> bool:
        now = time.monotonic()
        return len(self.running) < self.cfg.threads and all(now - began >= LONG for began in self.running.values())

    def set_accept_enabled(self, enabled: bool) -> None:
        super().set_accept_enabled(enabled and self.may_take())

    def enqueue_req(self, conn: Any) -> None:
        """Let a thread answer where something was said, and take nobody else for a moment; else wait for it."""
        if conn.initialized or conn.wait_for_data(0):
            self.running[conn] = time.monotonic()
            super().enqueue_req(conn)
        else:
            conn.sock.setblocking(False)
            conn.timeout = time.monotonic() + SILENT
            self.pending_conns.append(conn)
            self.poller.register(conn.sock, EVENT_READ, partial(self.on_pending_socket_readable, conn))
        if self.alive:
            self.set_accept_enabled(True)

    def finish_request(self, conn: Any, fs: Future[Any]) -> None:
        self.running.pop(conn, None)
        super().finish_request(conn, fs)

    def wait_for_and_dispatch_events(self, timeout: float) -> None:
        super().wait_for_and_dispatch_events(timeout if self._accepting else min(timeout, LONG))
