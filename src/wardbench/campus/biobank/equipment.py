"""The verbs on machines: their temperatures, when they were too warm or too cold, and which specimens that touched."""

from __future__ import annotations

import datetime
import hashlib
import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from wardbench.campus.audit.services import record, verb
from wardbench.campus.biobank import beside, custody, descent, tubes
from wardbench.campus.biobank.curating import checked, keeps
from wardbench.campus.biobank.custody import Change
from wardbench.campus.biobank.imports.files import pieces
from wardbench.campus.biobank.models import Container, CustodyEvent, Equipment, Excursion, Reading, Specimen
from wardbench.campus.biobank.rules import HERE, Act, Status
from wardbench.campus.people.roles import gettext_noop
from wardbench.campus.people.rules import SYSTEM, Actor
from wardbench.core.errors import BusyError, InputError

JUDGEMENTS = {
    "kept": gettext_noop("Nothing was harmed"),
    "thawed": gettext_noop("The specimens count as thawed once more"),
    "destroy": gettext_noop("What was in it is to be destroyed"),
}
"""What somebody may say of an excursion once they looked at it."""
COUNTED = HERE | {Status.SHIPPED, Status.AWAY}
"""Where a specimen may be by then whose count of thaws is raised: with a study too, which may send it back."""


@verb("biobank.add_equipment")
def add_equipment(container: Container, lowest: int, highest: int, *, by: Actor, **attributes: object) -> Equipment:
    """Say between which temperatures (hundredths of a degree Celsius) a container has to stay."""
    keeps(by)
    if not -27_315 <= lowest < highest <= 10_000:
        raise InputError(_("lowest: give two temperatures, the lower first."))
    equipment = Equipment(container=container, lowest=lowest, highest=highest, **attributes)
    checked(equipment)
    equipment.save()
    record("biobank.add_equipment", "container", container.id, by=by)
    return equipment


@verb("biobank.add_readings")
def add_readings(
    equipment: Equipment, readings: Sequence[tuple[datetime.datetime, int]], *, by: Actor
) -> list[Excursion]:
    """Keep temperatures (time, hundredths of a degree); the excursions that they show and that were not known yet.

    A time that is there already keeps its value. An excursion that goes on is one: it grows with what comes in.
    """
    keeps(by)
    _lock(equipment)
    known = set(
        Reading.objects.filter(equipment=equipment, at__in=[at for at, _value in readings]).values_list("at", flat=True)
    )
    new = {at: value for at, value in readings if at not in known}
    Reading.objects.bulk_create([Reading(equipment=equipment, at=at, value=value) for at, value in new.items()])
    found, changed = _excursions(equipment, since=min(new, default=None))
    for one in changed:
        beside.heard(one, by)
    record("biobank.add_readings", "container", equipment.container_id, by=by, readings=len(new), excursions=len(found))
    return found


def _lock(equipment: Equipment) -> None:
    """Let whoever else reads or judges what a machine shows at this moment wait: what an excursion is follows from all
    readings, and what is said of it is of what it is by then."""
    Equipment.objects.select_for_update().get(id=equipment.id)


def _excursions(equipment: Equipment, since: datetime.datetime | None) -> tuple[list[Excursion], list[Excursion]]:
    """Work out again the excursions that readings since then belong to; those that are new, and all that changed."""
    if since is None:
        return [], []
    touching = equipment.excursions.filter(Q(ended=None) | Q(ended__gte=since)).order_by("began").first()
    start = min(since, touching.began) if touching is not None else since
    before = equipment.readings.filter(at__lt=start).order_by("-at").first()
    rows = list(equipment.readings.filter(at__gte=before.at if before else start).order_by("at"))
    held = {one.began: one for one in equipment.excursions.filter(began__gte=start)}
    new, changed = [], []
    for began, ended, values in _spells(equipment, [(row.at, row.value) for row in rows]):
        one = held.pop(began, None) or next((h for h in held.values() if ended is None or h.began <= ended), None)
        if one is None:
            one = Excursion(equipment=equipment)
            new.append(one)
        else:
            held.pop(one.began, None)
        was = (one.began, one.ended, one.lowest, one.highest)
        one.began, one.ended, one.lowest, one.highest = now = began, ended, min(values), max(values)
        if one.judged and now != was:
            # What somebody said was of less than is known now: it is judged anew, and so in what is told as new.
            one.judged, one.words, one.by = "", "", None
            new.append(one)
        one.save()
        if now != was or one in new:
            changed.append(one)
    return new, changed


def _spells(
    equipment: Equipment, rows: Sequence[tuple[datetime.datetime, int]]
) -> Iterable[tuple[datetime.datetime, datetime.datetime | None, list[int]]]:
    """The stretches outside the limits: from the first reading outside to the first inside again (None: not yet)."""
    began: datetime.datetime | None = None
    values: list[int] = []
    for at, value in rows:
        if not equipment.lowest <= value <= equipment.highest:
            began = began or at
            values.append(value)
        elif began is not None:
            yield began, at, values
            began, values = None, []
    if began is not None:
        yield began, None, values


@dataclass(frozen=True)
class Touched:
    """A specimen that was inside during an excursion, and where, in words of then."""

    specimen: Specimen
    place: str


def touched(excursion: Excursion, among: Collection[uuid.UUID] | None = None) -> list[Touched]:
    """The specimens that were in the machine at any moment of an excursion, by their custody chains, by label; of those
    `among` which one asks alone, where one does."""
    path = excursion.equipment.container.path
    end = excursion.ended
    if among is None:
        here = Specimen.objects.filter(box__path__startswith=path).values_list("id", flat=True)
        moved = CustodyEvent.objects.filter(at__gte=excursion.began).values_list("specimen_id", flat=True)
        among = {*here, *moved}
    ids = sorted(among)
    found: dict[object, Touched] = {}
    for at in range(0, len(ids), 500):
        events = CustodyEvent.objects.filter(specimen__in=ids[at : at + 500]).select_related("specimen")
        if end is not None:
            events = events.filter(at__lte=end)
        last: dict[object, CustodyEvent] = {}
        for event in events.order_by("at", "number"):
            before = last.get(event.specimen_id)
            if event.at > excursion.began and before is not None and before.inside.startswith(path):
                found.setdefault(event.specimen_id, Touched(event.specimen, before.place))
            last[event.specimen_id] = event
        for event in last.values():
            if event.inside.startswith(path):
                found.setdefault(event.specimen_id, Touched(event.specimen, event.place))
    return sorted(found.values(), key=lambda one: one.specimen.label)


def as_shown(excursion: Excursion, specimens: Iterable[Specimen]) -> str:
    """What a page carries of an excursion and the specimens on it, so that what is said is said of these and no others:
    a hash, 32 hexadecimal digits."""
    facts = (excursion.began, excursion.ended, excursion.lowest, excursion.highest, excursion.judged)
    said = "|".join([*map(str, facts), *sorted(str(one.id) for one in specimens)])
    return hashlib.sha256(said.encode()).hexdigest()[:32]


def to_destroy(excursion: Excursion) -> tuple[list[Specimen], list[Specimen]]:
    """Of what an excursion that was judged so touched: what is in the biobank's hands to be destroyed, and what of it
    is promised to a request and has to be left out there first."""
    if excursion.judged != "destroy":
        return [], []
    here = [one.specimen for one in touched(excursion) if Status(one.specimen.status) in HERE]
    return [one for one in here if one.reserved is None], [one for one in here if one.reserved is not None]


@verb("biobank.destroy_touched")
def destroy_touched(excursion: Excursion, shown: str, *, by: Actor) -> int:
    """Destroy what an excursion spoiled, as it was judged; how many, of those that are promised to nobody.

    BusyError where they are not those that were `shown` (`as_shown`), or there are none.
    """
    keeps(by)
    _lock(excursion.equipment)
    excursion.refresh_from_db(fields=["began", "ended", "lowest", "highest", "judged", "words"])
    free, _promised = to_destroy(excursion)
    if not free or as_shown(excursion, free) != shown:
        raise BusyError(_("The list is another by now; load the page again."))
    began = timezone.localtime(excursion.began)
    why = _("{name} was outside its temperatures from {day} on: {words}").format(
        name=excursion.equipment.container.name, day=f"{began:%Y-%m-%d %H:%M}", words=excursion.words
    )
    tubes.dispose(free, why[:500], by=by)
    record("biobank.destroy_touched", "excursion", excursion.id, by=by, specimens=len(free))
    return len(free)


@verb("biobank.judge_excursion")
def judge(excursion: Excursion, judged: str, words: str, *, by: Actor, shown: str = "") -> None:
    """Say what an excursion means for what was inside; where it thawed, each specimen's count of thaws is raised, also
    of those that were sent since; once also where an excursion that went on is judged anew. `shown` is what the page
    showed of it (`as_shown`), where somebody judges it there.

    BusyError where it goes on, somebody has said already, or more is known of it than was read or `shown`.
    """
    keeps(by)
    if judged not in JUDGEMENTS:
        raise InputError(_("judged: choose one of the answers."))
    if not words.strip():
        raise InputError(_("words: say how you know."))
    if excursion.ended is None:
        raise BusyError(_("It is still outside its temperatures; judge it when that is over."))
    _lock(excursion.equipment)
    held = Excursion.objects.filter(id=excursion.id, judged="")
    read = (excursion.began, excursion.ended, excursion.lowest, excursion.highest)
    by_id = None if by is SYSTEM else by.id
    inside = [one.specimen for one in touched(excursion)] if shown or judged == "thawed" else []
    if shown and as_shown(excursion, inside) != shown:
        raise BusyError(_("More is known of it by now than this page showed: look at what was in it, then judge it."))
    if held.update(judged=judged, words=words.strip()[:2000], by_id=by_id) != 1:
        raise BusyError(_("Somebody has judged this already."))
    if Excursion.objects.values_list("began", "ended", "lowest", "highest").get(id=excursion.id) != read:
        raise BusyError(_("Somebody changed this at the same moment; load the page again."))
    thawed = _count_thaw(excursion, inside, by) if judged == "thawed" else 0
    excursion.judged, excursion.words = judged, words.strip()[:2000]
    beside.heard(excursion, by)
    record("biobank.judge_excursion", "excursion", excursion.id, by=by, judged=judged, thawed=thawed)


def _count_thaw(excursion: Excursion, inside: Sequence[Specimen], by: Actor) -> int:
    """Count the thawing of what was inside, and of what was made of it since, by then; of how many. What was counted
    for this excursion already, or for one of another machine at the same time (a freezer and its shelf, or the one that
    it was carried to), thawed once, and so did what was made of that since."""
    same = Excursion.objects.filter(began__lte=excursion.ended, ended__gte=excursion.began)
    ids = [str(one) for one in same.values_list("id", flat=True)]
    events = CustodyEvent.objects.filter(act=Act.THAW.value, detail__excursion__in=ids)
    counted = dict(events.order_by("-at").values_list("specimen_id", "at"))
    found = {one.id: one for one in inside if one.id not in counted}
    made = set[uuid.UUID]().union(*descent.made_of([one.id for one in inside]).values()) - {one.id for one in inside}
    origins = descent.made_from(made)
    for some in pieces(sorted(made - set(counted)), 500):
        first = CustodyEvent.objects.filter(specimen__in=some, number=1, at__gt=excursion.began)
        for event in first.select_related("specimen"):
            has_it = any(other in counted and counted[other] < event.at for other in origins[event.specimen_id])
            if not has_it:
                found[event.specimen_id] = event.specimen
    specimens = [one for one in found.values() if Status(one.status) in COUNTED]
    detail = {"excursion": str(excursion.id)}
    custody.carry_out([Change(one, Act.THAW, detail=detail) for one in specimens], by=by)
    return len(specimens)
