"""`wardbench demo`: the main job on a synthetic campus."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from wardbench.campus.demonstration.run import is_made, make_demonstration, people_by_role
from wardbench.campus.server import serve
from wardbench.cli.cohort import print_attrition
from wardbench.cli.output import Json, console, print_json, print_table, watching
from wardbench.core.errors import BusyError
from wardbench.demo import Demo, run_demo


def demo(
    folder: Annotated[Path, typer.Option(help="Where to; empty, not there yet, or of an earlier demo.")] = Path("demo"),
    persons: Annotated[int, typer.Option(help="How many persons.", min=500)] = 5000,
    seed: Annotated[int, typer.Option(help="The same seed gives the same campus.")] = 1,
    port: Annotated[int, typer.Option(help="Where to serve; the next free one if it is taken.")] = 8000,
    no_serve: Annotated[bool, typer.Option("--no-serve", help="End after the set-up.")] = False,
    database: Annotated[
        str, typer.Option(help="Of the web application: sqlite:FILE, or postgresql://user@host:port/name.")
    ] = "sqlite:campus.sqlite3",
    json: Json = False,
) -> None:
    """A campus that never was: files go in, cohorts and reports come out, and its web application opens."""
    with watching("making a campus") as progress:
        done = run_demo(folder, persons=persons, seed=seed, progress=progress)
        campus, began = folder / "campus", time.monotonic()
        if not is_made(campus):
            make_demonstration(campus, store=done.store, twin=done.twin, database=database, progress=progress)
    seconds = {**done.seconds, "campus": time.monotonic() - began}
    if json:
        print_json(
            {
                "folder": str(done.folder),
                "store": str(done.store),
                "twin": str(done.twin),
                "campus": str(campus),
                "seconds": {step: round(taken, 1) for step, taken in seconds.items()},
                "version": done.load.version,
                "records": done.load.records,
                "tables": done.load.tables,
                "cohorts": [
                    {
                        "definition": str(c.definition),
                        "report": str(c.report),
                        "records": c.cohort.records,
                        "persons": c.cohort.persons,
                        "attrition": [
                            {"name": s.name, "events": s.events, "persons": s.persons} for s in c.cohort.attrition
                        ],
                    }
                    for c in done.cohorts
                ],
            }
        )
    else:
        _print(done)
        _print_people(campus, seconds)
    if not no_serve:
        _serve(campus, port)


def _print(done: Demo) -> None:
    console.print(f"[bold]1. The hospital's files went in.[/bold] {done.fhir} to {done.store}", highlight=False)
    lines = sum(entry.written for entry in done.load.ledger)
    left_out = sum(sum(entry.excluded.values()) for entry in done.load.ledger)
    console.print(
        f"   {done.load.records:,} resources = {lines:,} written + {left_out:,} excluded by a rule"
        f" + {done.load.quarantined:,} quarantined; {done.load.tables['person']:,} persons.",
        highlight=False,
    )
    first = done.cohorts[0]
    console.print(f"\n[bold]2. A definition went in.[/bold] {first.definition}", highlight=False)
    for sentence in first.sentences:
        console.print(f"   {sentence}", highlight=False, markup=False)
    console.print("\n[bold]3. Out came who is there.[/bold]")
    print_attrition(first.cohort)
    rows = [[c.cohort.name, c.cohort.persons, str(c.report)] for c in done.cohorts]
    print_table("All cohorts of the demo", ["cohort", "persons", "report"], rows)
    console.print(f"Open {first.report} in a browser. What is true of this campus: {done.truths}", highlight=False)


def _print_people(campus: Path, seconds: Mapping[str, float]) -> None:
    console.print(f"\n[bold]4. The campus has its people.[/bold] {campus}", highlight=False)
    table = [[title, names] for title, names in people_by_role(campus)]
    print_table("Sign in as any of them, by one click", ["role", "people"], table)
    steps = ", ".join(f"{step} {taken:.1f} s" for step, taken in seconds.items())
    console.print(f"Made in {sum(seconds.values()):.1f} s: {steps}.", highlight=False)


def _serve(campus: Path, port: int) -> None:
    port, began = _free_port(port), time.monotonic()
    address = f"http://127.0.0.1:{port}"

    def ready() -> None:
        taken = time.monotonic() - began
        console.print(f"\n[bold]5. The campus is open:[/bold] {address} (after {taken:.1f} s)", highlight=False)
        console.print("   Sign in by one click as anybody of any role. Ctrl-C ends it.", highlight=False)

    serve(campus, bind=f"127.0.0.1:{port}", workers=2, threads=4, ready=ready)


def _free_port(first: int) -> int:
    """`first`, or the next port that nobody listens on."""
    for port in range(first, first + 100):
        with socket.socket() as tried, contextlib.suppress(OSError):
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            tried.bind(("127.0.0.1", port))
            return port
    raise BusyError(f"All ports from {first} to {first + 99} are taken; name another with --port.")
