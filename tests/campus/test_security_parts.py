"""What the application is made of, is listed; what is known to be wrong with it is noticed; its scripts are careful."""

from __future__ import annotations

import datetime
import importlib.metadata
import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
STATIC = ROOT / "src/wardbench/campus/web/static/web"


@pytest.fixture(scope="module")
def bill() -> Any:
    command = [sys.executable, ROOT / "scripts/bill_of_materials.py"]
    said = [subprocess.run(command, capture_output=True, text=True, check=True).stdout for _ in range(2)]
    assert said[0] == said[1], "the same locks give the same bill"
    return json.loads(said[0])


def test_the_bill_is_cyclonedx(bill: Any) -> None:
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    assert re.fullmatch(r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", bill["serialNumber"])
    refs = [one["bom-ref"] for one in bill["components"]]
    assert len(set(refs)) == len(refs) > 60
    for one in bill["components"]:
        assert (
            one["purl"] == f"pkg:{'npm' if one['name'] == 'nhsuk-frontend' else 'pypi'}/{one['name']}@{one['version']}"
        )
        assert one["hashes"] and all(re.fullmatch("[0-9a-f]{64}", found["content"]) for found in one["hashes"])


def test_every_package_that_runs_here_is_in_the_bill(bill: Any) -> None:
    """Nothing came in beside the locks: what is installed is listed, in the version that is listed."""
    listed = {(one["name"], one["version"]) for one in bill["components"]}
    names = {name for name, _ in listed}
    here = {
        (re.sub(r"[-_.]+", "-", one.metadata["Name"]).lower(), one.version)
        for one in importlib.metadata.distributions()
    }
    here = {one for one in here if one[0] not in ("wardbench", "pip", "setuptools", "wheel")}
    assert here <= listed, sorted(here - listed)
    assert {"django", "duckdb", "gunicorn", "cryptography"} <= names


def test_every_script_that_pages_load_is_ours_or_in_the_bill(bill: Any) -> None:
    names = {one["name"]: one for one in bill["components"]}
    assert {path.name for path in STATIC.glob("*.js")} == set(OURS)
    assert {path.name for path in STATIC.glob("vendor/*.js")} == {"design.js"} and "nhsuk-frontend" in names
    loaded = set()
    for page in (ROOT / "src/wardbench").rglob("*.html"):
        loaded |= set(re.findall(r"<script[^>]*static '([^']+)'", page.read_text(encoding="utf-8")))
    assert loaded == {"django_htmx/htmx-2.min.js", *(f"web/{name}" for name in OURS)} and "django-htmx" in names


def test_everything_comes_from_the_index_with_its_hash() -> None:
    for path in ROOT.glob("requirements*.lock"):
        text = path.read_text(encoding="utf-8")
        assert "://" not in text and " @ " not in text and "--index-url" not in text, path.name
    launcher = (ROOT / "wardbench").read_text(encoding="utf-8")
    installs = [line for line in launcher.splitlines() if "pip install" in line and "-r" in line]
    assert installs and all("--require-hashes" in line for line in installs)


TODAY = datetime.datetime.now(datetime.UTC).date()


def advisory(days: int, package: str, version: str, **more: Any) -> dict[str, Any]:
    day = f"{TODAY - datetime.timedelta(days)}T00:00:00Z"
    affected = [{"package": {"ecosystem": "PyPI", "name": package}, "versions": [version]}]
    return {"id": "GHSA-1", "published": day, "modified": f"{TODAY}T00:00:00Z", "affected": affected, **more}


def audit(folder: Path, *advisories: dict[str, Any]) -> subprocess.CompletedProcess[str]:
    path = folder / "all.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for number, one in enumerate(advisories):
            archive.writestr(f"{number}.json", json.dumps(one))
    return subprocess.run([sys.executable, ROOT / "scripts/audit.py", path], capture_output=True, text=True)


LOCAL = {"severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:L/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H"}]}
CRASH = {"severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H"}]}
STRANGER = {"severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N"}]}


def test_a_fault_that_was_not_mended_in_time_stops_a_release(tmp_path: Path, bill: Any) -> None:
    version = next(one["version"] for one in bill["components"] if one["name"] == "django")
    unaffected = advisory(900, "Django", "1.0")
    for days, more, code in (
        (4, STRANGER, 1),
        (2, STRANGER, 0),
        (4, {}, 1),
        (29, LOCAL, 0),
        (31, LOCAL, 1),
        (29, CRASH, 0),
        (31, {**LOCAL, "withdrawn": "2026-01-01T00:00:00Z"}, 0),
    ):
        done = audit(tmp_path, unaffected, advisory(days, "Django", version, **more))
        assert done.returncode == code, (days, more, done.stdout, done.stderr)
    assert "0 faults" in audit(tmp_path, unaffected).stdout


def test_old_or_broken_advisories_are_no_clean_bill(tmp_path: Path) -> None:
    old = {**advisory(10, "Django", "1.0"), "modified": f"{TODAY - datetime.timedelta(4)}T00:00:00Z"}
    assert audit(tmp_path, old).returncode == 1 and audit(tmp_path).returncode == 1
    (tmp_path / "broken.zip").write_bytes(b"no archive")
    for path in (tmp_path / "broken.zip", tmp_path / "absent.zip"):
        command = [sys.executable, ROOT / "scripts/audit.py", path]
        assert subprocess.run(command, capture_output=True).returncode == 2


OURS = ("app.js", "timeline.js", "builder.js")
DANGEROUS = {
    "a property by a name that is worked out is set": r"\w\[[^\]'\"]+\]\s*=[^=]",
    "prototypes": r"__proto__|\.prototype\b|setPrototypeOf",
    "objects are merged into one another": r"Object\.assign|structuredClone|\.extend\(",
    "a property by a name that is worked out is read from an object literal": r"\}\s*\)?\s*\[",
    "for-in goes through what is inherited": r"for\s*\(\s*(?:const|let|var)\s+\w+\s+in\s",
    "text becomes code or markup": r"\beval\(|new Function|innerHTML\s*=|insertAdjacentHTML|document\.write",
}


@pytest.mark.parametrize("name", OURS)
def test_our_scripts_leave_prototypes_alone(name: str) -> None:
    script = (STATIC / name).read_text(encoding="utf-8")
    found = {danger for danger, pattern in DANGEROUS.items() if re.search(pattern, script)}
    assert not found


def test_what_is_looked_for_in_scripts_is_found() -> None:
    bad = ["a[key] = 1", "x.__proto__", "Object.assign(a, b)", "({ j: 1 })[k]", "{ j: 1 }[k]", "for (const k in o)"]
    for line in [*bad, "eval('1')", "e.innerHTML = text"]:
        assert any(re.search(pattern, line) for pattern in DANGEROUS.values()), line
