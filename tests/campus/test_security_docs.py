"""What the page on security says is what the code does."""

from __future__ import annotations

from pathlib import Path

from wardbench.campus.cohorts import builder_views
from wardbench.campus.configuration import KEYS
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
