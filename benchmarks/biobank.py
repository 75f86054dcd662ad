"""A million specimens imported from one file into a campus on SQLite; then the page of a freezer full of boxes, of a
rack, and the map of a full box.

The file is a CSV of nine columns: label, donor (five tubes each), material in words, amount with its unit, day and
time, box by barcode, position, times thawed, and for every fifth tube the one that it is an aliquot of. Places are
there already, donors are not. Read is the upload, from bytes to what is kept; checked is one look at every row, which
a page of the import costs; entered is everything until the last row is in, each with its two events in a chain of its
own. A file of a hundred thousand rows is read and checked besides, as CSV and as XLSX. Projection is what the finder's
index is made of: all specimens, and a thousand of them. Pages are asked of the
application itself, in this process, after one to warm up; every time is wall and processor time, and `load` says how
busy the machine was.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

BOX = 9
"""Rows and columns of a box."""
BOXES_IN_RACK, RACKS_IN_FREEZER = 25, 24
MATERIALS = ("EDTA plasma", "Serum", "DNA", "Buffy coat")
PAGES = 10


class Timed:
    """Wall and processor seconds since it was made."""

    def __init__(self) -> None:
        self._wall, self._cpu = time.perf_counter(), time.process_time()

    def told(self, name: str) -> dict[str, float]:
        return {
            f"{name}_s": round(time.perf_counter() - self._wall, 1),
            f"{name}_cpu_s": round(time.process_time() - self._cpu, 1),
        }


def make_places(boxes: int) -> tuple[Any, Any, Any]:
    """Freezers with racks full of boxes; the first of each kind."""
    from wardbench.campus.biobank.models import Container

    made: list[Any] = []

    def add(name: str, kind: str, parent: Any = None, place: int | None = None, **size: int) -> Any:
        one = Container(name=name, barcode=name, kind=kind, parent=parent, place=place, **size)
        one.path = f"{parent.path if parent is not None else ''}{one.id.hex}/"
        made.append(one)
        return one

    for number in range(boxes):
        rack, freezer = number // BOXES_IN_RACK, number // (BOXES_IN_RACK * RACKS_IN_FREEZER)
        if number % (BOXES_IN_RACK * RACKS_IN_FREEZER) == 0:
            in_freezer = add(f"F{freezer}", "freezer", rows=RACKS_IN_FREEZER, columns=1)
        if number % BOXES_IN_RACK == 0:
            in_rack = add(f"R{rack}", "rack", in_freezer, rack % RACKS_IN_FREEZER, rows=BOXES_IN_RACK, columns=1)
        add(f"B{number}", "box", in_rack, number % BOXES_IN_RACK, rows=BOX, columns=BOX)
    Container.objects.bulk_create(made, batch_size=500)
    return made[0], made[1], made[2]


def rows_of(count: int, prefix: str = "S") -> list[list[str]]:
    """The header and rows of a file."""
    rows = [["Label", "Donor", "Material", "Amount", "Taken at", "Box", "Position", "Times thawed", "Made of"]]
    for number in range(count):
        place = number % (BOX * BOX)
        parent = f"{prefix}{number - 1:07}" if number % 5 == 4 else ""
        rows.append(
            [
                f"{prefix}{number:07}",
                f"{prefix}D{number // 5:06}",
                MATERIALS[(number - bool(parent)) % len(MATERIALS)],
                f"{1 + number % 7 / 4:g} ml",
                f"{1 + number % 28:02}/{1 + number % 12:02}/{2010 + number % 15} {8 + number % 10:02}:30",
                f"B{number // (BOX * BOX)}",
                f"{chr(65 + place // BOX)}{place % BOX + 1}",
                str(number % 3),
                parent,
            ]
        )
    return rows


def csv_of(rows: list[list[str]]) -> bytes:
    out = io.StringIO()
    out.writelines(";".join(row) + "\n" for row in rows)
    return out.getvalue().encode()


def look(collection: Any, name: str, data: bytes, by: Any) -> tuple[Any, dict[str, float]]:
    """Read a file and check it, and what each took."""
    from wardbench.campus.biobank.imports import services
    from wardbench.campus.biobank.imports.facts import looked_at
    from wardbench.campus.biobank.models import Import

    timed = Timed()
    one = services.take_in(collection, name, data, by=by)
    told = timed.told("read")
    services.match(one, one.matching, {"new_donors": True}, by=by)
    one = Import.objects.select_related("by", "table", "collection").get(id=one.id)
    timed = Timed()
    checked = looked_at(one)[2]
    told |= timed.told("check")
    if checked.faults or len(checked.good) != one.rows:
        raise SystemExit(f"{name}: {len(checked.faults)} faults.")
    return one, told


def measure(rows: int, folder: Path) -> dict[str, Any]:
    """Everything, in a campus of its own."""
    from wardbench.campus.installation import make_campus

    make_campus(folder, name="Benchmark")
    from wardbench.campus.biobank import curating, custody
    from wardbench.campus.biobank.imports import services, work
    from wardbench.campus.biobank.models import CustodyEvent, Import, Specimen
    from wardbench.campus.people import queries
    from wardbench.campus.people import services as people
    from wardbench.campus.people.roles import Role
    from wardbench.campus.people.rules import SYSTEM
    from wardbench.core.workbook import write_workbook

    hospital = people.add_organisation("Hospital", "hospital", by=SYSTEM)
    manager = people.add_person("manager@test.example", "Manager", by=SYSTEM)
    people.give_role(manager, Role.BIOBANK_MANAGER, hospital, by=SYSTEM)
    by = queries.actor_of(manager)
    biobank = curating.add_biobank("B", "Biobank", hospital, by=SYSTEM)
    collection = curating.add_collection(biobank, "C", "Collection", by=SYSTEM)
    places = make_places(-(-max(rows, 100_000) // (BOX * BOX)))
    found: dict[str, Any] = {"specimens": rows, "boxes": -(-rows // (BOX * BOX))}
    few = rows_of(100_000, "X")
    for name, data in (("csv", csv_of(few)), ("xlsx", write_workbook("S", few))):
        one, told = look(collection, f"few.{name}", data, by)
        found |= {f"{key.replace('_', f'_100k_{name}_', 1)}": value for key, value in told.items()}
        services.drop(one, by=by)
    data = csv_of(rows_of(rows))
    found["file_mb"] = round(len(data) / 1e6, 1)
    one, told = look(collection, "all.csv", data, by)
    found |= told
    services.start(one, rows, by=by)
    timed = Timed()
    work.carry_on(one.id)
    found |= timed.told("enter")
    found["rows_per_s"] = round(rows / found["enter_s"])
    one = Import.objects.get(id=one.id)
    last = Specimen.objects.order_by("-label").first()
    if (one.status, one.done, Specimen.objects.count()) != ("done", rows, rows) or last is None:
        raise SystemExit(f"{one.done} of {rows} rows were entered: {one.why}")
    if CustodyEvent.objects.count() != 2 * rows or custody.verify(last) is not None:
        raise SystemExit("The custody chains are not whole.")
    found["database_mb"] = round(sum(path.stat().st_size for path in folder.glob("*.sqlite3*")) / 1e6)
    return found | projected(rows) | pages(manager, places)


def projected(rows: int) -> dict[str, float]:
    """What it takes to project the whole inventory for the finder, and a thousand specimens of it."""
    from wardbench.campus.biobank.models import Specimen
    from wardbench.campus.samples import projection

    timed = Timed()
    table = projection.table()
    told = timed.told("projection")
    if table.num_rows != rows:
        raise SystemExit(f"{table.num_rows} of {rows} specimens were projected.")
    told["projection_per_cpu_s"] = round(rows / max(told["projection_cpu_s"], 0.1))
    few = list(Specimen.objects.order_by("id").values_list("id", flat=True)[:1000])
    timed = Timed()
    projection.renewed(table, few)
    return told | timed.told("projection_1000")


def pages(manager: Any, places: tuple[Any, Any, Any]) -> dict[str, float]:
    """What the page of a freezer, a rack and a box costs, in milliseconds."""
    import numpy as np
    from django.conf import settings
    from django.test import Client
    from django.urls import reverse

    settings.ALLOWED_HOSTS = ["testserver"]
    client = Client()
    client.force_login(manager, backend="allauth.account.auth_backends.AuthenticationBackend")
    session = client.session
    session["second_factor"] = True
    session.save()
    found = {}
    for name, place in zip(("freezer", "rack", "box"), places, strict=True):
        walls, cpus = [], []
        for _again in range(PAGES + 1):
            wall, cpu = time.perf_counter(), time.process_time()
            answer = client.get(reverse("place", args=[place.id]))
            walls.append((time.perf_counter() - wall) * 1e3)
            cpus.append((time.process_time() - cpu) * 1e3)
            if answer.status_code != 200:
                raise SystemExit(f"The page of a {name} answers {answer.status_code}.")
        found[f"{name}_page_p50_ms"] = round(float(np.percentile(walls[1:], 50)), 1)
        found[f"{name}_page_p95_ms"] = round(float(np.percentile(walls[1:], 95)), 1)
        found[f"{name}_page_cpu_p50_ms"] = round(float(np.percentile(cpus[1:], 50)), 1)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000, help="specimens in the file (%(default)s)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="wardbench-biobank-") as name:
        found = measure(given.rows, Path(name) / "campus")
    found["peak_rss_mb"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    found["load"] = round(os.getloadavg()[0], 1)
    if given.json:
        json.dump(found, sys.stdout)
        print()
        return
    for key, value in found.items():
        print(f"{key:28} {value}")


if __name__ == "__main__":
    main()
