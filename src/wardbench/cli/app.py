"""The commands, put together, and what becomes of an error: one sentence and its exit code."""

from __future__ import annotations

import sys

import typer

from wardbench.cli import (
    bench,
    campus,
    checks,
    cohort,
    cohort_start,
    cohort_words,
    demo,
    load,
    load_omop,
    manual,
    setup,
    store,
    synthetic,
)
from wardbench.core.errors import WardbenchError
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
app.add_typer(campus.app, name="campus")
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
    try:
        app(prog_name="wardbench")
    except WardbenchError as error:
        print(f"wardbench: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    except BrokenPipeError:
        sys.exit(141)
