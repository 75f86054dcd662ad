"""The main job on a synthetic campus, through the front door: files, a load, definitions, cohorts, reports."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from wardbench.core.errors import InputError
from wardbench.core.progress import Progress, silent
from wardbench.core.store import Store
from wardbench.synthetic import definitions, write_fhir, write_store
from wardbench.ward.cohorts import Cohort, read_definition, run_cohort
from wardbench.ward.cohorts.describe import describe_definition
from wardbench.ward.cohorts.report import report_command, write_report
from wardbench.ward.ingest.fhir.load import load_fhir
from wardbench.ward.ingest.ledger import LoadReport

FEWEST = 500
"""Persons of the smallest campus in which every story is told."""


@dataclass(frozen=True)
class DemoCohort:
    """One cohort of the demo: its definition's file, what it means in sentences, who is in it, its report's file."""

    definition: Path
    sentences: list[str]
    cohort: Cohort
    report: Path


@dataclass(frozen=True)
class Demo:
    """All that the demo made, below one folder; `seconds` says how long each step took."""

    folder: Path
    fhir: Path
    truths: Path
    store: Path
    twin: Path
    load: LoadReport
    cohorts: tuple[DemoCohort, ...]
    seconds: Mapping[str, float]


class _Made(msgspec.Struct, frozen=True):
    persons: int
    seed: int


def run_demo(folder: Path, *, persons: int, seed: int, progress: Progress = silent) -> Demo:
    """Make a campus as FHIR below `folder`, load it, and run and report every cohort definition that comes with it.

    A second run with the same persons and seed takes the files and the store that are there. InputError where the
    folder holds something else.
    """
    began = time.monotonic()
    fhir = folder / "fhir"
    _make_files(folder, fhir, _Made(persons, seed), progress)
    written_at = time.monotonic()
    store = Store.open_or_create(folder / "store")
    load = _load(folder / "load.json", fhir, store, progress)
    loaded_at = time.monotonic()
    twin = _twin(folder / "twin", persons, seed, progress)
    twinned_at = time.monotonic()
    snapshot = store.snapshot()
    with snapshot.connect() as con:
        written = definitions.write(con, folder / "definitions")
    cohorts = []
    for done, (name, path) in enumerate(written.items()):
        progress(done, len(written), f"cohort {name}")
        definition = read_definition(path)
        cohort = run_cohort(definition, snapshot)
        sentences = describe_definition(definition, cohort.plan, snapshot)
        report = folder / "reports" / f"{name}.html"
        report.parent.mkdir(exist_ok=True)
        command = report_command(path, store.folder, report, "release")
        write_report(cohort, sentences, snapshot, report, command=command)
        cohorts.append(DemoCohort(path, sentences, cohort, report))
    seconds = {
        "files": written_at - began,
        "load": loaded_at - written_at,
        "twin": twinned_at - loaded_at,
        "cohorts and reports": time.monotonic() - twinned_at,
    }
    truths = fhir.with_name("fhir.truths.json")
    return Demo(folder, fhir, truths, store.folder, twin.folder, load, tuple(cohorts), seconds)


def _twin(folder: Path, persons: int, seed: int, progress: Progress) -> Store:
    """Another campus that never was, for the sandbox: of half as many persons, none of whom is in the first one."""
    store = Store.open_or_create(folder)
    if not store.is_filled:
        write_store(folder, max(FEWEST, persons // 2), seed + 1, progress=progress)
    return store


def _load(kept: Path, fhir: Path, store: Store, progress: Progress) -> LoadReport:
    """Load the files, unless an earlier demo did and the store is still as it left it; the report of the load."""
    if kept.is_file() and store.is_filled:
        with contextlib.suppress(msgspec.DecodeError):
            before = msgspec.json.decode(kept.read_bytes(), type=LoadReport)
            if before.version == store.snapshot().version:
                return before
    report = load_fhir([fhir], store, progress=progress)
    kept.write_bytes(msgspec.json.encode(report))
    return report


def _make_files(folder: Path, fhir: Path, made: _Made, progress: Progress) -> None:
    marker = folder / "demo.json"
    if marker.is_file():
        try:
            before = msgspec.json.decode(marker.read_bytes(), type=_Made)
        except msgspec.DecodeError as error:
            raise InputError(f"{marker}: not what a demo leaves behind ({error}); name another folder.") from None
        if before != made:
            raise InputError(
                f"{folder}: holds a demo of {before.persons} persons with seed {before.seed}; name another folder."
            )
        return
    if folder.is_file() or (folder.is_dir() and any(folder.iterdir())):
        raise InputError(f"{folder}: there is something here already; name a folder that is empty or not there.")
    write_fhir(fhir, made.persons, made.seed, progress=progress)
    marker.write_bytes(msgspec.json.encode(made))
