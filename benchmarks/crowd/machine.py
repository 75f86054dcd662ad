"""What programs take of the processor, user and system time together. Linux tells it; elsewhere it is 0."""

from __future__ import annotations

import os
from pathlib import Path

PROC = Path("/proc")


def cpu_seconds(process: int) -> float:
    """Of a process and all its threads until now, to the nanosecond."""
    spent = 0
    for task in PROC.glob(f"{process}/task/*/schedstat"):
        try:
            spent += int(task.read_text().split()[0])
        except (OSError, ValueError, IndexError):
            continue  # a thread that ended meanwhile
    return spent / 1e9


def children(process: int) -> list[int]:
    """The processes that a process started, not those that these started."""
    found = []
    for one in PROC.glob("[0-9]*/stat"):
        try:
            parent = one.read_text().rpartition(")")[2].split()[1]
        except (OSError, IndexError):
            continue
        if parent == str(process):
            found.append(int(one.parent.name))
    return found


def called(process: int) -> str:
    """The command of a process, in words."""
    try:
        return (PROC / str(process) / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


def busy_seconds() -> float:
    """Of all cores together, by whatever program, since the machine started."""
    try:
        user, nice, system, _idle, _waiting, *others = map(int, (PROC / "stat").read_text().split("\n")[0].split()[1:8])
    except OSError:
        return 0.0
    return (user + nice + system + sum(others)) / os.sysconf("SC_CLK_TCK")


def waiting_programs() -> float:
    """How many programs wanted a core in the last minute, on average."""
    return round(os.getloadavg()[0], 1)
