"""What the commands of `wardbench benchmark` share: options, what is refused beforehand, and how an answer is told."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from wardbench.cli.output import console, print_json, print_table
from wardbench.cli.records import Records
from wardbench.core.disclosure import MODES, Figure
from wardbench.core.errors import InputError
from wardbench.core.results import check_place

if TYPE_CHECKING:
    from wardbench.ward.benchmark.page import Report

StoreOption = Annotated[Path | None, typer.Option("--store", metavar="STORE", help="The folder of the store.")]
PageOption = Annotated[Path | None, typer.Option("--report", metavar="REPORT", help="Write a page to this HTML file.")]
Mode = Annotated[str, typer.Option(help=f"What may be shown: {' or '.join(MODES)}.")]
Seed = Annotated[int, typer.Option(help="Where chance begins; the same seed gives the same answer.", min=0)]


def prepared(mode: str, report: Path | None, *inputs: Path | None) -> None:
    """Refuse beforehand what would be refused after a long answer."""
    if mode not in MODES:
        raise InputError(f"--mode: {mode!r} is none of {', '.join(MODES)}.")
    if report is not None:
        if any(path is not None and path.resolve() == report.resolve() for path in inputs):
            raise InputError("--report: is one file with what is read.")
        check_place(report)


def given_option(option: str, value: object) -> list[object]:
    return [] if value is None or value == "" else [option, value]


def words_in(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(word.strip() for word in text.split(",") if word.strip()))


def numbers_in(option: str, text: str) -> tuple[int, ...]:
    try:
        return tuple(int(word) for word in words_in(text))
    except ValueError:
        raise InputError(f"{option}: whole numbers, parted by commas.") from None


def command_line(words: list[object], report: Path | None, mode: str) -> str:
    from wardbench.ward.benchmark.page import command_of

    return command_of([*words, *([] if report is None else ["--report", report]), "--mode", mode])


def tell(answer: Report, report: Path | None, json: bool, records: Records | None = None) -> None:
    """Write the page where one is wanted, then print what it says; of `records` where they were read."""
    from wardbench.ward.benchmark.page import canonical_json, write_page
    from wardbench.ward.benchmark.without import said_of

    if records is not None:
        answer = said_of(answer, records.without)
    if report is not None:
        write_page(answer, report)
    if json:
        print_json({**msgspec.json.decode(canonical_json(answer)), "checksum": answer.checksum})
        return
    console.print(answer.verdict, highlight=False, markup=False)
    for section in answer.sections:
        for table in section.tables:
            if not table.folded:
                rows = [[cell.text if isinstance(cell, Figure) else cell for cell in row] for row in table.rows]
                print_table(f"{section.name}: {table.caption}", list(table.columns), [list(row) for row in rows])
    console.print(f"{answer.label}.", highlight=False)
    if report is not None:
        console.print(f"The page is in {report}.", highlight=False)
