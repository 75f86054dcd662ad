"""Patients like mine: a comparison and a description of 100,000 persons with more than 5,000 covariates.

The data are `wardbench.synthetic.starters` (about 12 million records, 106 covariates a person, 20 negative controls),
made once and kept. A report is what `wardbench outcomes run --report` does, in a process of its own: `comparative_s`
and `descriptive_s` are wall seconds from its start to the page on the disk, loading of modules included (`start` of the
steps), the best of `--runs`, `median_s` their median; `cpu_s` are processor seconds, which a busy machine lengthens
less; `load` says how busy it was. What the cohort engine works out once for a snapshot is made before and told apart
(`columns_s`). The comparison holds the report itself and the same question in three other ways (`others`).
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

CACHE = Path(os.environ.get("WARDBENCH_CACHE", Path.home() / ".cache/wardbench")) / "bench"
PERSONS = 100_000
CODES = 2_700
FORMAT = 2
"""Of the data; another number makes them again."""
STEPS = ("start", "cohorts", "records", "controls", "judging", "others")


def make_data(persons: int, codes: int) -> tuple[Path, Path, Path, float]:
    """The store, both protocols, and the seconds that what is worked out once for a snapshot took just now."""
    from wardbench.synthetic.starters import write_protocols, write_starters

    folder = CACHE / f"starters_{FORMAT}_{persons}{'' if codes == CODES else f'_{codes}'}"
    store = folder / "store"
    if not (store / "manifest.json").is_file():
        print(f"Making {persons:,} persons (once) ...", file=sys.stderr)
        folder.mkdir(parents=True, exist_ok=True)
        write_starters(store, persons, codes, 1)
    comparison, description = write_protocols(folder)
    began = time.perf_counter()
    for protocol in (comparison, description):
        child(protocol, store)
    return store, comparison, description, time.perf_counter() - began


def child(protocol: Path, store: Path) -> dict[str, Any]:
    """One report in a process of its own: what it says of itself, with wall and processor seconds and megabytes."""
    began = time.time()
    page = protocol.with_suffix(".html")
    command = [sys.executable, __file__, "--report", str(protocol), str(store), str(page)]
    # Modules are compiled before, as they are wherever a program was run once.
    settings = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    settings["PYTHONPYCACHEPREFIX"] = str(CACHE / "compiled")
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=settings)
    assert process.stdout is not None
    told = json.loads(process.stdout.read())
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{protocol.name}: no report was made")
    ended = time.time()
    marks = [began, *told.pop("marks"), ended]
    steps = dict(zip((*told.pop("steps"), "page"), (b - a for a, b in itertools.pairwise(marks)), strict=True))
    return {
        **told,
        "s": ended - began,
        "cpu_s": used.ru_utime + used.ru_stime,
        "peak_rss_mb": used.ru_maxrss / 1024,
        "steps": steps,
    }


def report(protocol: Path, store: Path, page: Path) -> None:
    """What `outcomes run --report` does; prints when each step was done."""
    from wardbench.bench.outcomes.analysis import analyse
    from wardbench.bench.outcomes.protocol import read_question
    from wardbench.bench.outcomes.report import write_report
    from wardbench.core.store import Store

    marks: list[float] = []
    question = read_question(protocol)
    snapshot = Store.open(store).snapshot()
    analysis = analyse(question, snapshot, progress=lambda *_: marks.append(time.time()))
    marks.append(time.time())
    write_report(analysis, snapshot, page, mode="release", command="")
    matrix = analysis.matrix
    told = {
        "persons": analysis.subjects.size,
        "covariates": 0 if matrix is None else len(matrix.columns),
        "cells": 0 if matrix is None else int(matrix.values.nnz),
        "answerable": analysis.comparison is not None and analysis.comparison.estimates is not None,
        "steps": STEPS[: len(marks)],
        "marks": marks,
    }
    print(json.dumps(told))


def run(persons: int, codes: int, runs: int) -> dict[str, Any]:
    store, comparison, description, columns = make_data(persons, codes)
    timed = [
        sorted((child(protocol, store) for _ in range(runs)), key=lambda one: one["s"])
        for protocol in (comparison, description)
    ]
    (compared, *_), (described, *_) = timed
    medians = [statistics.median(one["s"] for one in every) for every in timed]
    if not compared["answerable"]:
        raise SystemExit("the comparison was refused: there is nothing to time")

    def shares(one: dict[str, Any]) -> dict[str, float]:
        return {name: round(took / one["s"], 3) for name, took in one["steps"].items()}

    return {
        "benchmark": "outcomes",
        "comparative_s": round(compared["s"], 2),
        "descriptive_s": round(described["s"], 2),
        "comparative_median_s": round(medians[0], 2),
        "descriptive_median_s": round(medians[1], 2),
        "peak_rss_mb": round(max(compared["peak_rss_mb"], described["peak_rss_mb"])),
        "comparative_cpu_s": round(compared["cpu_s"], 2),
        "descriptive_cpu_s": round(described["cpu_s"], 2),
        "comparative_shares": shares(compared),
        "descriptive_shares": shares(described),
        "persons": compared["persons"],
        "covariates": compared["covariates"],
        "covariates_a_person": round(compared["cells"] / compared["persons"]),
        "columns_s": round(columns, 1),
        "load": [round(value, 1) for value in os.getloadavg()],
        "cpus": os.cpu_count(),
        "data": f"wardbench.synthetic.starters, {persons:,} persons, {codes:,} codes, seed 1",
    }


def main() -> None:
    parser = argparse.ArgumentParser(description="Outcome reports of many persons with many covariates.")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--persons", type=int, default=PERSONS)
    parser.add_argument("--codes", type=int, default=CODES)
    parser.add_argument("--runs", type=int, default=3, help="of each report; the quickest counts")
    parser.add_argument("--report", nargs=3, type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.report:
        report(*arguments.report)
        return
    result = run(arguments.persons, arguments.codes, arguments.runs)
    if arguments.json:
        print(json.dumps(result))
        return
    for name, value in result.items():
        print(f"{name:22} {value}")


if __name__ == "__main__":
    main()
