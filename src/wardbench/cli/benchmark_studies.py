"""`wardbench benchmark table1`, `standardise` and `funnel`: studies and units beside the hospital."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wardbench.cli.benchmark_told import (
    Mode,
    PageOption,
    Seed,
    StoreOption,
    command_line,
    given_option,
    numbers_in,
    prepared,
    tell,
)
from wardbench.cli.output import Json
from wardbench.cli.records import ObjectedOption, Records, SnapshotOption, of_a_store_alone
from wardbench.core.disclosure import MODES
from wardbench.core.errors import InputError

if TYPE_CHECKING:
    from wardbench.ward.cohorts import Cohort

Outcome = Annotated[str, typer.Option(metavar="DEFINITION", help="What is counted: death, or a cohort definition.")]
Within = Annotated[int, typer.Option(help="How many days from the start somebody is followed.", min=1, max=36500)]


def table1(
    store: StoreOption = None,
    version: SnapshotOption = None,
    objected: ObjectedOption = None,
    hospital: Annotated[
        Path | None, typer.Option(metavar="DEFINITION", help="The hospital's patients, as a cohort definition.")
    ] = None,
    study: Annotated[
        Path | None, typer.Option(metavar="DEFINITION", help="The study, as a cohort definition in the same store.")
    ] = None,
    aggregates: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Or the study's aggregates, CSV or JSON; no data of persons.")
    ] = None,
    days: Annotated[int, typer.Option(help="How many days before the start count.", min=0, max=36500)] = 365,
    report: PageOption = None,
    mode: Mode = MODES[0],
    json: Json = False,
) -> None:
    """A study beside the hospital's patients with the same definition: Table 1 with standardised differences."""
    from wardbench.core.disclosure import rules_for
    from wardbench.ward.benchmark.aggregates import read_aggregates
    from wardbench.ward.benchmark.table1 import beside

    prepared(mode, report, hospital, study, aggregates, objected)
    if hospital is None:
        raise InputError("--hospital: name a cohort definition of the hospital's patients.")
    if (study is None) == (aggregates is None):
        raise InputError("--study, --aggregates: name one of them.")
    # A file that cannot be read is told before a long answer.
    given = None if aggregates is None else read_aggregates(aggregates)
    records = Records.of(store, version, objected)
    others = records.cohort(hospital)
    against = given if study is None else records.cohort(study)
    assert against is not None, "one of the two was named"
    words = ["table1", *records.words, "--hospital", hospital, *given_option("--study", study)]
    command = command_line([*words, *given_option("--aggregates", aggregates), "--days", days], report, mode)
    tell(beside(records.snapshot, against, others, rules_for(mode), command, days=days), report, json, records)


def standardise(
    counts: Annotated[
        Path | None, typer.Option("--csv", metavar="FILE", help="Events and population of a study by stratum.")
    ] = None,
    standard: Annotated[Path | None, typer.Option(metavar="FILE", help="The standard, as such a file.")] = None,
    store: StoreOption = None,
    version: SnapshotOption = None,
    objected: ObjectedOption = None,
    hospital: Annotated[
        Path | None, typer.Option(metavar="DEFINITION", help="Or the hospital's patients, as a cohort definition.")
    ] = None,
    study: Annotated[Path | None, typer.Option(metavar="DEFINITION", help="The study, as a cohort definition.")] = None,
    outcome: Outcome = "death",
    within: Within = 365,
    ages: Annotated[str, typer.Option(help="At which ages bands begin.")] = "18,40,60,75",
    report: PageOption = None,
    mode: Mode = MODES[0],
    json: Json = False,
) -> None:
    """Events of a study against a standard: SMR or SIR with exact limits, and directly standardised rates."""
    from wardbench.core.disclosure import rules_for
    from wardbench.ward.benchmark.followed import Follow
    from wardbench.ward.benchmark.rates import against

    prepared(mode, report, counts, standard, hospital, study, objected)
    if (counts is None) == (study is None):
        raise InputError("--csv, --study: name one of them.")
    if (standard is None) == (hospital is None):
        raise InputError("--standard, --hospital: name one of them.")
    rules, bands = rules_for(mode), numbers_in("--ages", ages)
    records = None
    if study is None and hospital is None:
        of_a_store_alone(version, objected)
    else:
        records = Records.of(store, version, objected)
    words: list[object] = ["standardise", *given_option("--csv", counts), *given_option("--standard", standard)]
    words += [
        *(records.words if records else ()),
        *given_option("--hospital", hospital),
        *given_option("--study", study),
    ]
    words += [] if records is None else ["--outcome", outcome, "--within", within, "--ages", ages]
    follow = None
    if records is not None:
        follow = Follow(records.snapshot, None if outcome == "death" else records.cohort(Path(outcome)), within)

    def side(file: Path | None, definition: Path | None) -> Path | Cohort:
        if file is not None:
            return file
        assert definition is not None and records is not None, "one of the two was named"
        return records.cohort(definition)

    sides = side(counts, study), side(standard, hospital)
    tell(against(*sides, rules, command_line(words, report, mode), follow=follow, ages=bands), report, json, records)


def funnel(
    csv: Annotated[
        Path | None,
        typer.Option("--csv", metavar="FILE", help="Units: columns unit, observed, and n, expected or both."),
    ] = None,
    store: StoreOption = None,
    version: SnapshotOption = None,
    objected: ObjectedOption = None,
    cohort: Annotated[Path | None, typer.Option(metavar="DEFINITION", help="Whose outcomes are compared.")] = None,
    by: Annotated[str, typer.Option(help="Units of the visit on the first day: provider or care_site.")] = "provider",
    outcome: Outcome = "death",
    within: Within = 365,
    adjust: Annotated[str, typer.Option(help="For what units are adjusted: none, age-sex, case-mix.")] = "case-mix",
    dispersion: Annotated[
        str,
        typer.Option(
            help="How it is estimated what units vary beyond chance: cqc (root of ratios, scores Winsorised) or shmi "
            "(logarithm of ratios, scores truncated)."
        ),
    ] = "cqc",
    seed: Seed = 1,
    report: PageOption = None,
    mode: Mode = MODES[0],
    json: Json = False,
) -> None:
    """Units on a funnel plot, with limits for chance and for what units of their kind vary."""
    from wardbench.core.disclosure import rules_for
    from wardbench.ward.benchmark.followed import Follow
    from wardbench.ward.benchmark.funnel import way_of
    from wardbench.ward.benchmark.units import units_of_cohort, units_of_file

    prepared(mode, report, csv, cohort, objected)
    way = way_of(dispersion)
    if csv is not None and cohort is None:
        of_a_store_alone(version, objected)
        command = command_line(["funnel", "--csv", csv, "--dispersion", way], report, mode)
        tell(units_of_file(csv, rules_for(mode), command, way=way), report, json)
        return
    if csv is not None or cohort is None:
        raise InputError("--csv, --cohort: name one of them.")
    records = Records.of(store, version, objected)
    members = records.cohort(cohort)
    ended = None if outcome == "death" else records.cohort(Path(outcome))
    words = ["funnel", *records.words, "--cohort", cohort, "--by", by, "--outcome", outcome, "--within", within]
    command = command_line([*words, "--adjust", adjust, "--dispersion", way, "--seed", seed], report, mode)
    follow = Follow(records.snapshot, ended, within)
    found = units_of_cohort(members, follow, rules_for(mode), command, by=by, adjust=adjust, seed=seed, way=way)
    tell(found, report, json, records)
