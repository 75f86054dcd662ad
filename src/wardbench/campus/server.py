"""The production server: gunicorn's threads for the pages, and one process beside it for work in the background."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gunicorn.app.base import BaseApplication

from wardbench.campus.configuration import FOLDER, read_configuration
from wardbench.campus.installation import migrate, start_django


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


def serve(folder: Path, *, bind: str, workers: int, threads: int, ready: Callable[[], None] | None = None) -> None:
    """Serve the campus in `folder` until stopped. `ready` is called once pages can be asked for."""
    configuration = read_configuration(folder)
    start_django(folder)
    migrate()
    background = start_background(folder)

    def stop(server: object) -> None:
        background.send_signal(signal.SIGTERM)
        background.wait(timeout=30)

    try:
        _Application(
            {
                "bind": bind,
                "workers": workers,
                "threads": threads,
                "worker_class": "gthread",
                "timeout": 120,
                "graceful_timeout": 20,
                "forwarded_allow_ips": "127.0.0.1,::1",
                "proc_name": f"wardbench {configuration.name}",
                "loglevel": "warning",
                "control_socket_disable": True,
                "when_ready": lambda server: ready() if ready else None,
                "on_exit": stop,
            }
        ).run()
    finally:
        if background.poll() is None:
            background.terminate()


def start_background(folder: Path) -> subprocess.Popen[bytes]:
    """The process that carries out tasks: reminders, expiries, heads of the audit chain, mail."""
    environment = {**os.environ, FOLDER: str(folder.resolve()), "DJANGO_SETTINGS_MODULE": "wardbench.campus.settings"}
    command = [sys.executable, "-m", "wardbench.campus.background"]
    # In a session of its own, so that a terminal's Ctrl-C reaches it through the server, which ends it in order.
    return subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, start_new_session=True)
