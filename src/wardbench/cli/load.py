"""`wardbench load`: files into a store, and the ledger of where every record went."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from wardbench.cli.output import Json, console, print_json, print_table, watching
from wardbench.core.store import Store
from wardbench.ward.ingest.fhir.load import load_fhir
from wardbench.ward.ingest.fhir.resources import DEFAULT_INTENTS
from wardbench.ward.ingest.ledger import LoadReport

app = typer.Typer(help="Load files into a store.", no_args_is_help=True)

StoreOption = Annotated[Path, typer.Option("--store", metavar="STORE", help="The folder of the store.")]

SHOWN = 10


@app.command()
def fhir(
    sources: Annotated[
        list[Path],
        typer.Argument(metavar="SOURCE...", help="Files and folders of FHIR R4: NDJSON, bundles, resources; also .gz."),
    ],
    store: StoreOption,
    intent: Annotated[
        list[str] | None,
        typer.Option(help="An intent of MedicationRequest that counts as a drug exposure; repeat for several."),
    ] = None,
    extracted: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="The day the files were written; else the last day of any event."),
    ] = None,
    allow_quarantine: Annotated[
        bool, typer.Option("--allow-quarantine", help="Set lines aside that cannot be read, and load the rest.")
    ] = False,
    quarantine: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the places and reasons of such lines, as NDJSON.")
    ] = None,
    json: Json = False,
) -> None:
    """Load FHIR R4 and print where every record went. What the store held before is replaced, its vocabulary stays."""
    with watching("looking at the files") as progress:
        report = load_fhir(
            sources,
            Store.open_or_create(store),
            intents=tuple(intent or DEFAULT_INTENTS),
            extracted=extracted.date().isoformat() if extracted else None,
            allow_quarantine=allow_quarantine,
            quarantine=quarantine,
            progress=progress,
        )
    print_report(report, json=json)


def print_report(report: LoadReport, *, json: bool) -> None:
    """The report of a load: one JSON object for machines, tables for people."""
    if json:
        print_json(
            {
                "store": report.store,
                "version": report.version,
                "records": report.records,
                "quarantined": report.quarantined,
                "tables": report.tables,
                "ledger": report.ledger,
                "by_kind": report.by_kind(),
                "unresolved": {"records": report.unresolved_records, "ranked": report.unresolved},
                "unmapped": {
                    "codes": report.unmapped_codes,
                    "records": report.unmapped_records,
                    "ranked": report.unmapped,
                },
                "notes": report.notes,
            }
        )
        return
    _print_ledger(report)
    print_table("Tables", ["table", "rows"], [[name, rows] for name, rows in report.tables.items()])
    if report.unresolved:
        rows = [[u.field, u.target, u.records, u.different] for u in report.unresolved[:SHOWN]]
        print_table("References that lead nowhere", ["field", "target", "records", "different"], rows)
    if report.unmapped:
        title = f"Codes without a standard concept: {report.unmapped_codes:,} in {report.unmapped_records:,} records"
        coded = [[u.field, u.system, u.code, u.display or "", u.records] for u in report.unmapped[:SHOWN]]
        print_table(title, ["field", "system", "code", "display", "records"], coded)
    for note in report.notes:
        console.print(f"- {note}", highlight=False)
    console.print(f"{report.store} is now at version {report.version}.", highlight=False)


def _print_ledger(report: LoadReport) -> None:
    columns = ["kind", "in", "written", "excluded", "quarantined"]
    ledger = report.by_kind()
    rows = [[e.kind, e.records, e.written, sum(e.excluded.values()), e.quarantined] for e in ledger]
    files = len({entry.source for entry in report.ledger})
    print_table(f"{report.records:,} records in {files:,} files", columns, rows)
    reasons = [[e.kind, reason, count] for e in ledger for reason, count in e.excluded.items() if count]
    if reasons:
        print_table("Excluded", ["kind", "reason", "records"], reasons)
