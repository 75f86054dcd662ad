"""`wardbench benchmark methods`, `assay` and `panel`: how a laboratory measures, beside the hospital."""

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
from wardbench.cli.output import Json, console, print_json
from wardbench.cli.records import ObjectedOption, Records, SnapshotOption
from wardbench.core.disclosure import MODES
from wardbench.core.errors import InputError
from wardbench.core.results import check_place


def methods(
    csv: Annotated[Path, typer.Argument(metavar="FILE", help="Pairs: a CSV file with a column for each method.")],
    x: Annotated[str, typer.Option(help="The column of the method that is the yardstick.")] = "x",
    y: Annotated[str, typer.Option(help="The column of the other method.")] = "y",
    unit: Annotated[str, typer.Option(help="The unit of both.")] = "units",
    report: PageOption = None,
    mode: Mode = MODES[1],
    json: Json = False,
) -> None:
    """Compare two methods: Passing and Bablok's regression, Bland and Altman's limits of agreement."""
    from wardbench.core.disclosure import rules_for
    from wardbench.ward.benchmark.methods_report import methods_report, read_pairs
    from wardbench.ward.benchmark.page import made_of

    prepared(mode, report, csv)
    first, second, left_out, file = read_pairs(csv, x, y)
    command = command_line(["methods", csv, "--x", x, "--y", y, "--unit", unit], report, mode)
    made = made_of(command, f"the pairs in {csv.name}", files=[file])
    tell(methods_report((first, second), (x, y), unit, left_out, rules_for(mode), made), report, json)


def assay(
    csv: Annotated[Path, typer.Argument(metavar="FILE", help="Values: a CSV file, with sex and age where known.")],
    store: StoreOption = None,
    version: SnapshotOption = None,
    objected: ObjectedOption = None,
    analyte: Annotated[str | None, typer.Option(metavar="CODE", help="LOINC:718-7, 718-7 or a concept id.")] = None,
    unit: Annotated[str | None, typer.Option(help="The unit of store and file, in UCUM as in mmol/L.")] = None,
    value: Annotated[str, typer.Option(help="The column of the values.")] = "value",
    ages: Annotated[str, typer.Option(help="At which ages bands begin.")] = "18,40,60",
    out: Annotated[
        Path | None,
        typer.Option(metavar="PLACED", help="Write each value with its percentile and flag to this CSV file."),
    ] = None,
    report: PageOption = None,
    mode: Mode = MODES[0],
    json: Json = False,
) -> None:
    """Place a researcher's values of an analyte on the hospital's distribution, by sex and age."""
    from wardbench.core.disclosure import rules_for
    from wardbench.ward.benchmark.assay import on_hospital, write_placed
    from wardbench.ward.benchmark.exported import exported_results
    from wardbench.ward.benchmark.page import made_of
    from wardbench.ward.benchmark.recorded import find_analyte, results_of

    prepared(mode, report, csv, objected)
    if out is not None:
        if out.resolve() in {path.resolve() for path in (csv, report, objected) if path is not None}:
            raise InputError("--out: is one file with another one.")
        check_place(out)
    if analyte is None:
        raise InputError("--analyte: say what was measured; `wardbench cohort codes` lists what records name.")
    records, rules, bands = Records.of(store, version, objected), rules_for(mode), numbers_in("--ages", ages)
    found = find_analyte(records.snapshot, analyte, unit)
    given, file = exported_results(csv, value=value, unit=found.unit)
    hospital = results_of(records.snapshot, found, without=records.without).one_each("first")
    words = ["assay", csv, *records.words, "--analyte", analyte, "--unit", found.unit]
    words += ["--value", value, "--ages", ages]
    command = command_line([*words, *given_option("--out", out)], report, mode)
    made = made_of(command, "", snapshot=records.snapshot, files=[file])
    placed, answer = on_hospital(given, hospital, bands, rules, made)
    if out is not None:
        write_placed(placed, out)
    tell(answer, report, json, records)


def panel(
    analyte: Annotated[str, typer.Argument(metavar="CODE", help="LOINC:718-7, 718-7 or a concept id.")],
    out: Annotated[Path, typer.Option(metavar="PANEL", help="The codes, for whoever measures: a CSV file.")],
    key: Annotated[
        Path, typer.Option(metavar="KEY", help="What is behind each code, for the biobank alone: a CSV file.")
    ],
    store: StoreOption = None,
    version: SnapshotOption = None,
    objected: ObjectedOption = None,
    unit: Annotated[str | None, typer.Option(help="The unit, in UCUM as in mmol/L.")] = None,
    places: Annotated[int, typer.Option(help="How many specimens.")] = 20,
    decisions: Annotated[str, typer.Option(help="Decision limits, parted by commas: two specimens beside each.")] = "",
    material: Annotated[str | None, typer.Option(help="Only of this material.")] = None,
    days: Annotated[int, typer.Option(help="How many days may lie between specimen and result.", min=0)] = 1,
    seed: Seed = 1,
    json: Json = False,
) -> None:
    """Choose a blinded panel of stored specimens over the measuring range of an analyte."""
    from wardbench.ward.benchmark.panel import candidates, choose, write_panel
    from wardbench.ward.benchmark.recorded import find_analyte
    from wardbench.ward.samples import Query, index_of

    if out.resolve() == key.resolve():
        raise InputError("--out, --key: are one file; the key is the biobank's.")
    if objected is not None and objected.resolve() in (out.resolve(), key.resolve()):
        raise InputError("--objected: is one file with what is written.")
    for path in (out, key):
        check_place(path)
    try:
        limits = [float(word) for word in words_in(decisions)]
    except ValueError:
        raise InputError("--decisions: numbers, parted by commas.") from None
    records = Records.of(store, version, objected)
    snapshot = records.snapshot
    found = find_analyte(snapshot, analyte, unit)
    query = Query.of({} if material is None else {"material": frozenset([material])})
    offered = candidates(snapshot, index_of(snapshot), found, query, days=days, without=records.without)
    chosen = choose(offered, places, decisions=limits, seed=seed)
    write_panel(chosen, found, out, key)
    if json:
        print_json({"version": snapshot.version, "analyte": found.name, "unit": found.unit, "places": len(chosen)})
        return
    console.print(f"A panel of {len(chosen)} specimens for {found.name}, in {found.unit}.", highlight=False)
    console.print(f"Codes: {out}. Key, for the biobank alone: {key}.", highlight=False)
