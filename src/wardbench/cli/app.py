"""The commands, put together, and what becomes of an error: one sentence and its exit code."""

from __future__ import annotations

import contextlib
import errno
import io
import os
import sys

import typer

from wardbench.cli import (
    audit,
    bench,
    benchmark,
    campus,
    campus_care,
    campus_user,
    checks,
    cohort,
    cohort_start,
    cohort_words,
    demo,
    load,
    load_omop,
    manual,
    outcomes,
    samples,
    setup,
    store,
    synthetic,
)
from wardbench.core.errors import StorageError, WardbenchError
from wardbench.core.version import __version__

app = typer.Typer(
    name="wardbench",
    help="The exchange between the ward and the bench of a university hospital campus.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(load.app, name="load")
load.app.command("omop")(load_omop.omop)
load.app.command("vocabulary")(load_omop.vocabulary)
cohort.app.command("codes")(cohort_start.codes)
cohort.app.command("draft")(cohort_start.draft)
cohort.app.command("show")(cohort_words.show)
cohort.app.command("check")(cohort_words.check)
cohort.app.command("compare")(cohort_words.compare)
cohort.app.command("export")(cohort_words.export)
app.add_typer(cohort.app, name="cohort")
app.add_typer(store.app, name="store")
app.add_typer(samples.app, name="samples")
app.add_typer(outcomes.app, name="outcomes")
app.add_typer(benchmark.app, name="benchmark")
app.add_typer(campus.app, name="campus")
campus.app.add_typer(campus_user.app, name="user")
campus.app.command()(campus_care.check)
campus.app.command()(campus_care.update)
campus.app.command()(campus_care.backup)
campus.app.command()(campus_care.restore)
app.add_typer(audit.app, name="audit")
app.command()(campus.serve)
app.add_typer(synthetic.app, name="synthetic")
app.command(context_settings={"ignore_unknown_options": True})(checks.test)
app.command()(manual.docs)
app.command()(setup.setup)
app.command()(demo.demo)
app.command(context_settings={"ignore_unknown_options": True})(bench.bench)


@app.command()
def version() -> None:
    """Print the version of Wardbench."""
    print(__version__)


def main() -> None:
    """Run the command line; a `WardbenchError` becomes its sentence on standard error and its exit code."""
    # A terminal that lacks a letter shows its number; it is no reason to show nothing.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        app(prog_name="wardbench", standalone_mode=True)
    except WardbenchError as error:
        _end(str(error), error.exit_code)
    except BrokenPipeError:
        sys.exit(141)
    except MemoryError:
        _end("The memory that this process may use is not enough for this.", StorageError.exit_code)
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        _end("What was to be printed could not be written: no space is left there.", StorageError.exit_code)


def _end(sentence: str, code: int) -> None:
    print(f"wardbench: {sentence}", file=sys.stderr)
    with contextlib.suppress(OSError):
        sys.stdout.flush()
    # What could not be printed would be tried again at the end, and complained of.
    os._exit(code) if code == StorageError.exit_code else sys.exit(code)
