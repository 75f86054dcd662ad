"""`wardbench load`: files into a store, and the ledger of where every record went."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from wardbench.cli.output import console, print_json, print_table
from wardbench.ward.ingest.ledger import LoadReport

app = typer.Typer(help="Load files into a store.", no_args_is_help=True)

StoreOption = Annotated[Path, typer.Option("--store", metavar="STORE", help="The folder of the store.")]

SHOWN = 10


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
