"""What the passing of time asks for, each by a function that does nothing when there is nothing to do."""

from __future__ import annotations

import logging
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from wardbench.campus.audit.queries import write_head
from wardbench.campus.audit.sending import send_record
from wardbench.campus.biobank.imports import work as imports
from wardbench.campus.collector import Collector
from wardbench.campus.notices.mail import send_due
from wardbench.campus.releases import ended_permits, extracting, requesting, standing_matching, withdrawals
from wardbench.campus.samples.current import refresh as refresh_samples
from wardbench.campus.studies.granting import carry_out_due

log = logging.getLogger("wardbench.collector")


def carry_out(folder: Path) -> None:
    """Everything that is due now."""
    write_head(folder / settings.CAMPUS.audit_heads)
    carry_out_due(timezone.now())
    requesting.carry_out_due(timezone.now())
    ended_permits.carry_out_due(timezone.now())
    withdrawals.carry_out_due()
    extracting.carry_out_due()
    send_due()
    imports.carry_out_due(timezone.now())
    refresh_samples()
    standing_matching.carry_out_due(timezone.now())
    try:
        send_record(folder, Collector.at(settings.CAMPUS.syslog))
    except OSError as error:
        log.warning("the record could not be sent to the collector of logs (%s); it is due again", error)
