"""What the reference pages list is what the code has."""

from __future__ import annotations

from pathlib import Path

from wardbench.core.errors import WardbenchError


def test_every_error_stands_in_the_table_of_exit_codes(root: Path) -> None:
    page = (root / "docs" / "reference" / "exit-codes.md").read_text(encoding="utf-8")
    for error in [WardbenchError, *WardbenchError.__subclasses__()]:
        row = next((line for line in page.splitlines() if f"`{error.__name__}`" in line), None)
        assert row is not None, f"{error.__name__} is not in the table"
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        assert (cells[0], cells[-1]) == (str(error.exit_code), str(error.http_status))
