"""What the passing of time asks for, each by a function that does nothing when there is nothing to do."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from wardbench.campus.access import reminding
from wardbench.campus.audit.queries import write_head
from wardbench.campus.audit.sending import send_record
from wardbench.campus.biobank.imports import work as imports
from wardbench.campus.collector import Collector
from wardbench.campus.notices.mail import send_due
from wardbench.campus.outcomes import answering
from wardbench.campus.releases import ended_permits, extracting, requesting, standing_matching, withdrawals
from wardbench.campus.samples import current as samples
from wardbench.campus.studies.granting import carry_out_due

log = logging.getLogger("wardbench.background")
collected = logging.getLogger("wardbench.collector")


def carry_out(folder: Path) -> None:
    """Everything that is due now. What cannot be done keeps nothing else waiting: it is in the log, and due again."""
    now = timezone.now()
    steps: dict[str, Callable[[], object]] = {
        "the head of the record": lambda: write_head(folder / settings.CAMPUS.audit_heads),
        "emergency accesses": lambda: reminding.carry_out_due(now),
        "studies": lambda: carry_out_due(now),
        "requests": lambda: requesting.carry_out_due(now),
        "requests of permits that ended": lambda: ended_permits.carry_out_due(now),
        "withdrawals": withdrawals.carry_out_due,
        "extracts": extracting.carry_out_due,
        "questions about outcomes": lambda: answering.carry_out_due(now),
        "mail": send_due,
        "imports": lambda: imports.carry_out_due(now),
        "the index of specimens": lambda: samples.carry_out_due(now),
        "criteria that stand": lambda: standing_matching.carry_out_due(now),
        "the collector of logs": lambda: _send(folder),
    }
    for what, step in steps.items():
        try:
            step()
        except Exception:
            log.exception("what was due could not be carried out: %s", what)


def take_up() -> None:
    """Carry on with what was under way when the process before this one ended, and do not wait until it is due; have at
    hand what is needed later."""
    try:
        imports.take_up()
    except Exception:
        log.exception("what was under way could not be taken up")
    try:
        # What is compiled is loaded now, and not beside whoever works when the first specimen changes.
        samples.latest.get()
    except Exception:
        log.exception("the index of specimens could not be opened")


def _send(folder: Path) -> None:
    try:
        send_record(folder, Collector.at(settings.CAMPUS.syslog))
    except OSError as error:
        collected.warning("the record could not be sent to the collector of logs (%s); it is due again", error)
