"""What every command prints with: JSON for machines, tables and progress bars for people."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import msgspec
import typer
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table

from wardbench.core.progress import Progress as Watcher
from wardbench.core.progress import silent

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")]

# A pipe has no width of its own; 120 columns keep the tables of a log whole.
console = Console(width=None if sys.stdout.isatty() else 120)
_errors = Console(stderr=True)

SHORT = 24


def print_json(value: Any) -> None:
    """One JSON object on standard output and nothing else."""
    print(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())


def print_table(title: str, columns: list[str], rows: list[list[Any]]) -> None:
    """A table for people; whole numbers get thousands separators and stand to the right."""
    table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
    for number, column in enumerate(columns):
        cells = [row[number] for row in rows]
        numeric = bool(rows) and all(isinstance(cell, int | float) for cell in cells)
        # Numbers, codes and names of tables stay on one line; prose wraps.
        whole = numeric or all(len(str(cell)) <= SHORT for cell in cells)
        table.add_column(column, justify="right" if numeric else "left", overflow="fold", no_wrap=whole)
    for row in rows:
        table.add_row(*[_cell(value) for value in row])
    console.print(table)


def _cell(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else escape(str(value))


@contextmanager
def watching(what: str) -> Iterator[Watcher]:
    """A progress bar on a terminal, silence elsewhere."""
    if not sys.stderr.isatty():
        yield silent
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=_errors, transient=True) as bar:
        task = bar.add_task(what, total=None)

        def show(done: float, total: float, what: str) -> None:
            bar.update(task, completed=done, total=total, description=what)

        yield show
