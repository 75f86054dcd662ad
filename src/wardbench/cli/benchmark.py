"""`wardbench benchmark`: the hospital as the yardstick."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from wardbench.cli.output import Json, console, print_json, print_table, watching
from wardbench.cli.records import ObjectedOption, Records, SnapshotOption, of_a_store_alone
from wardbench.core.disclosure import MODES, Figure
from wardbench.core.errors import InputError
from wardbench.core.results import check_place

if TYPE_CHECKING:
    from wardbench.ward.benchmark.page import Report
    from wardbench.ward.cohorts import Cohort

app = typer.Typer(help="The hospital as the yardstick of results, studies and assays.", no_args_is_help=True)

StoreOption = Annotated[Path | None, typer.Option("--store", metavar="STORE", help="The folder of the store.")]
PageOption = Annotated[Path | None, typer.Option("--report", metavar="REPORT", help="Write a page to this HTML file.")]
Mode = Annotated[str, typer.Option(help=f"What may be shown: {' or '.join(MODES)}.")]
Seed = Annotated[int, typer.Option(help="Where chance begins; the same seed gives the same answer.", min=0)]


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

    _prepare(mode, report, csv, objected)
    if (store is None) == (csv is None):
        raise InputError("--store, --csv: name one of them.")
    words: list[object] = ["intervals"]
    records = None
    if csv is not None:
        of_a_store_alone(version, objected)
        if outpatients:
            raise InputError("--outpatients: a file does not say of which visit a result is.")
        results, file = exported_results(csv, value=value, unit=unit or "", analyte=analyte or "", healthy=healthy)
        words += ["--csv", csv, "--value", value, *_given("--analyte", analyte), *_given("--unit", unit)]
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
    groups = _words(by)
    with watching("Groups") as progress:
        answer = worked_out(
            results, by=groups, ages=_numbers("--ages", ages), choice=choose, draws=draws, seed=seed,
            compared=healthy is not None, progress=progress,
        )  # fmt: skip
    words += [*_given("--by", by), *(["--ages", ages] if "age" in groups else []), "--choose", choose]
    words += [*_given("--healthy", healthy), "--draws", draws, "--seed", seed]
    command = _command(words, report, mode)
    made = made_of(
        command, "" if records else results.source, snapshot=None if records is None else records.snapshot, files=files,
        definitions=definitions,
    )  # fmt: skip
    _tell(intervals_report(answer, rules_for(mode), made), report, json, records)


def _prepare(mode: str, report: Path | None, *inputs: Path | None) -> None:
    """Refuse beforehand what would be refused after a long answer."""
    if mode not in MODES:
        raise InputError(f"--mode: {mode!r} is none of {', '.join(MODES)}.")
    if report is not None:
        if any(path is not None and path.resolve() == report.resolve() for path in inputs):
            raise InputError("--report: is one file with what is read.")
        check_place(report)


def _given(option: str, value: object) -> list[object]:
    return [] if value is None or value == "" else [option, value]


def _words(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(word.strip() for word in text.split(",") if word.strip()))


def _numbers(option: str, text: str) -> tuple[int, ...]:
    try:
        return tuple(int(word) for word in _words(text))
    except ValueError:
        raise InputError(f"{option}: whole numbers, parted by commas.") from None


def _command(words: list[object], report: Path | None, mode: str) -> str:
    from wardbench.ward.benchmark.page import command_of

    return command_of([*words, *([] if report is None else ["--report", report]), "--mode", mode])


def _tell(answer: Report, report: Path | None, json: bool, records: Records | None = None) -> None:
    """Write the page where one is wanted, then print what it says; of `records` where they were read."""
    from wardbench.ward.benchmark.page import canonical_json, write_page
    from wardbench.ward.benchmark.without import said_of

    if records is not None:
        answer = said_of(answer, records.without)
    if report is not None:
        write_page(answer, report)
    if json:
        print_json({**msgspec.json.decode(canonical_json(answer)), "checksum": answer.checksum})
        return
    console.print(answer.verdict, highlight=False, markup=False)
    for section in answer.sections:
        for table in section.tables:
            if not table.folded:
                rows = [[cell.text if isinstance(cell, Figure) else cell for cell in row] for row in table.rows]
                print_table(f"{section.name}: {table.caption}", list(table.columns), [list(row) for row in rows])
    console.print(f"{answer.label}.", highlight=False)
    if report is not None:
        console.print(f"The page is in {report}.", highlight=False)


@app.command()
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

    _prepare(mode, report, hospital, study, aggregates, objected)
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
    words = ["table1", *records.words, "--hospital", hospital, *_given("--study", study)]
    command = _command([*words, *_given("--aggregates", aggregates), "--days", days], report, mode)
    _tell(beside(records.snapshot, against, others, rules_for(mode), command, days=days), report, json, records)


Outcome = Annotated[str, typer.Option(metavar="DEFINITION", help="What is counted: death, or a cohort definition.")]
Within = Annotated[int, typer.Option(help="How many days from the start somebody is followed.", min=1, max=36500)]


@app.command()
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

    _prepare(mode, report, counts, standard, hospital, study, objected)
    if (counts is None) == (study is None):
        raise InputError("--csv, --study: name one of them.")
    if (standard is None) == (hospital is None):
        raise InputError("--standard, --hospital: name one of them.")
    rules, bands = rules_for(mode), _numbers("--ages", ages)
    records = None
    if study is None and hospital is None:
        of_a_store_alone(version, objected)
    else:
        records = Records.of(store, version, objected)
    words: list[object] = ["standardise", *_given("--csv", counts), *_given("--standard", standard)]
    words += [*(records.words if records else ()), *_given("--hospital", hospital), *_given("--study", study)]
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
    _tell(against(*sides, rules, _command(words, report, mode), follow=follow, ages=bands), report, json, records)


@app.command()
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

    _prepare(mode, report, csv, cohort, objected)
    way = way_of(dispersion)
    if csv is not None and cohort is None:
        of_a_store_alone(version, objected)
        command = _command(["funnel", "--csv", csv, "--dispersion", way], report, mode)
        _tell(units_of_file(csv, rules_for(mode), command, way=way), report, json)
        return
    if csv is not None or cohort is None:
        raise InputError("--csv, --cohort: name one of them.")
    records = Records.of(store, version, objected)
    members = records.cohort(cohort)
    ended = None if outcome == "death" else records.cohort(Path(outcome))
    words = ["funnel", *records.words, "--cohort", cohort, "--by", by, "--outcome", outcome, "--within", within]
    command = _command([*words, "--adjust", adjust, "--dispersion", way, "--seed", seed], report, mode)
    follow = Follow(records.snapshot, ended, within)
    found = units_of_cohort(members, follow, rules_for(mode), command, by=by, adjust=adjust, seed=seed, way=way)
    _tell(found, report, json, records)


@app.command()
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

    _prepare(mode, report, csv)
    first, second, left_out, file = read_pairs(csv, x, y)
    command = _command(["methods", csv, "--x", x, "--y", y, "--unit", unit], report, mode)
    made = made_of(command, f"the pairs in {csv.name}", files=[file])
    _tell(methods_report((first, second), (x, y), unit, left_out, rules_for(mode), made), report, json)


@app.command()
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

    _prepare(mode, report, csv, objected)
    if out is not None:
        if out.resolve() in {path.resolve() for path in (csv, report, objected) if path is not None}:
            raise InputError("--out: is one file with another one.")
        check_place(out)
    if analyte is None:
        raise InputError("--analyte: say what was measured; `wardbench cohort codes` lists what records name.")
    records, rules, bands = Records.of(store, version, objected), rules_for(mode), _numbers("--ages", ages)
    found = find_analyte(records.snapshot, analyte, unit)
    given, file = exported_results(csv, value=value, unit=found.unit)
    hospital = results_of(records.snapshot, found, without=records.without).one_each("first")
    words = ["assay", csv, *records.words, "--analyte", analyte, "--unit", found.unit]
    words += ["--value", value, "--ages", ages]
    command = _command([*words, *_given("--out", out)], report, mode)
    made = made_of(command, "", snapshot=records.snapshot, files=[file])
    placed, answer = on_hospital(given, hospital, bands, rules, made)
    if out is not None:
        write_placed(placed, out)
    _tell(answer, report, json, records)


@app.command()
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
        limits = [float(word) for word in _words(decisions)]
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
