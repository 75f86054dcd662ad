"""Hold the locks against published advisories, and say which were not acted on in time.

    python3 scripts/audit.py all.zip

`all.zip` is what the Open Source Vulnerabilities database publishes for PyPI: a JSON file for each advisory. Fetch it
on a machine that may, on the day of the release. Exit code 0: nothing is overdue; 1: something is, or the advisories
are older than they may be; 2: they cannot be read. The days are those of docs/explanation/security.md.
"""

from __future__ import annotations

import datetime
import json
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bill_of_materials import ROOT, locked, normal

WORST, OTHERS = 3, 30
"""Days within which a fault is mended: one by which a stranger can read or change data, and any other."""
FRESH = 3
"""Days that the newest advisory may lie back: some are published every day."""
SHIPPED = ("requirements.lock", "requirements-postgres.lock", "requirements-saml.lock", "requirements-spark.lock")


@dataclass(frozen=True)
class Fault:
    """A published fault in a version that is locked."""

    advisory: str
    package: str
    version: str
    since: datetime.date
    days: int

    def left(self, today: datetime.date) -> int:
        """Days that are left to mend it; negative when it is overdue."""
        return self.days - (today - self.since).days


def advisories(path: Path) -> Iterator[dict[str, Any]]:
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            if name.endswith(".json"):
                yield json.loads(archive.read(name))


def faults(advisory: dict[str, Any], packages: set[tuple[str, str]]) -> Iterator[Fault]:
    """What an advisory says of the versions that are locked; an advisory that was withdrawn says nothing."""
    if advisory.get("withdrawn"):
        return
    for affected in advisory.get("affected", []):
        about = affected.get("package", {})
        if about.get("ecosystem") != "PyPI":
            continue
        for name, version in packages:
            if normal(about["name"]) == name and version in affected.get("versions", []):
                since = _day(advisory["published"])
                yield Fault(advisory["id"], name, version, since, WORST if _by_strangers(advisory) else OTHERS)


def _by_strangers(advisory: dict[str, Any]) -> bool:
    """Whether somebody without an account can read or change data over the network, by its CVSS vector; where there is
    none, the shorter time counts."""
    vectors = [one["score"].split("/") for one in advisory.get("severity", [])]
    if not vectors:
        return True
    return any(
        "AV:N" in one and "PR:N" in one and not {"C:N", "I:N"} <= set(one) and not {"VC:N", "VI:N"} <= set(one)
        for one in vectors
    )


def _day(moment: str) -> datetime.date:
    return datetime.date.fromisoformat(moment[:10])


def main(path: Path, today: datetime.date) -> int:
    packages = {one for name in SHIPPED for one in locked(ROOT / name)}
    found, newest = [], datetime.date.min
    try:
        for advisory in advisories(path):
            newest = max(newest, _day(advisory["modified"]))
            found += list(faults(advisory, packages))
    except (OSError, zipfile.BadZipFile, ValueError, KeyError) as error:
        print(f"{path}: the advisories cannot be read ({error!r}).", file=sys.stderr)
        return 2
    for one in sorted(found, key=lambda fault: fault.left(today)):
        print(f"{one.package} {one.version}: {one.advisory}, {one.left(today)} days are left")
    stale = (today - newest).days > FRESH
    if stale:
        print(f"{path}: the newest advisory is of {newest}; fetch them again.", file=sys.stderr)
    print(f"{len(packages)} packages, {len(found)} faults, {sum(one.left(today) < 0 for one in found)} overdue")
    return int(stale or any(one.left(today) < 0 for one in found))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), datetime.datetime.now(datetime.UTC).date()))
