"""`wardbench benchmark`: the hospital as the yardstick; here its reference intervals."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

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
    words_in,
)
from wardbench.cli.output import Json, watching
from wardbench.cli.records import ObjectedOption, Records, SnapshotOption, of_a_store_alone
from wardbench.core.disclosure import MODES
from wardbench.core.errors import InputError

app = typer.Typer(help="The hospital as the yardstick of results, studies and assays.", no_args_is_help=True)


@app.callback()
def benchmark() -> None:
    """The hospital as the yardstick of results, studies and assays."""


@app.command()
def intervals(
    store: StoreOption = None,
    version: SnapshotOption = None,
    objected: ObjectedOption = None,
    analyte: Annotated[
        str | None,
        typer.Option(metavar="CODE", help="LOINC:718-7, 718-7 or a concept id; of a file a name."),
    ] = None,
    unit: Annotated[str | None, typer.Option(help="The unit, in UCUM as in mmol/L.")] = None,
    csv: Annotated[
        Path | None, typer.Option("--csv", metavar="FILE", help="A laboratory's own export instead of a store.")
    ] = None,
    value: Annotated[str, typer.Option(help="Of a file: the column of the results.")] = "value",
    by: Annotated[str, typer.Option(help="Groups, parted by commas: sex, age, device.")] = "",
    ages: Annotated[str, typer.Option(help="At which ages bands begin.")] = "18,40,60",
    choose: Annotated[str, typer.Option(help="Which result of a person counts: first, last, random.")] = "first",
    healthy: Annotated[
        str | None,
        typer.Option(help="Direct limits beside: a cohort definition of healthy persons; of a file COLUMN=WORD."),
    ] = None,
    outpatients: Annotated[bool, typer.Option("--outpatients", help="Only results of outpatient visits.")] = False,
    draws: Annotated[int, typer.Option(help="How many bootstrap draws.", min=20, max=5000)] = 200,
    seed: Seed = 1,
    report: PageOption = None,
    mode: Mode = MODES[0],
    json: Json = False,
) -> None:
    """Reference intervals from routine results, by sex, age and device, with how far they may be trusted."""
    # Statistics take a second to load, which every other command would wait for.
    from wardbench.core.disclosure import rules_for
    from wardbench.ward.benchmark.exported import exported_results
    from wardbench.ward.benchmark.intervals import intervals as worked_out
    from wardbench.ward.benchmark.intervals_report import intervals_report
    from wardbench.ward.benchmark.page import made_of
    from wardbench.ward.benchmark.recorded import find_analyte, results_of

    prepared(mode, report, csv, objected)
    if (store is None) == (csv is None):
        raise InputError("--store, --csv: name one of them.")
    words: list[object] = ["intervals"]
    records = None
    if csv is not None:
        of_a_store_alone(version, objected)
        if outpatients:
            raise InputError("--outpatients: a file does not say of which visit a result is.")
        results, file = exported_results(csv, value=value, unit=unit or "", analyte=analyte or "", healthy=healthy)
        words += ["--csv", csv, "--value", value, *given_option("--analyte", analyte), *given_option("--unit", unit)]
        files, definitions = [file], list[tuple[str, str]]()
    else:
        if analyte is None:
            raise InputError("--analyte: say what was measured; `wardbench cohort codes` lists what records name.")
        records, files, definitions = Records.of(store, version, objected), [], []
        found = find_analyte(records.snapshot, analyte, unit)
        cohort = None if healthy is None else records.cohort(Path(healthy))
        if cohort is not None:
            definitions = [(f"Definition “{cohort.name}”", cohort.plan_hash)]
        results = results_of(records.snapshot, found, healthy=cohort, outpatients=outpatients, without=records.without)
        words += [*records.words, "--analyte", analyte, "--unit", found.unit]
        words += ["--outpatients"] if outpatients else []
    groups = words_in(by)
    with watching("Groups") as progress:
        answer = worked_out(
            results, by=groups, ages=numbers_in("--ages", ages), choice=choose, draws=draws, seed=seed,
            compared=healthy is not None, progress=progress,
        )  # fmt: skip
    words += [*given_option("--by", by), *(["--ages", ages] if "age" in groups else []), "--choose", choose]
    words += [*given_option("--healthy", healthy), "--draws", draws, "--seed", seed]
    command = command_line(words, report, mode)
    made = made_of(
        command, "" if records else results.source, snapshot=None if records is None else records.snapshot, files=files,
        definitions=definitions,
    )  # fmt: skip
    tell(intervals_report(answer, rules_for(mode), made), report, json, records)
