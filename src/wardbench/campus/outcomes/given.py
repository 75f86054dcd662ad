"""Files of aggregates that somebody sent, read as the command reads them."""

from __future__ import annotations

import tempfile
from pathlib import Path

from wardbench.core.errors import InputError
from wardbench.ward.benchmark.aggregates import Aggregates, read_aggregates


def given_aggregates(name: str, text: str) -> Aggregates:
    """The aggregates of a file that somebody sent. InputError names the file as they call it, the line and column."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / Path(name).name
        path.write_text(text, encoding="utf-8")
        try:
            return read_aggregates(path)
        except InputError as error:
            raise InputError(str(error).replace(f"{folder}/", "")) from None
