"""What the page on security says is what the code does."""

from __future__ import annotations

import ast
from pathlib import Path

from campus.test_asvs import found_in
from wardbench.campus.cohorts import builder_views
from wardbench.campus.configuration import KEYS, Configuration
from wardbench.campus.people import sheet
from wardbench.campus.studies import documents

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/explanation/security.md").read_text(encoding="utf-8")


def rows(heading: str) -> dict[str, list[str]]:
    """The table under a heading: the first column, and the others of its row."""
    part = PAGE.partition(f"## {heading}")[2].partition("\n## ")[0]
    lines = [[cell.strip(" `") for cell in line.strip("|").split("|")] for line in part.splitlines() if "|" in line]
    return {line[0]: line[1:] for line in lines[2:]}


def test_every_key_is_in_the_inventory() -> None:
    assert set(rows("Keys and algorithms")) == set(KEYS)
    assert "each is 32 random bytes".lower() in " ".join(PAGE.lower().split())


def test_every_upload_stands_with_its_types_and_its_size() -> None:
    told = rows("What may be sent in")
    assert told["documents of a study"][1] == f"{documents.LARGEST:,} bytes"
    assert told["documents of a study"][0].startswith(documents.TITLES)
    assert told["people, care teams"] == ["CSV", f"{sheet.MOST_BYTES:,} bytes"]
    assert told["definitions of cohorts"] == ["JSON", f"{builder_views.LARGEST_FILE:,} bytes"]


def test_every_class_of_data_says_what_it_needs() -> None:
    told = rows("What kinds of data there are, and what each needs")
    assert set(told) == {"records", "keyed", "confidential", "secrets", "public"}
    assert all(len(line) == 3 and all(line) for line in told.values())


def test_every_logger_that_is_told_of_is_there_and_has_its_time() -> None:
    told = rows("What is logged, and for how long")
    assert all(len(line) == 2 and all(line) for line in told.values())
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "src/wardbench/campus").rglob("*.py")]
    assert any('getLogger("wardbench.security")' in one for one in sources)


def test_what_takes_long_has_its_limit() -> None:
    assert f"({sheet.MOST_ROWS:,} rows a file)" in PAGE


def test_faults_of_others_have_their_days() -> None:
    assert "within 3 days" in PAGE and "within 30 days" in PAGE


CODE = ROOT / "src/wardbench/campus"
OUTWARDS = {"socket", "ssl", "requests", "urllib.request", "http.client", "smtplib", "ftplib", "subprocess", "asyncio"}
OUTWARDS |= {"django.core.mail", "psycopg"}
"""What Python code asks other programs and hosts with."""


def asks(path: Path) -> bool:
    """Whether a module imports what could ask another host."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = [one.name for one in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        if any(name == one or name.startswith(f"{one}.") for name in names for one in OUTWARDS):
            return True
    return False


def test_everything_that_the_campus_talks_to_is_told() -> None:
    told = rows("What it talks to")
    named = {word.strip(" `") for what in told for word in what.split(",")}
    assert named < set(Configuration.__struct_fields__)
    kept = {"name", "hosts", "address", "languages", "time_zone", "demo", "audit_heads", "database_password_file"}
    kept |= {"password_alone", "password_words", "catalogue"}
    assert set(Configuration.__struct_fields__) - kept == named, "a new setting that names a place stands in the table"
    by = {word.strip(" `") for line in told.values() for word in line[-1].split(",")} | {"server", "ending"}
    found = {".".join(path.relative_to(CODE).with_suffix("").parts) for path in CODE.rglob("*.py") if asks(path)}
    assert found == {one for one in by if not one.startswith("wardbench.")}


# What the table of classes of data asks for, and the tests that hold it.
CONTROLS = {
    ("records", "each read by a person authorised"): "test_cohorts_patient.py",
    ("records", "on the record"): "test_access.py::test_it_is_on_the_record_and_data_protection_is_told_at_once",
    ("records", "never in a log"): "test_security_log.py::test_a_refused_right_is_logged",
    ("keyed", "pass `core.disclosure`"): "test_counting.py",
    ("confidential", "shown by rules of their own"): "test_studies_pages.py",
    ("confidential", "`Cache-Control: no-store`"): "test_headers.py::test_what_a_person_was_shown_is_kept_nowhere",
    ("secrets", "readable by the owner"): "test_headers.py::test_keys_are_for_their_owner_alone",
    ("secrets", "never shown again"): "test_api_keys.py",
    ("secrets", "never logged"): "test_security_log.py::test_a_key_that_is_none_is_logged",
}


def test_what_each_class_of_data_needs_is_held_by_a_test() -> None:
    told = rows("What kinds of data there are, and what each needs")
    for (kind, need), test in CONTROLS.items():
        assert need.replace("`", "") in told[kind][2].replace("`", ""), (kind, need)
        file, _, name = test.partition("::")
        assert name in found_in(file), test
    assert {kind for kind, _ in CONTROLS} == set(told) - {"public"}
