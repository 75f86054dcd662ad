"""The record, event by event, on the host that collects logs: each once it is there, in order, with its hash.

An event is sent without the patient it is about and without its details; its hash covers both, so that the collector's
lines prove the record as heads do, and nothing of a patient leaves. A file says up to which event they were sent.
"""

from __future__ import annotations

import contextlib
import json
import logging
import logging.handlers
import socket
import ssl
from pathlib import Path
from typing import Any

from wardbench.campus.audit.models import Event
from wardbench.campus.collector import Collector, line

SENT = "syslog-sent.json"
MOST = 5_000
"""Events of one minute: a record of years is sent in hours, and nothing waits for it."""
PRIORITY = logging.handlers.SysLogHandler.LOG_AUTHPRIV << 3 | logging.handlers.SysLogHandler.LOG_INFO
log = logging.getLogger("wardbench.security")


def send_record(folder: Path, collector: Collector | None) -> int:
    """Send what has been added to the record since the last time; how many events.

    OSError where the collector does not take them: they are sent again then, so that one may come twice and none is
    left out. Where the record is no longer the one that was sent, it is sent anew, and a warning says so.
    """
    if collector is None:
        return 0
    number = _sent(folder / SENT)
    events = list(Event.objects.filter(number__gt=number).order_by("number")[:MOST])
    if not events:
        return 0
    with collector.connect() as connection:
        for one in events:
            connection.sendall(collector.framed(line("record", json.dumps(said(one)), PRIORITY, one.at)))
        _finish(collector, connection)
    _keep(folder / SENT, events[-1])
    return len(events)


def said(event: Event) -> dict[str, Any]:
    """What is sent of an event."""
    target = "" if event.patient and event.object == event.patient else event.object
    return {
        "number": event.number,
        "at": event.at.isoformat(timespec="microseconds"),
        "actor": event.actor,
        "verb": event.verb,
        "kind": event.kind,
        "object": target,
        "study": event.study,
        "origin": event.origin,
        "hash": bytes(event.hash).hex(),
    }


def _finish(collector: Collector, connection: socket.socket) -> None:
    """Close so that a collector that went away meanwhile is noticed: its refusal comes back before its end does."""
    # What it says at its end, or that it keeps the connection open, is no refusal.
    with contextlib.suppress(ssl.SSLError, TimeoutError):
        if isinstance(connection, ssl.SSLSocket):
            connection.unwrap()
        elif collector.way == "tcp":
            connection.shutdown(socket.SHUT_WR)
            connection.recv(1)


def _sent(path: Path) -> int:
    """The number of the last event that was sent; 0 where none was, or where that event is another now."""
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        number, known = int(kept["number"]), bytes.fromhex(kept["hash"])
    except (OSError, ValueError, KeyError, TypeError):
        return 0
    event = Event.objects.filter(number=number).first()
    if event is not None and bytes(event.hash) == known:
        return number
    log.warning(json.dumps({"event": "record differs", "number": number}))
    return 0


def _keep(path: Path, event: Event) -> None:
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps({"number": event.number, "hash": bytes(event.hash).hex()}), encoding="utf-8")
    partial.replace(path)
