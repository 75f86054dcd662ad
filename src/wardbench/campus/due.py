"""What the passing of time asks for, each by a function that does nothing when there is nothing to do."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.utils import timezone

from wardbench.campus.audit.queries import write_head
from wardbench.campus.notices.mail import send_due
from wardbench.campus.studies.granting import carry_out_due


def carry_out(folder: Path) -> None:
    """Everything that is due now."""
    write_head(folder / settings.CAMPUS.audit_heads)
    carry_out_due(timezone.now())
    send_due()
