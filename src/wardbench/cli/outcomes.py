"""`wardbench outcomes`: what happened to patients like mine, and a comparison where it deserves one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from wardbench.cli.output import Json, console, print_json, print_table, watching
from wardbench.cli.records import ObjectedOption, Records, SnapshotOption
from wardbench.core.disclosure import MODES
from wardbench.core.errors import InputError
from wardbench.core.results import check_place

if TYPE_CHECKING:
    from wardbench.bench.outcomes.released import GateRow

app = typer.Typer(help="What happened to patients like mine, from a protocol.", no_args_is_help=True)


@app.callback()
def outcomes() -> None:
    """What happened to patients like mine, from a protocol."""


@app.command()
def run(
    protocol: Annotated[Path, typer.Argument(metavar="PROTOCOL", help="A protocol, YAML or JSON.")],
    store: Annotated[Path, typer.Option(metavar="STORE", help="The folder of the store.")],
    report: Annotated[
        Path | None, typer.Option(metavar="REPORT", help="Write a page about what was found to this HTML file.")
    ] = None,
    mode: Annotated[str, typer.Option(help=f"What may be shown: {' or '.join(MODES)}.")] = MODES[0],
    objected: ObjectedOption = None,
    version: SnapshotOption = None,
    json: Json = False,
) -> None:
    """Answer a protocol: who the patients are, what happened to them, and estimates if every diagnostic is passed."""
    # Statistics take a second to load, which every other command would wait for.
    from wardbench.bench.outcomes.analysis import analyse
    from wardbench.bench.outcomes.protocol import read_question
    from wardbench.bench.outcomes.report import report_command, report_of, write_report

    if mode not in MODES:
        raise InputError(f"--mode: {mode!r} is none of {', '.join(MODES)}.")
    if report is not None:
        if report.resolve() == protocol.resolve():
            raise InputError("PROTOCOL and --report: the two are one file.")
        check_place(report)
    question = read_question(protocol)
    records = Records.of(store, version, objected)
    snapshot = records.snapshot
    with watching("Working") as progress:
        analysis = analyse(question, snapshot, without=records.without, progress=progress)
    command = "" if report is None else report_command(protocol, store, report, mode, snapshot.version, objected)
    if report is not None:
        write_report(analysis, snapshot, report, mode=mode, command=command)
    found = report_of(analysis, snapshot, mode=mode, command=command)
    if json:
        print_json(msgspec.to_builtins(found))
        return
    console.print(found.verdict, highlight=False)
    figures = found.figures
    print_table(
        "Who is followed",
        ["Step", "Target", "Comparator"],
        [[step.name, step.target.text, step.comparator.text] for step in figures.attrition],
    )
    if figures.gates:
        rows = [[one.name, one.value, one.limit, _passed(one)] for one in figures.gates]
        print_table("May it be compared?", ["Diagnostic", "Found", "Limit", "Passed"], rows)
    if figures.effects:
        rows = [[row.name, row.value, row.interval] for row in figures.effects]
        print_table("Estimates", ["What", "Estimate", "95% interval"], rows)
    if figures.strength is not None:
        console.print(f"How far it may be trusted: {figures.strength.grade}.", highlight=False)
        for doubt in figures.strength.doubts:
            console.print(f"- {doubt.why}", highlight=False)
    if report is not None:
        console.print(f"The page is in {report}.", highlight=False)


def _passed(gate: GateRow) -> str:
    told = "yes" if gate.passed else "no"
    return f"{told}, {gate.note}" if gate.note else told
