"""The task of the background that answers a question about outcomes."""

from __future__ import annotations

import uuid

from django_tasks import task

from wardbench.campus.audit.services import origin


@task()
def answer_inquiry(inquiry_id: str) -> None:
    """Answer one question, unless another process does."""
    from wardbench.campus.outcomes.answering import carry_on

    with origin("outcomes"):
        carry_on(uuid.UUID(inquiry_id))
