"""Make the campus of a demonstration: once, through the services, in a process of its own."""

from __future__ import annotations

import shutil
from pathlib import Path

from wardbench.campus.configuration import read_configuration
from wardbench.campus.installation import make_campus, start_django
from wardbench.campus.people.roles import TITLES, Role
from wardbench.core.errors import InputError, WardbenchError
from wardbench.core.garbage import seldom_collected
from wardbench.core.progress import Progress, silent

NAME = "Sint-Rafaël Health Sciences Campus"
DAYS = 28
"""How long ago its people began."""
MADE = "demonstration-made"
"""A file in the campus's folder that says that everything in it is there."""


def is_made(folder: Path) -> bool:
    """Whether `folder` holds the whole campus of a demonstration."""
    return (folder / MADE).is_file() and (folder / "campus.toml").is_file()


@seldom_collected()
def make_demonstration(
    folder: Path, *, store: Path, twin: Path, database: str = "sqlite:campus.sqlite3", progress: Progress = silent
) -> None:
    """Make a campus in `folder` on the hospital's `store`, with people of every role and what they are busy with.

    What a demonstration that was interrupted left in `folder` is replaced. InputError where it holds a real campus.
    """
    progress(0, 2, "campus")
    _remove_half_made(folder)
    make_campus(folder, name=NAME, database=database, store=store, twin=twin, demo=True)
    progress(1, 2, "people and their work")
    from django.db import transaction
    from django.utils import timezone

    from wardbench.campus.audit.services import origin
    from wardbench.campus.cohorts.queries import latest
    from wardbench.campus.demonstration.biobank import make_biobank, note_temperatures
    from wardbench.campus.demonstration.clock import beginning
    from wardbench.campus.demonstration.cohorts import make_cohorts, put_behind_questions
    from wardbench.campus.demonstration.emergency import make_emergency
    from wardbench.campus.demonstration.imports import make_imports
    from wardbench.campus.demonstration.outcomes import make_inquiries
    from wardbench.campus.demonstration.panels import make_panel
    from wardbench.campus.demonstration.people import make_people
    from wardbench.campus.demonstration.questions import make_questions
    from wardbench.campus.demonstration.releases import make_request_abroad, make_requests
    from wardbench.campus.demonstration.returns import make_returns
    from wardbench.campus.demonstration.studies import make_studies
    from wardbench.campus.demonstration.visits import make_visits
    from wardbench.campus.demonstration.withdrawals import make_withdrawals
    from wardbench.campus.demonstration.yardsticks import make_yardsticks

    with origin("demonstration"), transaction.atomic():
        with beginning(DAYS) as clock:
            people = make_people()
            questions = make_questions(people)
            cohorts = make_cohorts(people)
            put_behind_questions(cohorts, questions, people)
            versions = {key: last.id for key, cohort in cohorts.items() if (last := latest(cohort))}
            studies = make_studies(people, questions, versions)
            bank = make_biobank(people)
            clock.wait(days=1)
            make_requests(people, studies["proteins"], clock)
            make_request_abroad(people, studies["abroad"], clock)
            make_returns(people, studies["proteins"], clock)
            if "strip" in studies:
                make_panel(people, studies["strip"], clock)
        note_temperatures(bank.freezers)
        make_visits(people, bank)
        make_imports(people)
        make_withdrawals(people)
        make_inquiries(people)
        make_emergency(people)
        make_yardsticks(people)
    from wardbench.campus.releases.standing_matching import carry_out_due
    from wardbench.campus.samples.current import refresh

    refresh()
    with origin("demonstration"):
        carry_out_due(timezone.now())
    (folder / MADE).touch()
    progress(2, 2, "campus")


def _remove_half_made(folder: Path) -> None:
    if not folder.is_dir() or not any(folder.iterdir()):
        return
    try:
        ours = read_configuration(folder).demo
    except WardbenchError:
        ours = not (folder / "campus.toml").exists() and (folder / "keys").is_dir()
    if not ours:
        raise InputError(f"{folder}: there is a campus here that is no demonstration; name another folder.")
    shutil.rmtree(folder)


def people_by_role(folder: Path) -> list[tuple[str, str]]:
    """The title of each role, and the names of who holds it in the demonstration in `folder`."""
    start_django(folder)
    from wardbench.campus.demonstration.people import PEOPLE

    return [(TITLES[role], ", ".join(one.name for one in PEOPLE if one.role is role)) for role in Role]
