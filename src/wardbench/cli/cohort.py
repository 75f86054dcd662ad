"""`wardbench cohort`: who is in a cohort, for one definition or for many."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from wardbench.cli.engines import PostgresOption, SchemaOption, SparkOption, StoreOption, VocabularyOption, place
from wardbench.cli.output import Json, console, print_json, print_table, watching
from wardbench.core.disclosure import MODES, rules_for
from wardbench.core.errors import InputError, NotFoundError, UnsupportedError
from wardbench.core.results import check_place
from wardbench.core.store import Snapshot
from wardbench.ward.cohorts import (
    BatchLine,
    Cohort,
    Definition,
    lower,
    read_definition,
    read_entries,
    run_batch,
    run_cohort,
    write_rows,
)
from wardbench.ward.cohorts.checks import Emptiness, empty_concept_sets
from wardbench.ward.cohorts.definition import Entry
from wardbench.ward.cohorts.describe import LANGUAGES, describe_definition
from wardbench.ward.cohorts.report import report_command, write_report

app = typer.Typer(help="Find the people of a cohort definition (OHDSI ATLAS JSON).", no_args_is_help=True)

Language = Annotated[str, typer.Option(help=f"The language of the sentences: {', '.join(LANGUAGES)}.")]

SHOWN = 20


@app.command()
def run(
    definition: Annotated[Path, typer.Argument(metavar="DEFINITION", help="A cohort definition, as ATLAS exports it.")],
    store: StoreOption = None,
    postgres: PostgresOption = None,
    schema: SchemaOption = "public",
    vocabulary_schema: VocabularyOption = None,
    spark: SparkOption = None,
    out: Annotated[
        Path | None, typer.Option(metavar="ROWS", help="Write the cohort's rows to this Parquet file.")
    ] = None,
    report: Annotated[
        Path | None, typer.Option(metavar="REPORT", help="Write a page about the cohort to this HTML file.")
    ] = None,
    mode: Annotated[str, typer.Option(help=f"What the page may show: {' or '.join(MODES)}.")] = MODES[0],
    language: Language = "en",
    json: Json = False,
) -> None:
    """Run one definition: how many people are in the cohort, how each rule narrows them down, and what it means."""
    if mode not in MODES:
        raise InputError(f"--mode: {mode!r} is none of {', '.join(MODES)}.")
    if language not in LANGUAGES:
        raise InputError(f"--language: {language!r} is none of {', '.join(LANGUAGES)}.")
    named = [path.resolve() for path in (definition, out, report) if path is not None]
    if len(set(named)) < len(named):
        raise InputError("DEFINITION, --out and --report: two of them are one file.")
    for path in (out, report):
        if path is not None:
            check_place(path)
    if report is not None and store is None:
        raise InputError("--report: a page needs a store; load the database into one with `wardbench load omop`.")
    where = place(store, postgres, schema, vocabulary_schema, spark)
    asked = read_definition(definition)
    cohort = run_cohort(asked, where.engine)
    if where.snapshot is not None:
        _refuse_what_asks_for_nothing(asked, cohort, where.snapshot)
    sentences = describe_definition(asked, cohort.plan, where.snapshot, language=language)
    if out is not None:
        write_rows(cohort.rows, out)
    if report is not None and store is not None and where.snapshot is not None:
        command = report_command(definition, store, report, mode, language)
        write_report(cohort, sentences, where.snapshot, report, mode=mode, command=command, language=language)
    if json:
        print_json({**_figures(cohort), "description": sentences})
        return
    _print_cohort(cohort, sentences)
    for path, what in ((out, "The rows are"), (report, "The page is")):
        if path is not None:
            console.print(f"{what} in {path}.", highlight=False)


def _refuse_what_asks_for_nothing(asked: Definition, cohort: Cohort, snapshot: Snapshot) -> None:
    """An empty answer to a question that could have no other would be taken for one about patients."""
    for empty in empty_concept_sets([(asked, cohort.plan)], snapshot).values():
        if empty.all:
            remedy = "" if snapshot.has_vocabulary else "; load a vocabulary with `wardbench load vocabulary`"
            raise NotFoundError(f"{asked.source or asked.name}: {empty}, so that nobody could be found{remedy}.")
        print(f"wardbench: note: {empty}.", file=sys.stderr)


def _figures(cohort: Cohort) -> dict[str, object]:
    return {
        "cohort_definition_id": cohort.cohort_definition_id,
        "disclosure": rules_for("exact").label,
        "name": cohort.name,
        "persons": cohort.persons,
        "records": cohort.records,
        "attrition": [{"step": s.name, "events": s.events, "persons": s.persons} for s in cohort.attrition],
        "inclusion": {"by_event": _inclusion(cohort, "events"), "by_person": _inclusion(cohort, "persons")},
        "plan": cohort.plan_hash,
        "version": cohort.snapshot_version,
    }


def _inclusion(cohort: Cohort, of: Literal["events", "persons"]) -> dict[str, object]:
    """What OHDSI's inclusion reports say: of each rule, and of each combination of rules (bit n is rule n)."""
    found = cohort.inclusion
    masks = found.events if of == "events" else found.persons
    rules = [
        {"rule": name, "satisfying": rule.satisfying, "gain": rule.gain}
        for name, rule in zip(cohort.rule_names, found.rules(masks), strict=True)
    ]
    total, final = sum(masks.values()), found.satisfying_all(masks)
    return {"total": total, "satisfying_all": final, "rules": rules, "masks": {str(m): n for m, n in masks.items()}}


def _print_cohort(cohort: Cohort, sentences: list[str]) -> None:
    for sentence in sentences:
        console.print(sentence, highlight=False, markup=False)
    print_attrition(cohort)
    if cohort.rule_names:
        print_rules(cohort)
    console.print(
        f"{cohort.persons:,} persons in {cohort.records:,} memberships, on version {cohort.snapshot_version}.",
        highlight=False,
    )


def print_attrition(cohort: Cohort) -> None:
    """The funnel, for whoever holds the store and may read its rows anyway."""
    rules = rules_for("exact")
    persons = rules.chain([step.persons for step in cohort.attrition[:-1]])
    final = rules.total(cohort.attrition[-1].persons)
    rows = [[s.name, f.value, s.events] for s, f in zip(cohort.attrition, (*persons, final), strict=True)]
    print_table(f"{cohort.name}. {rules.label}.", ["step", "persons", "events"], rows)


def print_rules(cohort: Cohort) -> None:
    """What each rule does apart from the others; a person counts by the best of their events."""
    rules, found = rules_for("exact"), cohort.inclusion
    total = sum(found.persons.values())
    rows = [
        [name, *(rules.part(n, total).value for n in (person.satisfying, person.gain)), event.satisfying, event.gain]
        for name, person, event in zip(
            cohort.rule_names, found.rules(found.persons), found.rules(found.events), strict=True
        )
    ]
    columns = ["rule", "persons", "lost to it alone", "events", "lost to it alone"]
    print_table(f"Each rule by itself. {rules.label}.", columns, rows)


@app.command()
def batch(
    definitions: Annotated[
        Path, typer.Argument(metavar="DEFINITIONS", help="A .jsonl or .jsonl.gz file, or a folder of .json files.")
    ],
    out: Annotated[Path, typer.Option(metavar="ROWS", help="The Parquet file that gets the rows of all cohorts.")],
    store: StoreOption = None,
    postgres: PostgresOption = None,
    schema: SchemaOption = "public",
    vocabulary_schema: VocabularyOption = None,
    spark: SparkOption = None,
    strict: Annotated[bool, typer.Option("--strict", help="Fail when a definition is refused.")] = False,
    json: Json = False,
) -> None:
    """Run many definitions and say for each what it gave, or why it was refused."""
    check_place(out)
    if out.resolve() == definitions.resolve() or out.resolve().parent == definitions.resolve():
        raise InputError(f"--out: {out} is, or lies among, the definitions; write the rows elsewhere.")
    where = place(store, postgres, schema, vocabulary_schema, spark)
    entries = list(read_entries(definitions))
    with watching("Cohorts") as progress:
        lines = run_batch(entries, where.engine, out, progress=progress)
    refused = [line for line in lines if line.refused is not None]
    empty = _empty(entries, where.snapshot) if where.snapshot is not None else {}
    if json:
        told = [_line(line) | ({"empty": list(empty[line.id].names)} if line.id in empty else {}) for line in lines]
        print_json({"version": where.engine.version, "definitions": told})
    else:
        _print_batch(lines, refused, out)
        _print_empty(empty)
    if strict and refused:
        print(f"wardbench: {len(refused)} of {len(lines)} definitions were refused.", file=sys.stderr)
        raise typer.Exit(4)


def _empty(entries: list[Entry], snapshot: Snapshot) -> dict[int, Emptiness]:
    read = []
    for entry in entries:
        with contextlib.suppress(InputError, UnsupportedError):
            definition = entry.decode()
            read.append((definition, lower(definition)))
    return empty_concept_sets(read, snapshot)


def _print_empty(empty: dict[int, Emptiness]) -> None:
    nobody = [id for id, found in empty.items() if found.all]
    if empty:
        console.print(
            f"Of {len(empty):,} definitions a concept set has no concept in this store's vocabulary, of {len(nobody):,}"
            " of them every one, so that nobody could be found; --json names them.",
            highlight=False,
        )


def _line(line: BatchLine) -> dict[str, object]:
    if line.refused is not None:
        return {"id": line.id, "name": line.name, "refused": line.refused}
    figures = {"rows": line.rows, "subjects": line.subjects, "seconds": line.seconds}
    return {"id": line.id, "name": line.name, **figures}


def _print_batch(lines: tuple[BatchLine, ...], refused: list[BatchLine], out: Path) -> None:
    ran = [line for line in lines if line.refused is None]
    slowest = sorted(ran, key=lambda line: line.seconds, reverse=True)[:SHOWN]
    shown = ran if len(ran) <= SHOWN else slowest
    title = "Cohorts" if shown is ran else f"The {SHOWN} slowest of {len(ran):,} cohorts; --json lists all"
    print_table(
        title,
        ["id", "name", "rows", "subjects", "seconds"],
        [[str(line.id), line.name, line.rows, line.subjects, f"{line.seconds:.3f}"] for line in shown],
    )
    if refused:
        print_table("Refused", ["id", "name", "why"], [[str(line.id), line.name, line.refused] for line in refused])
    rows = sum(line.rows for line in ran)
    console.print(f"{len(ran):,} definitions run, {len(refused):,} refused; {rows:,} rows in {out}.", highlight=False)
