"""People from a CSV file: every fault of every row, in plain words, before anything is written.

A row is a person with at most one role; further rows with the same address and name give that person further roles.
Sentences are made in the language of whoever is asking.
"""

from __future__ import annotations

import datetime
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from wardbench.campus.people.names import is_unseen
from wardbench.campus.people.orcid import is_orcid, orcid_in
from wardbench.campus.people.roles import CARE, Lead, Role
from wardbench.campus.people.sheet import Row, Sheet, folded, is_broken
from wardbench.core.spreadsheet import is_formula

LONGEST = {"email": 254, "name": 200, "title": 100, "expertise": 2000}
LONGEST_TOPIC = 200


@dataclass(frozen=True)
class Newcomer:
    """A row that can be imported; `role` is empty where the person gets none, `leads` where they head nothing."""

    email: str
    name: str
    title: str
    language: str
    orcid: str
    topics: tuple[str, ...]
    role: str = ""
    organisation: uuid.UUID | None = None
    unit: uuid.UUID | None = None
    since: datetime.date | None = None
    until: datetime.date | None = None
    leads: str = ""


@dataclass(frozen=True)
class Fault:
    """What is wrong, on which line, in which column as the file calls it (empty: the row as a whole)."""

    line: int
    column: str
    sentence: str


@dataclass(frozen=True)
class Known:
    """What the campus has: names are folded, and addresses lower case. `partners` are the partner companies."""

    taken: frozenset[str]
    organisations: Mapping[str, uuid.UUID]
    partners: frozenset[uuid.UUID]
    units: Mapping[tuple[uuid.UUID, str], uuid.UUID]
    roles: Mapping[str, Role]
    leads: Mapping[str, Lead]
    languages: Mapping[str, str]
    language: str
    today: datetime.date


@dataclass(frozen=True)
class Checked:
    """The rows that can be imported, and every fault of the others, by line."""

    good: tuple[Newcomer, ...]
    faults: tuple[Fault, ...]

    @property
    def people(self) -> int:
        return len({one.email for one in self.good})

    @property
    def reasons(self) -> dict[int, list[str]]:
        """The sentences of each line that has faults."""
        lines: dict[int, list[str]] = {}
        for fault in self.faults:
            said = f"{fault.column}: {fault.sentence}" if fault.column else fault.sentence
            lines.setdefault(fault.line, []).append(said)
        return lines


def check(sheet: Sheet, known: Known) -> Checked:
    """Every row of `sheet`, by what the campus has. A person with a faulty row keeps all rows back."""
    faults: list[Fault] = []
    good: list[tuple[int, Newcomer]] = []
    first: dict[str, tuple[int, str]] = {}
    held: dict[tuple[object, ...], int] = {}
    leading: dict[tuple[object, ...], tuple[int, str]] = {}
    faulty: dict[str, int] = {}
    for row in sheet.rows:
        found = _Faults(sheet, row)
        newcomer = _read(row, known, found)
        email = newcomer.email or row.values.get("email", "").lower()
        what = (email, newcomer.role, newcomer.organisation, newcomer.unit)
        if newcomer.leads:
            place = (email, newcomer.organisation, newcomer.unit)
            before, lead = leading.setdefault(place, (row.line, newcomer.leads))
            if lead != newcomer.leads:
                said = _("the same person is head and deputy there, here and on line %(line)d; say one of the two")
                found.add("leads", said % {"line": before})
        line, name = first.setdefault(email, (row.line, newcomer.name))
        if line != row.line and not found.list:
            if folded(name) != folded(newcomer.name):
                found.add("email", _("line %(line)d has the same address with another name") % {"line": line})
            elif not newcomer.role or what in held:
                same = {"line": held.get(what, line)}
                faults.append(Fault(row.line, "", _("The same person and role stand on line %(line)d already.") % same))
                continue
        held.setdefault(what, row.line)
        if found.list:
            faults += found.list
            faulty.setdefault(email, row.line)
        else:
            good.append((row.line, newcomer))
    for line, newcomer in good:
        if other := faulty.get(newcomer.email):
            sentence = _("Line %(line)d is of the same person and has a fault; they are imported together.")
            faults.append(Fault(line, "", sentence % {"line": other}))
    kept = [newcomer for _line, newcomer in good if newcomer.email not in faulty]
    return Checked(tuple(kept), tuple(sorted(faults, key=lambda fault: fault.line)))


class _Faults:
    def __init__(self, sheet: Sheet, row: Row) -> None:
        self.sheet, self.row = sheet, row
        self.list: list[Fault] = []

    def add(self, column: str, sentence: str) -> None:
        self.list.append(Fault(self.row.line, self.sheet.known.get(column, column), sentence))


def _read(row: Row, known: Known, faults: _Faults) -> Newcomer:
    value = {column: row.values.get(column, "") for column in ("email", "name", "title", "orcid", "expertise")}
    if len(row.cells) > len(faults.sheet.headers) and any(
        cell.strip() for cell in row.cells[len(faults.sheet.headers) :]
    ):
        faults.add("", _("The row has more cells than there are columns; is a separator missing its quotation marks?"))
    for column, cell in row.values.items():
        if is_broken(cell):
            faults.add(column, _("letters that are not UTF-8; save the file as CSV (UTF-8)"))
        elif any(ord(character) < 32 for character in cell):
            faults.add(column, _("a line break or another control character inside the cell"))
        elif any(map(is_unseen, cell)):
            faults.add(column, _("a letter that cannot be seen; type the cell anew"))
        elif len(cell) > LONGEST.get(column, 200):
            faults.add(column, _("longer than %(most)d characters") % {"most": LONGEST.get(column, 200)})
        elif column in ("name", "title") and is_formula(cell):
            faults.add(column, _("starts with a sign that a spreadsheet takes for a formula"))
    if faults.list:
        return Newcomer("", value["name"], "", "", "", ())
    email = value["email"].lower()
    try:
        validate_email(email)
    except ValidationError:
        faults.add("email", _("not an e-mail address") if email else _("empty"))
        email = ""
    if email in known.taken:
        faults.add("email", _("has an account already; give further roles on that person's page"))
    if not value["name"]:
        faults.add("name", _("empty"))
    orcid = orcid_in(value["orcid"])
    if orcid and not is_orcid(orcid):
        faults.add("orcid", _("not an ORCID iD: four groups of four digits, the last a check digit"))
    topics = {folded(topic): topic.strip() for topic in re.split("[;|]", value["expertise"]) if topic.strip()}
    if any(len(topic) > LONGEST_TOPIC for topic in topics.values()):
        faults.add("expertise", _("a topic is longer than %(most)d characters") % {"most": LONGEST_TOPIC})
    role, organisation, unit = _held(row, known, faults)
    leads = _leads(row, role, known, faults)
    since, until = (_date(row, column, faults) for column in ("since", "until"))
    if role and since is None:
        since = known.today
    if since and until and until < since:
        faults.add("until", _("before the day that the role begins"))
    return Newcomer(
        email,
        value["name"],
        value["title"],
        _language(row, known, faults),
        orcid,
        tuple(topics.values()),
        role,
        organisation,
        unit,
        since if role else None,
        until if role else None,
        leads,
    )


def _held(row: Row, known: Known, faults: _Faults) -> tuple[str, uuid.UUID | None, uuid.UUID | None]:
    said = {column: row.values.get(column, "") for column in ("role", "organisation", "unit")}
    role = known.roles.get(folded(said["role"]))
    if said["role"] and role is None:
        faults.add("role", _("%(role)s is not a role of the campus") % {"role": said["role"]})
    organisation = known.organisations.get(folded(said["organisation"]))
    if said["organisation"] and organisation is None:
        faults.add(
            "organisation",
            _("there is no organisation %(name)s; add it first, or correct its name") % {"name": said["organisation"]},
        )
    if role and role is not Role.PARTNER and organisation in known.partners:
        faults.add("role", _("at a partner company one can be a partner, and nothing else"))
    if said["role"] and not said["organisation"]:
        faults.add("organisation", _("empty; a role is held at an organisation"))
    if not said["role"]:
        for column in ("organisation", "unit", "since", "until", "leads"):
            if row.values.get(column):
                faults.add("role", _("empty, although there is an organisation, unit, date or head"))
                break
    unit = known.units.get((organisation, folded(said["unit"]))) if organisation else None
    if said["unit"] and organisation and unit is None:
        names = {"unit": said["unit"], "organisation": said["organisation"]}
        faults.add("unit", _("%(organisation)s has no unit %(unit)s") % names)
    return role.value if role else "", organisation, unit


def _leads(row: Row, role: str, known: Known, faults: _Faults) -> str:
    said = row.values.get("leads", "")
    found = known.leads.get(folded(said)) if said else None
    if said and found is None:
        faults.add("leads", _("%(said)s is none of: head, deputy; leave it empty for everybody else") % {"said": said})
    if found and role and role not in CARE:
        faults.add("leads", _("heads and deputies treat patients: as a physician, nurse or coordinator"))
    return found.value if found else ""


def _language(row: Row, known: Known, faults: _Faults) -> str:
    said = row.values.get("language", "")
    found = known.languages.get(folded(said)) if said else known.language
    if found is None:
        faults.add("language", _("%(language)s is not a language of the campus") % {"language": said})
    return found or ""


_DATES = (
    re.compile(r"(?P<y>\d{4})-(?P<m>\d{1,2})-(?P<d>\d{1,2})", re.ASCII),
    re.compile(r"(?P<d>\d{1,2})[/.-](?P<m>\d{1,2})[/.-](?P<y>\d{4})", re.ASCII),
)


def _date(row: Row, column: str, faults: _Faults) -> datetime.date | None:
    """Year-month-day, or day/month/year as it is written in Belgium."""
    said = row.values.get(column, "")
    if not said:
        return None
    for form in _DATES:
        if found := form.fullmatch(said):
            try:
                return datetime.date(*(int(found[part]) for part in "ymd"))
            except ValueError:
                break
    faults.add(column, _("%(date)s is not a date; write 2026-01-31 or 31/01/2026") % {"date": said})
    return None
