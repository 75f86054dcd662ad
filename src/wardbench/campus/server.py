"""The production server: gunicorn's threads for the pages, and one process beside it for work in the background."""

from __future__ import annotations

import errno
import gc
import logging
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from wsgiref.util import setup_testing_defaults

from django.conf import settings
from django.db import connections
from gunicorn.app.base import BaseApplication

from wardbench.campus.background import PARENT
from wardbench.campus.configuration import FOLDER, read_configuration
from wardbench.campus.ending import OrderlyArbiter, OrderlyWorker
from wardbench.campus.installation import migrate, start_django
from wardbench.core.errors import BusyError, InputError

log = logging.getLogger("wardbench.server")


class _Application(BaseApplication):  # type: ignore[misc]
    def __init__(self, options: dict[str, Any]) -> None:
        self.options = options
        super().__init__()

    def load_config(self) -> None:
        for name, value in self.options.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        from wardbench.campus.web.wsgi import application

        return application

    def run(self) -> None:
        OrderlyArbiter(self).run()


def serve(folder: Path, *, bind: str, workers: int, threads: int, ready: Callable[[], None] | None = None) -> None:
    """Serve the campus in `folder` until stopped. `ready` is called once pages can be asked for.

    BusyError where the address is taken, InputError where it is none.
    """
    configuration = read_configuration(folder)
    check_free(bind)
    start_django(folder)
    migrate()
    # Workers are forked from here: with a connection that is open they would all speak through that one, and read one
    # another's answers.
    connections.close_all()
    background = Background(folder)
    try:
        _Application(
            {
                "bind": bind,
                "workers": workers,
                "threads": threads,
                "keepalive": 0,
                "worker_class": OrderlyWorker,
                "timeout": 120,
                "graceful_timeout": 20,
                "forwarded_allow_ips": "127.0.0.1,::1",
                "proc_name": f"wardbench {configuration.name}",
                "loglevel": "warning",
                "control_socket_disable": True,
                "post_worker_init": lambda worker: warm_up(),
                "when_ready": lambda server: ready() if ready else None,
                "on_exit": lambda server: background.stop(),
            }
        ).run()
    finally:
        background.stop()


def warm_up() -> None:
    """Ask for a page and look at a cohort and at specimens, so that nobody's first page waits for what is read once (a
    second and more); and spare the collector what stays."""
    from wardbench.campus.cohorts import page
    from wardbench.campus.samples import current
    from wardbench.campus.web.wsgi import application

    host = next((name.lstrip(".") for name in settings.ALLOWED_HOSTS if name != "*"), "localhost")
    asked = {"PATH_INFO": "/account/login/", "HTTP_HOST": host, "REMOTE_ADDR": "127.0.0.1", "wsgi.url_scheme": "https"}
    setup_testing_defaults(asked)
    for _part in application(asked, _unheard):
        pass
    for what, read_ahead in (("cohort", page.read_ahead), ("specimens", current.read_ahead)):
        try:
            read_ahead()
        except Exception:  # no page needs it, and a worker that cannot begin would end the server
            log.warning("no %s could be looked at ahead of the first page", what, exc_info=True)
    current.latest.follow()
    gc.collect()
    gc.freeze()


def _unheard(status: str, headers: list[tuple[str, str]], fault: Any = None, /) -> Callable[[bytes], object]:
    return lambda part: None


def check_free(bind: str) -> None:
    """Say so now where `bind` cannot be listened on; the server would try for seconds and end with a trace."""
    if bind.startswith("unix:"):
        return
    host, colon, port = bind.rpartition(":")
    if not colon or not port.isdecimal() or not 0 < int(port) < 65536:
        raise InputError(f"--bind: {bind} is not an address and port, such as 127.0.0.1:8000.")
    host = host.strip("[]") or "0.0.0.0"
    try:
        family, kind, protocol, _name, address = socket.getaddrinfo(host, int(port), type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as tried:
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            tried.bind(address)
    except socket.gaierror:
        raise InputError(f"--bind: {host} is no address of this machine.") from None
    except PermissionError:
        raise InputError(f"--bind: port {port} is for the system's own services; name one above 1023.") from None
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise BusyError(f"Port {port} is taken by another program; name another one with --bind.") from None
        raise InputError(f"--bind: {bind} cannot be listened on ({error.strerror}).") from None


class Background:
    """The process that carries out tasks: reminders, expiries, heads of the audit chain, mail. Started again when it
    ends by itself, each time a little later."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.owner = folder, os.getpid()
        self.ending, self.changing = threading.Event(), threading.Lock()
        self.process = start_background(folder)
        threading.Thread(target=self._keep, daemon=True).start()

    def _keep(self) -> None:
        pause = FIRST_PAUSE
        while True:
            began = time.monotonic()
            self.process.wait()
            pause = FIRST_PAUSE if time.monotonic() - began > LONG else min(2 * pause, LONG)
            if self.ending.wait(pause):
                return
            with self.changing:
                if self.ending.is_set():
                    return
                log.error("the process in the background ended by itself; it is started again")
                self.process = start_background(self.folder)

    def stop(self) -> None:
        """Let it finish what it is doing, and end. The server's workers, which are copies of this process, do nothing
        here."""
        if os.getpid() != self.owner:
            return
        with self.changing:
            self.ending.set()
        self.process.terminate()
        try:
            self.process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self.process.kill()


FIRST_PAUSE, LONG = 1.0, 60.0


def start_background(folder: Path) -> subprocess.Popen[bytes]:
    environment = {**os.environ, FOLDER: str(folder.resolve()), PARENT: str(os.getpid())}
    environment["DJANGO_SETTINGS_MODULE"] = "wardbench.campus.settings"
    command = [sys.executable, "-m", "wardbench.campus.background"]
    # In a session of its own, so that a terminal's Ctrl-C reaches it through the server, which ends it in order.
    return subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, start_new_session=True)
