"""Reading a list of which team treats which patient: every fault is told, the good rows are kept."""

from __future__ import annotations

import csv
import datetime
import io
import uuid
from dataclasses import dataclass

from django.utils.translation import gettext as _

from wardbench.campus.people.models import Unit
from wardbench.campus.people.refusals import refusal as said_of
from wardbench.core.errors import InputError

COLUMNS = ("patient", "unit", "since", "until")
MOST = 1_000_000


@dataclass(frozen=True)
class Row:
    """A good row; `unit` is a unit's id."""

    patient: int
    unit: uuid.UUID
    since: datetime.date
    until: datetime.date | None


@dataclass(frozen=True)
class Fault:
    """What is wrong with a line, without the patient in it."""

    line: int
    why: str


def read(text: str) -> tuple[list[Row], list[Fault]]:
    """The rows and faults of a CSV with the header patient,unit,since,until. InputError where the header is another."""
    lines = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")), strict=True)
    if tuple(lines.fieldnames or ()) != COLUMNS:
        raise InputError(_("The first line names the columns: %(columns)s.") % {"columns": ",".join(COLUMNS)})
    units = {unit.name.lower(): unit.id for unit in Unit.objects.all()}
    rows, faults = [], []
    try:
        for line in lines:
            try:
                rows.append(_row(line, units))
            except InputError as fault:
                faults.append(Fault(lines.line_num, said_of(fault)))
            if len(rows) > MOST:
                raise InputError(_("A list holds at most %(number)d rows; give it in parts.") % {"number": MOST})
    except csv.Error:
        raise InputError(_("Line %(number)d: this is not CSV.") % {"number": lines.line_num}) from None
    return rows, faults


def _row(line: dict[str, str], units: dict[str, uuid.UUID]) -> Row:
    if None in line or None in line.values():
        raise InputError(_("the line has not four fields."))
    if not line["patient"].strip().isdecimal() or int(line["patient"]) >= 2**63:
        raise InputError(_("patient: this is not a number of a patient."))
    unit = units.get(line["unit"].strip().lower())
    if unit is None:
        raise InputError(_("unit: there is no such department or care programme."))
    since, until = _day(line["since"], "since"), _day(line["until"], "until") if line["until"].strip() else None
    if until is not None and until < since:
        raise InputError(_("until: care ends on the day it began or later."))
    return Row(int(line["patient"]), unit, since, until)


def _day(text: str, name: str) -> datetime.date:
    try:
        return datetime.date.fromisoformat(text.strip())
    except ValueError:
        raise InputError(_("%(name)s: write a day as 2026-01-31.") % {"name": name}) from None
