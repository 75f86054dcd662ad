"""Make the campus of a demonstration: once, through the services, in a process of its own."""

from __future__ import annotations

from pathlib import Path

from wardbench.campus.installation import make_campus
from wardbench.core.progress import Progress, silent

NAME = "Sint-Rafaël Health Sciences Campus"


def make_demonstration(folder: Path, *, store: Path, twin: Path, progress: Progress = silent) -> None:
    """Make a campus in `folder` on the hospital's `store`, with people of every role and what they are busy with."""
    progress(0, 2, "campus")
    make_campus(folder, name=NAME, store=store, twin=twin, demo=True)
    progress(1, 2, "people and their work")
    from django.db import transaction

    from wardbench.campus.demonstration.people import make_people

    with transaction.atomic():
        make_people()
    progress(2, 2, "campus")
