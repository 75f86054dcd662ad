"""The commands by their first word, each imported when it is put in place: all of them together take a second."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import typer

from wardbench.core.version import __version__

_ANY = {"ignore_unknown_options": True}


def command_line(word: str = "") -> typer.Typer:
    """Everything that `wardbench` can do; only what begins with `word` where something does."""
    app = typer.Typer(
        name="wardbench",
        help="The exchange between the ward and the bench of a university hospital campus.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    # Without it, an only command would be run without its name.
    app.callback()(_nothing)
    for put in [COMMANDS[word]] if word in COMMANDS else COMMANDS.values():
        put(app)
    return app


def _nothing() -> None:
    pass


def _load(app: typer.Typer) -> None:
    from wardbench.cli import load, load_omop

    load.app.command("omop")(load_omop.omop)
    load.app.command("vocabulary")(load_omop.vocabulary)
    app.add_typer(load.app, name="load")


def _cohort(app: typer.Typer) -> None:
    from wardbench.cli import cohort, cohort_start, cohort_words

    cohort.app.command("codes")(cohort_start.codes)
    cohort.app.command("draft")(cohort_start.draft)
    cohort.app.command("show")(cohort_words.show)
    cohort.app.command("check")(cohort_words.check)
    cohort.app.command("compare")(cohort_words.compare)
    cohort.app.command("export")(cohort_words.export)
    app.add_typer(cohort.app, name="cohort")


def _store(app: typer.Typer) -> None:
    from wardbench.cli import store

    app.add_typer(store.app, name="store")


def _samples(app: typer.Typer) -> None:
    from wardbench.cli import samples

    app.add_typer(samples.app, name="samples")


def _outcomes(app: typer.Typer) -> None:
    from wardbench.cli import outcomes

    app.add_typer(outcomes.app, name="outcomes")


def _benchmark(app: typer.Typer) -> None:
    from wardbench.cli import benchmark, benchmark_assays, benchmark_studies

    benchmark.app.command("table1")(benchmark_studies.table1)
    benchmark.app.command("standardise")(benchmark_studies.standardise)
    benchmark.app.command("funnel")(benchmark_studies.funnel)
    benchmark.app.command("methods")(benchmark_assays.methods)
    benchmark.app.command("assay")(benchmark_assays.assay)
    benchmark.app.command("panel")(benchmark_assays.panel)
    app.add_typer(benchmark.app, name="benchmark")


def _campus(app: typer.Typer) -> None:
    from wardbench.cli import campus, campus_care, campus_exchange, campus_user

    campus.app.add_typer(campus_user.app, name="user")
    for command in (campus_care.check, campus_care.update, campus_care.backup, campus_care.restore):
        campus.app.command()(command)
    campus.app.command("take-in")(campus_exchange.take_in)
    app.add_typer(campus.app, name="campus")


def _audit(app: typer.Typer) -> None:
    from wardbench.cli import audit

    app.add_typer(audit.app, name="audit")


def _serve(app: typer.Typer) -> None:
    from wardbench.cli import campus

    app.command()(campus.serve)


def _synthetic(app: typer.Typer) -> None:
    from wardbench.cli import synthetic

    app.add_typer(synthetic.app, name="synthetic")


def _test(app: typer.Typer) -> None:
    from wardbench.cli import checks

    app.command(context_settings=_ANY)(checks.test)


def _docs(app: typer.Typer) -> None:
    from wardbench.cli import manual

    app.command()(manual.docs)


def _setup(app: typer.Typer) -> None:
    from wardbench.cli import setup

    app.command()(setup.setup)


def _demo(app: typer.Typer) -> None:
    from wardbench.cli import demo

    app.command()(demo.demo)


def _bench(app: typer.Typer) -> None:
    from wardbench.cli import bench

    app.command(context_settings=_ANY)(bench.bench)


def _version(app: typer.Typer) -> None:
    app.command()(version)


def version() -> None:
    """Print the version of Wardbench."""
    print(__version__)


COMMANDS: Mapping[str, Callable[[typer.Typer], None]] = {
    "load": _load,
    "cohort": _cohort,
    "store": _store,
    "samples": _samples,
    "outcomes": _outcomes,
    "benchmark": _benchmark,
    "campus": _campus,
    "audit": _audit,
    "serve": _serve,
    "synthetic": _synthetic,
    "test": _test,
    "docs": _docs,
    "setup": _setup,
    "demo": _demo,
    "bench": _bench,
    "version": _version,
}
"""What puts in place the commands that begin with a word."""
