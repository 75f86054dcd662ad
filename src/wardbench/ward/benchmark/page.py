"""The page of every benchmark: plain words, charts, each with the table behind it, and how to make it again."""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any

import duckdb
import msgspec
from markupsafe import Markup

from wardbench.core.disclosure import Figure, Rules
from wardbench.core.omop.tables import CDM_VERSION
from wardbench.core.page import rendered
from wardbench.core.results import written_whole
from wardbench.core.store import Snapshot
from wardbench.core.version import __version__
from wardbench.ward.benchmark.lines import File
from wardbench.ward.cohorts.report import provenance

TEMPLATES = resources.files(__package__).joinpath("templates")
Cell = str | Figure


@dataclass(frozen=True)
class Table:
    """Rows of text and of figures that went through disclosure control; `numeric` are columns that stand to the right.
    The first column names the row. A table that is `folded` stands behind its chart.
    """

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    folded: bool = False
    numeric: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Section:
    """A part of the page: words, then charts, then tables."""

    name: str
    words: tuple[str, ...] = ()
    charts: tuple[Markup, ...] = ()
    tables: tuple[Table, ...] = ()
    light: str = ""

    @property
    def place(self) -> str:
        """The name of the section in a link."""
        return "part-" + hashlib.sha256(self.name.encode()).hexdigest()[:8]


@dataclass(frozen=True)
class Made:
    """From what, and with what, so that somebody else can make it again. A file stands with its name and SHA-256."""

    command: str
    source: str
    files: tuple[tuple[str, str], ...]
    snapshot_version: str = ""
    snapshot_created: str = ""
    vocabulary: str = ""
    cdm: str = CDM_VERSION
    wardbench: str = __version__
    duckdb: str = duckdb.__version__


@dataclass(frozen=True)
class Report:
    """All that a page says. Its JSON is on the page, and the page's checksum is of that."""

    name: str
    kind: str
    verdict: str
    light: str
    sections: tuple[Section, ...]
    methods: str
    mode: str
    label: str
    notes: tuple[str, ...]
    made: Made
    cited: tuple[str, ...] = field(default=())

    @property
    def checksum(self) -> str:
        return hashlib.sha256(canonical_json(self)).hexdigest()


def made_of(
    command: str, source: str, *, snapshot: Snapshot | None = None, files: Sequence[File] = (), definitions: Any = ()
) -> Made:
    """What a page is made from: a snapshot, files, and definitions by name and hash of their plan."""
    named = tuple((Path(file.path).name, file.sha256) for file in files) + tuple(definitions)
    if snapshot is None:
        return Made(command, source, named)
    known = provenance(snapshot, command, "", "")
    return Made(
        command, source or known.source, named, known.snapshot_version, known.snapshot_created, known.vocabulary
    )


def command_of(words: Sequence[object]) -> str:
    """A command of the line as it is typed."""
    return shlex.join(["./wardbench", "benchmark", *(str(word) for word in words)])


def canonical_json(report: Report) -> bytes:
    """The report as one line of JSON, keys sorted, without its charts and when and by which command it was made."""
    content = {
        "name": report.name,
        "kind": report.kind,
        "verdict": report.verdict,
        "mode": report.mode,
        "methods": report.methods,
        "files": report.made.files,
        "snapshot": report.made.snapshot_version,
        "sections": [
            {
                "name": section.name,
                "words": section.words,
                "light": section.light,
                "tables": [
                    {
                        "caption": table.caption,
                        "columns": table.columns,
                        "rows": [[_plain(cell) for cell in row] for row in table.rows],
                    }
                    for table in section.tables
                ],
            }
            for section in report.sections
        ],
    }
    return msgspec.json.encode(content, order="sorted")


def _plain(cell: Cell) -> object:
    if isinstance(cell, Figure):
        return cell.text if cell.value is None else cell.value
    return cell


def render(report: Report) -> str:
    json = canonical_json(report)
    return rendered(
        TEMPLATES,
        "benchmark.html",
        name=report.name,
        kind=report.kind,
        report=report,
        figures=report,
        made=report.made,
        methods=report.methods,
        json=json.decode(),
        checksum=hashlib.sha256(json).hexdigest(),
    )


def write_page(report: Report, path: Path) -> None:
    """Write the page whole or not at all. As `check_place` where `path` cannot be written."""
    html = render(report)
    with written_whole(path) as draft:
        draft.write_text(html, encoding="utf-8", newline="\n")


def told(rules: Rules) -> dict[str, Any]:
    """What a report says of its mode."""
    return {"mode": rules.mode, "label": rules.label, "notes": rules.notes}


def share(value: float | None, rules: Rules, persons: int) -> Figure:
    """A modelled share of so many persons as a percentage."""
    figure = rules.estimate(None if value is None else 100 * value, persons)
    return figure if figure.value is None else Figure(figure.value, f"{figure.value:.1f}%")


def between(low: Figure, high: Figure) -> str:
    """An interval in words; empty where it is withheld."""
    return f"{low.text} to {high.text}" if low.value is not None and high.value is not None else ""
