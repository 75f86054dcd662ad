"""`wardbench samples`: how many specimens a store has of what, which ones, and how many persons have each condition."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated

import numpy as np
import pyarrow.compute as pc
import typer

from wardbench.cli.output import Json, console, print_json, print_table
from wardbench.core.consent import Tier
from wardbench.core.disclosure import rules_for
from wardbench.core.errors import InputError
from wardbench.core.store import Snapshot, Store
from wardbench.ward.cohorts import read_definition, run_cohort
from wardbench.ward.samples import (
    FACETS,
    RANGES,
    Choice,
    Counts,
    Giving,
    Patients,
    Query,
    Range,
    Strata,
    facets,
    find,
    index_of,
    range_of,
)
from wardbench.ward.samples.exchange.files import files_of, write_files
from wardbench.ward.samples.exchange.losses import summary
from wardbench.ward.samples.exchange.standards import STANDARDS, export, read_back, standard_of

app = typer.Typer(help="Find specimens in a store, and count who has which condition.", no_args_is_help=True)

EPOCH = date(1970, 1, 1)

StorePath = Annotated[Path, typer.Argument(metavar="STORE", help="The folder of the store.")]
Chosen = Annotated[
    list[str] | None,
    typer.Option(
        "--choose",
        metavar="FACET=VALUE",
        help="A value, or a range as 60..69, 2019-01-01.. or “volume 500000..”; again for more of one or others. "
        f"Facets: {', '.join(FACETS)}.",
    ),
]
Definition = Annotated[
    Path | None, typer.Option("--cohort", metavar="DEFINITION", help="Only of the persons of this cohort definition.")
]
From = Annotated[int | None, typer.Option("--from", help="Taken so many days after the cohort's start, or later.")]
To = Annotated[int | None, typer.Option("--to", help="Taken so many days after the cohort's start, or earlier.")]
Need = Annotated[
    list[str] | None, typer.Option("--need", metavar="TIER", help=f"A tier of consent: {', '.join(Tier)}.")
]
Thaws = Annotated[int | None, typer.Option("--most-thaws", help="How often a specimen may have been thawed.", min=0)]
Everything = Annotated[bool, typer.Option("--everything", help="Count what cannot be given, too.")]


@app.command("facets")
def facets_command(
    store: StorePath,
    choose: Chosen = None,
    cohort: Definition = None,
    since: From = None,
    until: To = None,
    need: Need = None,
    most_thaws: Thaws = None,
    everything: Everything = False,
    json: Json = False,
) -> None:
    """Count specimens, samples and donors for every value of every facet, each facet without its own choice."""
    snapshot = Store.open(store).snapshot()
    query = _query(snapshot, choose, cohort, since, until, _giving(need, most_thaws, everything))
    found = facets(index_of(snapshot), query)
    rules = rules_for("exact")
    if json:
        values = {
            name: {_shown(name, word): asdict(counts) for word, counts in held.items() if counts.specimens}
            for name, held in found.values.items()
        }
        given = found.availability
        print_json(
            {
                "version": snapshot.version,
                "total": asdict(found.total),
                "facets": values,
                "availability": given
                and {
                    "asked": asdict(given.asked),
                    "given": asdict(given.given),
                    "lost": {name: asdict(counts) for name, counts in given.lost.items()},
                    "more": {name: asdict(counts) for name, counts in given.more.items()},
                },
                "mode": rules.mode,
            }
        )
        return
    rows = [
        [name, _shown(name, word) or "(not known)", *_row(counts)]
        for name, held in found.values.items()
        for word, counts in held.items()
        if counts.specimens
    ]
    print_table(
        f"{store}, version {snapshot.version}", ["facet", "value", "specimens", "samples", "donors"],
        [["all", "", *_row(found.total)], *rows],
    )  # fmt: skip
    if found.availability is not None:
        kept = [[f"lost: {name}", *_row(counts)] for name, counts in found.availability.lost.items()]
        more = [[f"more: {name}", *_row(counts)] for name, counts in found.availability.more.items()]
        asked = ["asked for", *_row(found.availability.asked)]
        print_table("What can be given", ["", "specimens", "samples", "donors"], [asked, *kept, *more])
    console.print(f"{rules.label}.", highlight=False)


@app.command("find")
def find_command(
    store: StorePath,
    choose: Chosen = None,
    cohort: Definition = None,
    since: From = None,
    until: To = None,
    need: Need = None,
    most_thaws: Thaws = None,
    everything: Everything = False,
    offset: Annotated[int, typer.Option(help="How many to pass over.", min=0)] = 0,
    limit: Annotated[int, typer.Option(help="How many to list.", min=1)] = 50,
    json: Json = False,
) -> None:
    """List the specimens that `facets` counts, by donor, sample and name."""
    snapshot = Store.open(store).snapshot()
    query = _query(snapshot, choose, cohort, since, until, _giving(need, most_thaws, everything))
    found = find(index_of(snapshot), query, offset=offset, limit=limit)
    place = found.rows.schema.get_field_index("collected")
    taken = pc.strftime(found.rows.column("collected"), "%Y-%m-%dT%H:%M:%S")
    rows = found.rows.set_column(place, "collected", taken)
    if json:
        print_json({"version": snapshot.version, "total": found.total, "offset": offset, "specimens": rows.to_pylist()})
        return
    columns = ["specimen", "donor", "material", "collected", "amount", "dimension"]
    listed = [[_word(row[name]) for name in columns] for row in rows.select(columns).to_pylist()]
    print_table(f"{found.total:,} specimens, from {offset + 1:,}", columns, listed)


@app.command()
def stratify(
    store: StorePath,
    cohort: Definition = None,
    table: Annotated[str, typer.Option(help="A table of events.")] = "condition_occurrence",
    json: Json = False,
) -> None:
    """Count the persons who have each concept of a table: of everybody, or of a cohort."""
    snapshot = Store.open(store).snapshot()
    strata = Strata(snapshot, table)
    if cohort is None:
        counted = strata.everybody()
    else:
        rows = run_cohort(read_definition(cohort), snapshot).rows
        counted = strata.within(rows["subject_id"].to_numpy())
    found = sorted(counted.to_dict().items(), key=lambda pair: (-pair[1], pair[0]))
    if json:
        print_json({"version": snapshot.version, "table": table, "persons": {str(key): value for key, value in found}})
        return
    print_table(f"{store}, version {snapshot.version}", ["concept", "persons"], [list(pair) for pair in found])
    console.print(f"{rules_for('exact').label}.", highlight=False)


def _query(
    snapshot: Snapshot,
    choose: list[str] | None,
    cohort: Path | None,
    since: int | None,
    until: int | None,
    giving: Giving | None,
) -> Query:
    if cohort is None and (since is not None or until is not None):
        raise InputError("--from, --to: days are counted from a cohort's start; name one with --cohort.")
    patients = None if cohort is None else _patients(snapshot, cohort, since, until)
    return Query.of(_chosen(choose or []), patients=patients, giving=giving)


def _chosen(given: list[str]) -> dict[str, Choice]:
    words: dict[str, list[str]] = {}
    for text in given:
        facet, separator, value = text.partition("=")
        if not separator:
            raise InputError("--choose: write FACET=VALUE.")
        words.setdefault(facet, []).append(value)
    try:
        return {
            facet: tuple(_range(facet, value) for value in values) if facet in RANGES else frozenset(values)
            for facet, values in words.items()
        }
    except ValueError:
        raise InputError(
            "--choose: a range is written 60..69, in whole numbers, or in dates if it is of days."
        ) from None


def _range(facet: str, value: str) -> Range:
    if facet != "collected" or not value:
        return range_of(value)
    first, _, last = value.partition("..")
    low, high = ((date.fromisoformat(day) - EPOCH).days if day else None for day in (first, last))
    return Range(low, high)


def _shown(facet: str, value: str) -> str:
    """A value as it is chosen: a band of days by its dates."""
    if facet != "collected" or not value:
        return value
    band = range_of(value)
    return "..".join("" if day is None else (EPOCH + timedelta(day)).isoformat() for day in (band.low, band.high))


def _giving(need: list[str] | None, most_thaws: int | None, everything: bool) -> Giving | None:
    if everything:
        if need or most_thaws is not None:
            raise InputError("--everything: it goes without --need and --most-thaws.")
        return None
    try:
        return Giving(frozenset(map(Tier, need)), most_thaws) if need else Giving(most_thaws=most_thaws)
    except ValueError:
        raise InputError(f"--need: a tier is one of {', '.join(Tier)}.") from None


def _patients(snapshot: Snapshot, cohort: Path, since: int | None, until: int | None) -> Patients:
    rows = run_cohort(read_definition(cohort), snapshot).rows
    days = rows["cohort_start_date"].cast("int32").to_numpy()
    return Patients(rows["subject_id"].to_numpy().astype(np.int64), days, since, until)


def _row(counts: Counts) -> list[int]:
    return [counts.specimens, counts.samples, counts.donors]


def _word(value: object) -> object:
    return "" if value is None else value


@app.command("convert")
def convert_command(
    export_path: Annotated[Path, typer.Argument(metavar="EXPORT", help="An export: its ZIP file, or a folder of it.")],
    source: Annotated[str, typer.Option("--from", metavar="STANDARD", help="In which standard it is.")],
    target: Annotated[
        str, typer.Option("--to", metavar="STANDARD", help=f"In which it is written: {', '.join(STANDARDS)}.")
    ],
    output: Annotated[Path, typer.Option("--output", metavar="FOLDER", help="A folder that is not there yet.")],
    json: Json = False,
) -> None:
    """Write an export of a campus's inventory in another standard, and say what that could not hold."""
    read = read_back(files_of(export_path), standard_of(source))
    made = export(read, standard_of(target))
    write_files(made.files, output)
    why = standard_of(target).why
    told = [
        {"kind": kind, "field": name, "things": count, "why": why.get((kind, name), "")}
        for kind, of in summary(made.lost).items()
        for name, count in sorted(of.items())
    ]
    if json:
        lacks = [asdict(one) for one in made.missing]
        print_json({"specimens": len(read.samples), "files": sorted(made.files), "missing": lacks, "not_held": told})
        return
    if made.missing:
        lacks_rows = [[one.kind, one.id, one.field] for one in made.missing]
        print_table("What the standard asks for and is not there", ["of a", "which", "field"], lacks_rows)
    rows = [[one["kind"], one["field"], one["things"], one["why"]] for one in told]
    print_table(f"{output}: what the standard could not hold", ["of a", "field", "things", "why"], rows)
