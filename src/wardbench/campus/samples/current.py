"""The index of the inventory that is current, and the cube that everybody browses; both are files of the campus.

The index is made anew when the inventory has changed (`refresh`, every minute in the background), of the rows of the
one before and of what was touched since (`changes`). The cube is made once and kept for a quarter: two cubes of nearly
the same specimens could be subtracted from one another.
"""

from __future__ import annotations

import datetime
import json
import shutil
import tempfile
import time
from collections.abc import Set as AbstractSet
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
from django.conf import settings
from django.db.models import Max, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from wardbench.campus.biobank.models import Collection, Consent, Container, CustodyEvent, DonorLink, OptOut
from wardbench.campus.samples import changes, projection, recorded
from wardbench.campus.samples.latest import Latest
from wardbench.core.disclosure import ReleaseRules
from wardbench.core.errors import InputError, NotFoundError, WardbenchError
from wardbench.core.store.files import write_atomically
from wardbench.ward.samples import Giving, Query, SampleIndex, facets, write_index
from wardbench.ward.samples.building import is_whole
from wardbench.ward.samples.cube import DIMENSIONS, Cube, make_cube
from wardbench.ward.samples.files import FORMAT
from wardbench.ward.samples.own_donors import own_donors

MARK = "projected.json"
"""Of what the current index was projected."""
RESTS = 5
"""How many times as long as making an index took passes before the next is begun: a sixth of a core at most."""
CUBE_DAYS = 92
"""How long a cube is kept: a quarter of a year."""


def folder() -> Path:
    """Where the index and the cube lie."""
    if settings.CAMPUS_FOLDER is not None:
        return Path(settings.CAMPUS_FOLDER) / "samples"
    return Path(tempfile.gettempdir()) / f"wardbench-samples-{settings.SECRET_KEY[:8]}"


@dataclass(frozen=True)
class Made:
    """Of what an index was made, when, in which format, and how many seconds of a core that took."""

    format: int
    version: str
    state: str
    at: str
    took: float = 0.0


def state() -> str:
    """What says that the inventory changed, or what is known of its donors: the last event of custody, the last word on
    consent and places, the store of records."""
    last = CustodyEvent.objects.aggregate(last=Max("id"))["last"] or 0
    # On PostgreSQL an event may come to light after another one with a higher number.
    events = last, CustodyEvent.objects.filter(id__gt=last - 1000).count()
    consents = Consent.objects.count(), Consent.objects.aggregate(last=Max("withdrawn"))["last"]
    now = timezone.now()
    said = OptOut.objects.all()
    out = said.count(), said.filter(since__lte=now).count(), said.filter(until__lte=now).count()
    links = DonorLink.objects.count(), DonorLink.objects.aggregate(last=Max("at"))["last"]
    rules = Collection.objects.aggregate(times=Sum("revision"))["times"], Collection.objects.count()
    cold = Container.objects.aggregate(times=Sum("revision"))["times"], Container.objects.count()
    return json.dumps([events, consents, out, links, rules, cold, recorded.version()], default=str)


def carry_out_due(now: datetime.datetime) -> bool:
    """Make the index anew (`refresh`) unless the last one was made so short a while ago that the background would do
    little else."""
    made = _made()
    if made is not None and now < datetime.datetime.fromisoformat(made.at) + RESTS * datetime.timedelta(
        seconds=made.took
    ):
        return False
    return refresh()


def refresh() -> bool:
    """Make the index anew where the inventory changed since, or a file of it did; whether that was so.

    It is of the moment before the inventory was read: what changes meanwhile counts as a change since. Where no row is
    another, as when tubes were only moved, the index stays.
    """
    began, spent, now = timezone.now(), time.thread_time(), state()
    made = _made()
    if made is not None and made.state == now and is_whole(folder() / made.version):
        return False
    before = _kept_of(made)
    mark = changes.mark(began, before[1].mark if before else None)
    version = _written(before, mark)
    write_atomically(folder() / MARK, msgspec.json.encode(_Kept(version, mark)))
    said = Made(FORMAT, version, now, began.isoformat(), round(time.thread_time() - spent, 1))
    write_atomically(folder() / "current.json", json.dumps(asdict(said)).encode())
    _remove_but({version, made.version if made else version})
    _refresh_cube()
    return True


class _Kept(msgspec.Struct, frozen=True):
    """Of what the index of a version was projected."""

    version: str
    mark: changes.Mark


_KEPT = msgspec.json.Decoder(_Kept)


def _kept_of(made: Made | None) -> tuple[pa.Table, _Kept] | None:
    """The rows of the index that is there and of what it was made, where both are whole."""
    if made is None or not is_whole(folder() / made.version):
        return None
    try:
        kept = _KEPT.decode((folder() / MARK).read_bytes())
        return (SampleIndex(folder() / made.version).rows, kept) if kept.version == made.version else None
    except (OSError, msgspec.DecodeError, WardbenchError):
        return None


def _written(before: tuple[pa.Table, _Kept] | None, now: changes.Mark) -> str:
    """The version of the index of the inventory, which is written unless it is the same as before."""
    if before is not None:
        rows, kept = before
        touched = changes.touched(kept.mark, now, most=rows.num_rows // 2)
        if touched is not None:
            held = projection.renewed(rows, touched)
            return kept.version if held is rows else write_index(held, folder()).name
    return write_index(projection.table(), folder()).name


def _remove_but(versions: AbstractSet[str]) -> None:
    """Remove other indexes. The last but one stays until the next time: somebody may be opening it just now."""
    for place in folder().iterdir():
        if place.is_dir() and not place.name.startswith(".") and place.name not in versions:
            shutil.rmtree(place, ignore_errors=True)


def _made() -> Made | None:
    """What is there, where this version of Wardbench can read it."""
    try:
        made = Made(**json.loads((folder() / "current.json").read_text()))
    except (OSError, ValueError, TypeError):
        return None
    return made if made.format == FORMAT else None


def index() -> tuple[SampleIndex, datetime.datetime]:
    """The current index, and when it was made; it is made now where there is none yet, or its files are not what was
    written: as in a folder that was copied without the times of its files."""
    try:
        held = latest.get()
    except InputError:
        held = None
    if held is None:
        refresh()
        held = latest.get()
    if held is None:
        raise NotFoundError(_("There is no index of specimens yet."))
    made, found = held
    return found, datetime.datetime.fromisoformat(made.at)


def _opened(made: Made) -> SampleIndex:
    """The index of a version, looked at once, so that nobody's look is the first."""
    found = SampleIndex.open(folder() / made.version)
    found.map_all()
    facets(found, Query.of(giving=Giving()))
    return found


latest: Latest[Made, SampleIndex] = Latest(lambda: _made(), _opened)
"""What this process has open."""


def read_ahead() -> None:
    """Do once what a first look at specimens does first: load what is compiled, and open the index if there is one."""
    from wardbench.ward.samples import kernels  # noqa: F401

    latest.get()


def _refresh_cube() -> None:
    """Release a cube where there is none, or the last is older than a quarter."""
    place = folder() / "cube.json"
    try:
        released = datetime.date.fromisoformat(json.loads(place.read_text())["released"])
    except (OSError, ValueError, KeyError, TypeError):
        released = None
    if released is not None and timezone.localdate() - released < datetime.timedelta(days=CUBE_DAYS):
        return
    found, _at = index()
    made = make_cube(found, ReleaseRules())
    said = {
        "released": timezone.localdate().isoformat(),
        "dimensions": made.dimensions,
        "cells": _cells(made),
        # Divided by the same dimensions in the same order, but not as far: each cell is one or several of the cube's.
        "coarser": [_cells(make_cube(found, ReleaseRules(), dimensions=DIMENSIONS[:n])) for n in (1, 2)],
        "own": {code: figure.text for code, figure in own_donors(found, ReleaseRules()).items()},
        "notes": made.notes,
    }
    write_atomically(place, json.dumps(said).encode())


def _cells(made: Cube) -> list[dict[str, Any]]:
    return [
        {"places": cell.places, "donors": cell.donors.text, "specimens": cell.specimens.text,
         "least": cell.specimens.value or 0}
        for cell in made.cells
    ]  # fmt: skip


def released() -> dict[str, Any] | None:
    """The released cube, or None where none was yet: nothing is made for whoever asks."""
    try:
        return dict(json.loads((folder() / "cube.json").read_text()))
    except (OSError, ValueError):
        return None


def cube() -> dict[str, Any]:
    """The released cube; NotFoundError where there is none yet."""
    try:
        return dict(json.loads((folder() / "cube.json").read_text()))
    except (OSError, ValueError):
        index()
        _refresh_cube()
        return dict(json.loads((folder() / "cube.json").read_text()))
