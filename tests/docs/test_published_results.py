"""Every result that the manual says is a test is one."""

from __future__ import annotations

import re
from pathlib import Path


def test_each_named_test_is_there(root: Path) -> None:
    page = (root / "docs" / "reference" / "published-results.md").read_text(encoding="utf-8")
    rows = [line for line in page.splitlines() if line.startswith("| ") and "---" not in line and "Test |" not in line]
    conformance = root / "tests" / "conformance"
    there = {
        name
        for path in (*(root / "tests").rglob("test_outcome*.py"), *conformance.glob("test_*.py"))
        for name in re.findall(r"^def (test_\w+)", path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    for row in rows:
        named = re.findall(r"`(test_\w+)`", row)
        assert named, row
        assert set(named) <= there, row
