"""`wardbench cohort show`, `check`, `compare` and `export`: what a definition says, and what becomes of it."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from wardbench.cli.cohort import Language
from wardbench.cli.output import Json, console, print_json, print_table
from wardbench.core.disclosure import rules_for
from wardbench.core.errors import InputError, UnsupportedError
from wardbench.core.store import Snapshot, Store
from wardbench.ward.cohorts import Definition, lower, read_definition
from wardbench.ward.cohorts.checks import SEVERITIES, Finding, check_definition
from wardbench.ward.cohorts.compare import Counts, compare_definitions, comparison_in_words
from wardbench.ward.cohorts.describe import describe_definition
from wardbench.ward.cohorts.export import atlas_json, export_definition
from wardbench.ward.cohorts.plan import CohortPlan
from wardbench.ward.cohorts.records import EXTENSIONS

DefinitionArgument = Annotated[
    Path, typer.Argument(metavar="DEFINITION", help="A cohort definition, as ATLAS exports it.")
]
SomeStore = Annotated[
    Path | None, typer.Option("--store", metavar="STORE", help="The folder of a store, for its vocabulary's names.")
]


def show(
    definition: DefinitionArgument, store: SomeStore = None, language: Language = "en", json: Json = False
) -> None:
    """Say in sentences what a definition means, without running it."""
    snapshot = _snapshot(store)
    asked, plan = _planned(definition)
    sentences = describe_definition(asked, plan, snapshot, language=language)
    if json:
        print_json({"id": asked.id, "name": asked.name, "plan": plan.digest, "description": sentences})
        return
    for sentence in sentences:
        console.print(sentence, highlight=False, markup=False, soft_wrap=True)


def check(
    definition: DefinitionArgument,
    store: Annotated[
        Path | None, typer.Option("--store", metavar="STORE", help="A store, for its vocabulary and its records.")
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Fail when a finding is critical.")] = False,
    json: Json = False,
) -> None:
    """Say what is wrong, or probably wrong, with a definition: each finding with its path in the JSON."""
    snapshot = _snapshot(store)
    asked, _ = _planned(definition)
    found = check_definition(asked, snapshot)
    counts: dict[str, int] = {severity: sum(f.severity == severity for f in found) for severity in SEVERITIES}
    if json:
        print_json({"id": asked.id, "name": asked.name, **counts, "findings": found})
    else:
        _print_findings(asked, found, counts)
    if strict and counts["critical"]:
        print(f"wardbench: {definition}: {_many(counts['critical'], 'critical finding')}.", file=sys.stderr)
        raise typer.Exit(4)


def _print_findings(asked: Definition, found: Sequence[Finding], counts: Mapping[str, int]) -> None:
    for finding in found:
        console.print(f"{finding.severity}: {finding.path}", highlight=False, markup=False, style="bold")
        console.print(f"  {finding.sentence}", highlight=False, markup=False, soft_wrap=True)
    if not found:
        console.print(f"{asked.name}: nothing to say about it.", highlight=False, markup=False, soft_wrap=True)
        return
    said = [_many(counts["critical"], "critical finding"), _many(counts["warning"], "warning")]
    console.print(f"{asked.name}: {', '.join(said)}, {counts['information']} for information.", highlight=False)


def _many(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def compare(
    old: Annotated[Path, typer.Argument(metavar="OLD", help="The definition as it was.")],
    new: Annotated[Path, typer.Argument(metavar="NEW", help="The definition as it is.")],
    store: Annotated[
        Path | None, typer.Option("--store", metavar="STORE", help="A store, for names and for the counts.")
    ] = None,
    json: Json = False,
) -> None:
    """Say what changed between two versions of a definition, and with a store what that did to the count."""
    snapshot = _snapshot(store)
    versions = (_planned(old)[0], _planned(new)[0])
    found = compare_definitions(*versions, snapshot)
    if json:
        print_json({**msgspec.to_builtins(found), "counts": _counts(found.counts)})
        return
    for line in comparison_in_words(found):
        console.print(line, highlight=False, markup=False, soft_wrap=True)
    if found.counts is not None:
        rules = rules_for("exact")
        figures = found.counts.figures(rules)
        rows = [[name.replace("_", " "), figure.value] for name, figure in figures.items()]
        print_table("Persons", ["cohort", "persons"], rows)
        console.print(f"{rules.label}. Version {found.counts.version}.", highlight=False)
        if found.counts.same_rows:
            console.print("Every membership starts and ends on the same days as before.")


def _counts(counts: Counts | None) -> dict[str, object] | None:
    if counts is None:
        return None
    figures = {name: figure.value for name, figure in counts.figures(rules_for("exact")).items()}
    return {"version": counts.version, **figures, "same_rows": counts.same_rows}


def export(
    definition: DefinitionArgument,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the JSON to this file and not to standard output.")
    ] = None,
) -> None:
    """Print a definition as ATLAS imports it: the same bytes for the same content, whoever wrote it."""
    asked, _ = _planned(definition)
    if out is None:
        print(atlas_json(asked).decode(), end="")
        return
    if out.resolve() == definition.resolve():
        raise InputError("DEFINITION and --out are one file.")
    export_definition(asked, out)
    console.print(f"Wrote {out}.", highlight=False)


def _planned(path: Path) -> tuple[Definition, CohortPlan]:
    """The definition in a file and what it means; errors name the file."""
    definition = read_definition(path)
    try:
        return definition, lower(definition, extensions=EXTENSIONS)
    except (InputError, UnsupportedError) as error:
        raise type(error)(f"{path}: {error}") from None


def _snapshot(store: Path | None) -> Snapshot | None:
    return None if store is None else Store.open(store).snapshot()
