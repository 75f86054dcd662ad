"""Answering the Sample Locator: exactly for the inventory's people, as an estimate for those who plan a study.

An estimate is of donors alone: how many, by sex and by age, each with the noise of a feasibility count and charged to
the budget of whoever asks. It is made of donors as they were when they were last set down, at most a quarter ago: if
they followed the inventory, two answers could be subtracted from one another.
"""

from __future__ import annotations

import datetime
import hashlib
import threading
import uuid
from pathlib import Path
from typing import Any

import msgspec
from django.conf import settings
from django.utils import timezone

from wardbench.campus.audit.services import record, verb
from wardbench.campus.counting import services as counting
from wardbench.campus.counting.rules import may_estimate
from wardbench.campus.people.rules import Actor
from wardbench.campus.samples import current, rules
from wardbench.campus.samples.people import donors, people
from wardbench.campus.samples.rules import Mode
from wardbench.core.disclosure.feasibility import FeasibilityRules
from wardbench.core.store.files import write_atomically
from wardbench.ward.samples.lens import Node, Person, canonical, read_query
from wardbench.ward.samples.lens_index import Donors
from wardbench.ward.samples.lens_report import UNKNOWN, Group, Report, measure_report

GENDERS = ("female", "male", "other", UNKNOWN)
DECADES = (*(str(years) for years in range(0, 130, 10)), UNKNOWN)
"""The strata of an estimate: all of them, whatever there is."""
NOTES = "urn:wardbench:disclosure"


@verb("samples.locate")
def locate(content: bytes | str, *, by: Actor, query_id: str = "") -> dict[str, Any]:
    """A MeasureReport for a query of Lens.

    InputError where it cannot be read; ForbiddenError for who may neither see the inventory nor ask for estimates;
    SpentError where the budget of `by` is spent; a query names no project.
    """
    query = read_query(content)
    today = timezone.localdate()
    named = query_id or str(uuid.uuid4())
    digest = hashlib.sha256(canonical(query)).hexdigest()
    if rules.may_find_all(by):
        report = measure_report(donors().answer(query, today), lambda *which: which[3], timezone.now(), named)
        record("samples.locate", "query", digest, by=by, mode=Mode.STEWARDSHIP.value)
        return report
    return _estimate(query, named, digest, by=by)


def _estimate(query: Node, named: str, digest: str, *, by: Actor) -> dict[str, Any]:
    may_estimate(by).require()
    version, held, day = _set_down()
    for part in ("all", "sex", "age"):
        counting.charge(version, hashlib.sha256(f"{part} {digest}".encode()).hexdigest(), by=by)
    found = held.answer(query, day).patients
    told = FeasibilityRules(settings.CAMPUS_KEYS["disclosure"], version)
    strata = {
        "gender": {name: found.strata["gender"].get(name, 0) for name in GENDERS},
        "Age": {name: found.strata["Age"].get(name, 0) for name in DECADES},
    }
    question = canonical(query)
    shown = {("", ""): told.count(found.total, question)}
    for name, cells in strata.items():
        figures = told.cells(cells, question + b"\x00" + name.encode())
        shown.update({(name, value): figure for value, figure in figures.items()})
    nothing = Group("", 0, {})
    asked = Report(Group("patients", found.total, strata), nothing, nothing)

    def figure(group: str, name: str, value: str, _count: int) -> int | None:
        said = shown[name, value].value if group == "patients" else None
        return None if said is None else int(said)

    report = measure_report(asked, figure, timezone.now(), named)
    report["extension"] = [{"url": NOTES, "valueString": note} for note in told.notes]
    record("samples.locate", "query", digest, by=by, mode="feasibility", version=version)
    return report


_lock = threading.Lock()
_down: tuple[tuple[int, int], str, Donors, datetime.date] | None = None


def _set_down() -> tuple[str, Donors, datetime.date]:
    """The donors as they were last set down, the digest of that, and its day; anew where it is older than a quarter."""
    place = current.folder() / "locator.json"
    with _lock:
        found = _read_down(place)
        if found is None or timezone.localdate() - found[2] >= datetime.timedelta(days=current.CUBE_DAYS):
            said = {"made": timezone.localdate(), "people": people()}
            place.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(place, msgspec.json.encode(said))
            found = _read_down(place)
    assert found is not None, "it was written just now"
    return found


def _read_down(place: Path) -> tuple[str, Donors, datetime.date] | None:
    """What was set down, read once for each file; None where it cannot be read."""
    global _down
    try:
        seen = place.stat()
        which = (seen.st_mtime_ns, seen.st_ino)
        if _down is None or _down[0] != which:
            content = place.read_bytes()
            read = msgspec.json.decode(content)
            held = msgspec.convert(read["people"], list[Person], strict=False)
            day = datetime.date.fromisoformat(read["made"])
            _down = which, hashlib.sha256(content).hexdigest(), Donors(held), day
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return _down[1:]
