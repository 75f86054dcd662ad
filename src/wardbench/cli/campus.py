"""`wardbench campus` and `wardbench serve`: the application with its people, decisions and memory."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="The web application of a campus: set up, look after, back up.")

Folder = Annotated[Path, typer.Option("--campus", help="The folder of the campus.", envvar="WARDBENCH_CAMPUS")]
HERE = Path("campus")


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(help="Where to; empty or not there yet.")] = HERE,
    name: Annotated[str, typer.Option(help="What the campus is called.")] = "Campus",
    address: Annotated[str, typer.Option(help="Its address as browsers see it.")] = "http://localhost:8000",
    database: Annotated[
        str, typer.Option(help="sqlite:FILE, or postgresql://user@host:port/name.")
    ] = "sqlite:campus.sqlite3",
    store: Annotated[Path | None, typer.Option(help="The hospital's store.")] = None,
    twin: Annotated[Path | None, typer.Option(help="A synthetic store for whoever may not see real counts.")] = None,
) -> None:
    """Make a campus: its folder, keys and database."""
    from wardbench.campus.installation import make_campus

    make_campus(folder, name=name, address=address, database=database, store=store, twin=twin)
    print(f"The campus is in {folder}. Keep a copy of {folder / 'keys'} somewhere else: without them the record")
    print("cannot be proved. Next: wardbench campus user add, then wardbench serve.")


def serve(
    folder: Folder = HERE,
    bind: Annotated[str, typer.Option(help="Address and port to listen on.")] = "127.0.0.1:8000",
    workers: Annotated[int, typer.Option(help="Processes that answer pages.", min=1)] = 2,
    threads: Annotated[int, typer.Option(help="Threads in each.", min=1)] = 4,
) -> None:
    """Serve the campus: its pages, and beside them the process that works in the background."""
    from wardbench.campus.server import serve as run

    run(folder, bind=bind, workers=workers, threads=threads)
