"""The process beside the server: carries out queued tasks, and every minute what is due.

Run as a module, with `WARDBENCH_CAMPUS` naming the folder; it ends when its parent does. Where the folder is served
twice, one of the two works and the other waits until it may take over.
"""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import threading
import time
from pathlib import Path
from typing import IO

from wardbench.campus.configuration import FOLDER
from wardbench.campus.installation import start_django

MINUTE = 60.0
HEARTBEAT = "background-alive"
"""A file in the campus's folder, touched every minute; removed when the process ends in order."""
STALE = 3 * MINUTE
LOCK = "background.lock"
PARENT = "WARDBENCH_PARENT"
"""The environment variable that names the process to end with."""
log = logging.getLogger("wardbench.background")


def main() -> None:
    folder = Path(os.environ[FOLDER])
    # Named by the parent, which may be gone before this process can ask who it was.
    parent = int(os.environ.get(PARENT, os.getppid()))
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    with alone(folder):
        start_django(folder)
        from wardbench.campus.due import take_up

        take_up()
        threading.Thread(target=_every_minute, args=(folder,), daemon=True).start()
        from django.core.management import call_command

        try:
            with contextlib.suppress(KeyboardInterrupt):
                call_command("db_worker", verbosity=0, queue_name="*", interval=1)
        finally:
            (folder / HEARTBEAT).unlink(missing_ok=True)


def alone(folder: Path) -> IO[bytes]:
    """Wait until nobody else works in the background of this folder; the file holds the place until it is closed."""
    file = (folder / LOCK).open("wb")
    fcntl.flock(file, fcntl.LOCK_EX)
    return file


def is_silent(folder: Path | None) -> bool:
    """Whether nobody works in the background of a folder."""
    if folder is None:
        return False
    try:
        return time.time() - (folder / HEARTBEAT).stat().st_mtime > STALE
    except FileNotFoundError:
        return True


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        threading.Event().wait(1)
    os._exit(0)


def _every_minute(folder: Path) -> None:
    from django.db import close_old_connections

    from wardbench.campus.due import carry_out

    while True:
        close_old_connections()
        try:
            (folder / HEARTBEAT).touch()
            carry_out(folder)
        except Exception:  # what is due now is due again in a minute; the reason is in the log
            log.exception("what was due could not be carried out")
        threading.Event().wait(MINUTE)


if __name__ == "__main__":
    main()
