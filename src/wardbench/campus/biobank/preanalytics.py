"""From what was noted of a specimen to its SPREC code, and to the delays that a ward or a tube type drifts in."""

from __future__ import annotations

import datetime
import statistics
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from wardbench.campus.biobank.models import Specimen
from wardbench.campus.people.roles import gettext_noop
from wardbench.core.errors import InputError
from wardbench.core.sprec import SOLIDS, Fluid, Solid, Spin, sprec

TIMES = ("spun", "spun_off", "frozen")
FLAGS = ("waited_cold", "waited_warm", "kept_cold")
NUMBERS = ("warm_minutes", "cold_minutes", "fixed_minutes")
CODES = ("collection", "fixation", "storage")
FASTING = ("F", "NF")
KNOWN = frozenset({*TIMES, *FLAGS, *NUMBERS, *CODES, "spins", "fasting"})
"""The facts that are kept: times (ISO 8601), flags, minutes, codes of SPREC, spins as [g, cold, brake, minutes]; and
whether the donor had fasted, in HL7's table 0916, which SPREC does not ask."""


def code(specimen: Specimen, noted: Mapping[str, Any]) -> str:
    """The SPREC code of a specimen from what was noted. InputError for a fact that is none."""
    unknown = set(noted) - KNOWN
    if unknown:
        raise InputError(_("{name}: SPREC knows no such fact.").format(name=sorted(unknown)[0]))
    if noted.get("fasting") not in (None, "", *FASTING):
        raise InputError(_("fasting: say {one} or {other}.").format(one=FASTING[0], other=FASTING[1]))
    if is_solid(specimen.material):
        return sprec(
            Solid(
                specimen.material,
                noted.get("collection", ""),
                _minutes(noted, "warm_minutes"),
                _minutes(noted, "cold_minutes"),
                noted.get("fixation", ""),
                _minutes(noted, "fixed_minutes"),
                noted.get("storage", ""),
            )
        )
    spins = noted.get("spins")
    return sprec(
        Fluid(
            specimen.material,
            specimen.tube,
            hour_of(specimen.collected),
            time_of(noted, "spun"),
            noted.get("waited_cold"),
            bool(noted.get("waited_warm")),
            None if spins is None else tuple(Spin(*one) for one in spins),
            time_of(noted, "spun_off"),
            time_of(noted, "frozen"),
            noted.get("kept_cold"),
            noted.get("storage", ""),
        )
    )


def is_solid(material: str) -> bool:
    """Whether SPREC asks of a material how it was fixed, and not how it was spun."""
    return material in SOLIDS or material.startswith("Tissue")


def hour_of(at: datetime.datetime | None) -> datetime.datetime | None:
    """A moment whose hour is known, else None: a day that was written without an hour is kept as its midnight."""
    return None if at is None or timezone.localtime(at).time() == datetime.time() else at


def time_of(noted: Mapping[str, Any], name: str) -> datetime.datetime | None:
    """A time among what was noted, None where there is none. InputError where it is no time."""
    text = noted.get(name)
    if not text:
        return None
    try:
        at = datetime.datetime.fromisoformat(str(text))
    except ValueError:
        raise InputError(_("{name}: write a time as 2026-01-31 14:00.").format(name=name)) from None
    return at if at.tzinfo is not None else at.replace(tzinfo=datetime.UTC)


def _minutes(noted: Mapping[str, Any], name: str) -> datetime.timedelta | None:
    value = noted.get(name)
    if value is None or value == "":
        return None
    try:
        return datetime.timedelta(minutes=float(value))
    except (TypeError, ValueError, OverflowError):
        raise InputError(_("{name}: write a number of minutes.").format(name=name)) from None


UNTIL = {
    "spun": gettext_noop("from being taken to the centrifuge"),
    "frozen": gettext_noop("from the centrifuge to the freezer"),
    "unspun": gettext_noop("from being taken to the freezer"),
    "warm_minutes": gettext_noop("warm ischaemia"),
    "cold_minutes": gettext_noop("cold ischaemia"),
}
"""The delays that are watched."""


@dataclass(frozen=True)
class Delay:
    """How long a tube waited, in minutes, for what `until` says (of `UNTIL`)."""

    where: str
    tube: str
    day: datetime.date
    minutes: float
    until: str = "spun"


@dataclass(frozen=True)
class Drift:
    """A place and tube type whose delays grew: medians in minutes of the weeks before and of the last one."""

    where: str
    tube: str
    until: str
    before: float
    now: float
    count: int


FEWEST, FACTOR = 8, 1.5


def drifts(delays: Iterable[Delay], today: datetime.date, *, days: int = 7, weeks: int = 8) -> Sequence[Drift]:
    """Where the median delay of the last `days` is half as long again as that of the `weeks` before, worst first.

    At least eight tubes on either side: fewer say nothing of a ward. Only delays of one kind are compared.
    """
    late: dict[tuple[str, str, str], list[float]] = defaultdict(list)
    before: dict[tuple[str, str, str], list[float]] = defaultdict(list)
    for one in delays:
        age = (today - one.day).days
        if 0 <= age < days:
            late[one.where, one.tube, one.until].append(one.minutes)
        elif days <= age < days + 7 * weeks:
            before[one.where, one.tube, one.until].append(one.minutes)
    found = []
    for key, now in late.items():
        if len(now) >= FEWEST and len(before[key]) >= FEWEST:
            was, is_now = statistics.median(before[key]), statistics.median(now)
            if is_now > max(FACTOR * was, was + 10):
                found.append(Drift(*key, was, is_now, len(now)))
    return sorted(found, key=lambda one: one.before - one.now)


def delays(specimens: Iterable[Specimen]) -> Iterable[Delay]:
    """The delays that specimens tell of. What was made of one specimen and tells the same counts once."""
    told = set()
    for one in specimens:
        taken = one.collected
        if taken is None:
            continue
        where, day = one.visit.place if one.visit is not None else "", timezone.localdate(taken)
        for until, minutes in _waited(one):
            key = one.parent_id or one.id, until, minutes
            if key not in told:
                told.add(key)
                yield Delay(where, one.tube, day, minutes, until)


def _waited(one: Specimen) -> Iterable[tuple[str, float]]:
    noted, taken = one.preanalytics, hour_of(one.collected)
    if is_solid(one.material):
        for name in ("warm_minutes", "cold_minutes"):
            length = _minutes(noted, name)
            if length is not None:
                yield name, length.total_seconds() / 60
        return
    spun, frozen = time_of(noted, "spun"), time_of(noted, "frozen")
    steps = [("spun", taken, spun), ("frozen", time_of(noted, "spun_off") or spun, frozen)]
    if spun is None:
        steps = [("unspun", taken, frozen)]
    for until, start, end in steps:
        if start is not None and end is not None and end >= start:
            yield until, (end - start).total_seconds() / 60
