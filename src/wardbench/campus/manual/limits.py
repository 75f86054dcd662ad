"""How often and how much: each limit of the business with its figure from the code, for one person and for all."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from dataclasses import dataclass

from django.conf import settings

from wardbench.campus.access import rules as access
from wardbench.campus.access import sheet as care
from wardbench.campus.api import rules as api
from wardbench.campus.audit import views as audit
from wardbench.campus.biobank.imports import files as specimens
from wardbench.campus.biobank.imports.services import MOST_MENDS
from wardbench.campus.catalogue import registers
from wardbench.campus.cohorts import builder_views as builder
from wardbench.campus.cohorts import services as cohorts
from wardbench.campus.counting import budgets, sessions
from wardbench.campus.limits.rates import RATES, Doing
from wardbench.campus.outcomes import answering, at_once, given, specs
from wardbench.campus.outcomes import services as outcomes
from wardbench.campus.people import importing, sheet
from wardbench.campus.people.first_passwords import IN_USE, LASTS
from wardbench.campus.questions import rules as questions
from wardbench.campus.questions import services as asking
from wardbench.campus.releases import blinding, findings
from wardbench.campus.releases import finding_sheet as values_of
from wardbench.campus.releases.moves import LONGEST_WORDS
from wardbench.campus.studies import documents
from wardbench.campus.studies.moves import LONGEST_REASON
from wardbench.core import workbook


@dataclass(frozen=True)
class Limit:
    """What is limited, for whom (one person, one project, all together, one of its kind), how far, and what then."""

    what: str
    whom: str
    most: str
    then: str = "refused with a sentence"


def every() -> Iterator[Limit]:
    """Each limit there is."""
    person, one, together = "one person", "each", "all together"
    days, year = budgets.PERIOD.days, budgets.YEAR.days
    yield Limit("feasibility counts", "one person, in all projects together", f"{budgets.IN_PERIOD} in {days} days")
    yield Limit("feasibility counts", "one person, in all projects together", f"{budgets.IN_YEAR} in {year} days")
    yield Limit("feasibility counts", "one project, all its people", f"{budgets.OF_PROJECT} on one version of the data")
    yield Limit(
        "counts under way or waiting",
        f"{together}, for each process",
        str(sessions.MOST_AT_ONCE),
        f"waits {sessions.LONG:g} s for a place, then refused",
    )
    yield Limit("emergency accesses that are open", person, str(access.MOST_AT_ONCE))
    yield Limit("an emergency access", one, _time(access.LASTS), "ends by itself")
    yield Limit("the review of an emergency access", one, _time(access.REVIEW_WITHIN), "shown as overdue")
    yield Limit("a key of the API", one, f"{api.LEAST_DAYS} to {api.MOST_DAYS} days", "ends by itself")
    yield Limit("changing one's own comment", one, f"{questions.MINUTES_TO_EDIT} minutes")
    yield Limit("topics of a question", one, str(asking.MOST_TAGS))
    lengths = (asking.LONGEST_TITLE, asking.LONGEST_TEXT, asking.LONGEST_REASON)
    yield Limit("a question's title, text, reason", one, f"{', '.join(f'{each:,}' for each in lengths)} characters")
    inquiry = f"{outcomes.LONGEST_NAME:,} and {outcomes.LONGEST_PURPOSE:,} characters"
    yield Limit("the name and the purpose of a question about outcomes", one, inquiry)
    yield Limit("a table for a question about outcomes", one, f"{given.LARGEST:,} bytes")
    yield Limit("bands of age in a question about outcomes", one, str(specs.MOST_BANDS))
    yield Limit("a table that is worked out at once", one, f"{at_once.MOST_LINES:,} lines")
    unheard = answering.UNHEARD.days
    yield Limit("values of a researcher's that wait for a review", one, f"{unheard} days", "removed, with the question")
    yield Limit("a reason in a study", one, f"{LONGEST_REASON:,} characters")
    yield Limit("what is said with a request for specimens", one, f"{LONGEST_WORDS:,} characters")
    yield Limit("steps of a draft that undo goes back", one, str(cohorts.MOST_STEPS), "the oldest is forgotten")
    yield Limit("a definition of a cohort", one, f"{cohorts.LARGEST:,} bytes; as a file {builder.LARGEST_FILE:,}")
    yield Limit("a document", one, _file(documents.LARGEST, f"a name of {documents.LONGEST_NAME} characters"))
    yield Limit("entries of a register on one page to print", one, f"{registers.MOST_PRINTED:,}")
    yield Limit("entries of a register as a workbook", one, f"{registers.MOST_IN_WORKBOOK:,}", "refused; a CSV has all")
    yield Limit("a file of specimens", one, _file(specimens.MOST_BYTES, f"{specimens.MOST_ROWS:,} rows"))
    workbook_rows = f"{workbook.MOST_ROWS:,} rows, columns A to CZ, {workbook.MOST_UNPACKED // 1_000_000} MB unpacked"
    yield Limit("a workbook of specimens", one, _file(specimens.MOST_WORKBOOK, workbook_rows))
    yield Limit("columns of a file of specimens", one, f"{specimens.MOST_COLUMNS}")
    yield Limit("cells that are mended in an import", one, f"{MOST_MENDS:,}")
    values = f"{values_of.MOST_ROWS:,} lines, fields of {', '.join(str(each) for each in values_of.LONGEST.values())}"
    yield Limit("values that come back from a study", one, _file(values_of.MOST_BYTES, f"{values} characters"))
    yield Limit("places of a blinded panel", one, f"{blinding.FEWEST} to {blinding.MOST}")
    yield Limit("specimens of what comes back from a study", one, f"{findings.MOST_LABELS:,}")
    yield Limit("a file of people", one, _file(sheet.MOST_BYTES, f"{sheet.MOST_ROWS:,} rows"))
    yield Limit("a topic of somebody's expertise", one, f"{importing.LONGEST_TOPIC} characters")
    yield Limit("a list of whom teams treat", one, f"{care.MOST:,} rows")
    yield Limit("events of the record in one file to take away", one, f"{audit.MOST:,}")
    yield Limit("a request that is no file", one, f"{settings.DATA_UPLOAD_MAX_MEMORY_SIZE:,} bytes")
    hours = settings.SESSION_COOKIE_AGE // 3600
    yield Limit("a session", person, f"{hours} hours, shorter for some roles", "ends by itself")
    yield Limit("a first password", one, f"{_time(LASTS)}; {_time(IN_USE)} once it was used", "opens nothing")
    for doing, pace in RATES.items():
        yield Limit(DOING[doing], person, f"{pace.burst} at once, then one every {pace.each:g} s", "refused until then")
    for what, rates in settings.ACCOUNT_RATE_LIMITS.items():
        for rate in rates.split(","):
            most, time, whom = rate.split("/")
            yield Limit(SIGNING_IN[what], WHOM[whom], f"{most} in {TIMES[time]}", "refused for as long")


DOING = {
    Doing.SEARCH: "searches",
    Doing.EXPORT: "documents, letters, permits, results, definitions, lists and the record as a file",
    Doing.PATIENT: "timelines of patients, and records opened in an emergency",
    Doing.COUNT: "counts in studies, feasibility counts, comparisons, pages of concepts",
    Doing.CREATE: "new questions, comments, cohorts and studies; files that are sent in",
    Doing.CHANGE: "forms that are sent",
    Doing.API_READ: "questions of programs, by all keys together",
    Doing.API_COUNT: "counts of programs",
    Doing.API_WRITE: "what programs write",
}
SIGNING_IN = {
    "login": "tries to sign in",
    "login_failed": "failed tries to sign in",
    "reauthenticate": "tries to show who one is",
    "reset_password": "letters for a new password",
    "reset_password_from_key": "tries with such a letter",
    "change_password": "changes of a password",
    "parcel": "tries to open the page of a parcel from outside",
}
WHOM = {"ip": "one address of the network", "key": "one account", "user": "one person"}
TIMES = {"m": "a minute", "5m": "5 minutes", "h": "an hour"}


def table() -> Iterator[str]:
    """The section of the page."""
    yield "\n## How often, and how much\n\n| what | whose | at most | beyond it |\n| --- | --- | --- | --- |\n"
    yield from (f"| {one.what} | {one.whom} | {one.most} | {one.then} |\n" for one in every())


def _time(span: datetime.timedelta) -> str:
    minutes = int(span.total_seconds() // 60)
    return f"{minutes} minutes" if minutes < 60 else f"{minutes // 60} hours"


def _file(size: int, besides: str) -> str:
    return f"{size:,} bytes, {besides}"
