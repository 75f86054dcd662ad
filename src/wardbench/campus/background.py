"""The process beside the server: carries out queued tasks, and every minute what is due.

Run as a module, with `WARDBENCH_CAMPUS` naming the folder; it ends when its parent does.
"""

from __future__ import annotations

import contextlib
import logging
import os
import threading
from pathlib import Path

from wardbench.campus.configuration import FOLDER
from wardbench.campus.installation import start_django

MINUTE = 60.0
log = logging.getLogger("wardbench.background")


def main() -> None:
    folder = Path(os.environ[FOLDER])
    start_django(folder)
    parent = os.getppid()
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    threading.Thread(target=_every_minute, args=(folder,), daemon=True).start()
    from django.core.management import call_command

    with contextlib.suppress(KeyboardInterrupt):
        call_command("db_worker", verbosity=0, queue_name="*", interval=1)


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
            carry_out(folder)
        except Exception:  # what is due now is due again in a minute; the reason is in the log
            log.exception("what was due could not be carried out")
        threading.Event().wait(MINUTE)


if __name__ == "__main__":
    main()
