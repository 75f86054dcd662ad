"""FHIR to a stored snapshot: megabytes and resources per CPU-second, peak memory, beside the bare parse limit.

Each measurement is a process of its own; CPU-seconds are user and system time of all its threads, Python's start
included, and the peak is the resident memory the kernel saw. The best of several runs counts, since other work on the
machine only ever adds to CPU time.

The input: the Observations of the shared 100 patients, repeated with distinct ids and patients, with the patients;
where the shared data are absent, a synthetic campus' Observations and Patients.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
SHARED = Path(os.environ.get("WARDBENCH_SHARED", ROOT.parent / "shared")) / "data/fhir_synthea_100/ndjson"
CACHE = Path(os.environ.get("WARDBENCH_CACHE", Path.home() / ".cache/wardbench")) / "bench"
KINDS = ("Patient", "Observation")
UUID = re.compile(rb"[0-9a-f]{8}(?=-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})")
MB = 1_000_000

PARSE = {
    "msgspec, typed": """
import msgspec, sys
from wardbench.ward.ingest.fhir.resources.observation import ObservationWithComponents
decode = msgspec.json.Decoder(ObservationWithComponents).decode
with open(sys.argv[1], "rb") as lines:
    for line in lines:
        decode(line)
""",
    "DuckDB, the same columns": """
import sys
from wardbench.core.store import connect, quoted
from wardbench.ward.ingest.fhir.resources.observation import OBSERVATION
source = f"read_ndjson({quoted(sys.argv[1])}, columns = {OBSERVATION.file_columns})"
connect(memory="640MB", threads=2).execute(f"SELECT count(COLUMNS(*)) FROM {source}").fetchall()
""",
}


def make_data(megabytes: int) -> tuple[Path, str]:
    """The folder with the input, made once, and what it is."""
    if not SHARED.is_dir():
        return _from_synthetic(megabytes)
    folder = CACHE / f"observations_{megabytes}mb"
    packed = {kind: gzip.decompress((SHARED / f"{kind}.ndjson.gz").read_bytes()) for kind in KINDS}
    copies = max(1, round(megabytes * MB / len(packed["Observation"])))
    if not folder.is_dir():
        draft = folder.with_name(f"{folder.name}.{os.getpid()}")
        draft.mkdir(parents=True)
        for kind, text in packed.items():
            with (draft / f"{kind}.ndjson").open("wb") as out:
                for copy in range(copies):
                    out.write(UUID.sub(lambda match, copy=copy: _renamed(match.group(), copy), text))
        draft.rename(folder)
    return folder, f"Observations of 100 Synthea patients, repeated {copies} times with distinct ids and patients"


def _renamed(head: bytes, copy: int) -> bytes:
    """The first eight digits of a UUID, different in every copy: an odd multiple is a bijection on 32 bits."""
    return b"%08x" % ((int(head, 16) + copy * 2_654_435_761) & 0xFFFF_FFFF)


def _from_synthetic(megabytes: int) -> tuple[Path, str]:
    from wardbench.synthetic.fhir import write_fhir

    persons = max(100, megabytes * 20)
    folder = CACHE / f"campus_{persons}"
    if not folder.is_dir():
        with tempfile.TemporaryDirectory(dir=_made(CACHE)) as scratch:
            write_fhir(Path(scratch) / "campus", persons, 1)
            chosen = Path(scratch) / "chosen"
            chosen.mkdir()
            for kind in KINDS:
                shutil.move(Path(scratch) / "campus" / f"{kind}.ndjson", chosen)
            chosen.rename(folder)
    return folder, f"Observations of a synthetic campus of {persons:,} persons"


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def measure(command: list[str]) -> tuple[float, float, float]:
    """CPU-seconds, wall seconds and peak resident megabytes of a process."""
    start = time.monotonic()
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=environment)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{command[:3]} failed with exit code {process.returncode}")
    return used.ru_utime + used.ru_stime, time.monotonic() - start, used.ru_maxrss * 1024 / MB


def run(megabytes: int, runs: int) -> dict[str, Any]:
    folder, data = make_data(megabytes)
    observations = folder / "Observation.ndjson"
    with observations.open("rb") as lines:
        resources = sum(1 for _ in lines)
    size = sum(path.stat().st_size for path in folder.iterdir())
    loads, peaks = [], []
    for _ in range(runs):
        with tempfile.TemporaryDirectory(dir=_made(CACHE)) as scratch:
            command = [sys.executable, "-m", "wardbench", "load", "fhir", str(folder), "--store", f"{scratch}/store"]
            cpu, wall, peak = measure([*command, "--json"])
            loads.append((cpu, wall))
            peaks.append(peak)
    parses = {
        name: min(measure([sys.executable, "-c", code, str(observations)])[0] for _ in range(runs))
        for name, code in PARSE.items()
    }
    against = min(parses, key=lambda name: parses[name])
    limit = observations.stat().st_size / MB / parses[against]
    cpu, wall = min(loads)
    rate = size / MB / cpu
    return {
        "benchmark": "ingest",
        "mb_per_cpu_s": round(rate, 1),
        "resources_per_cpu_s": round(resources / cpu),
        "peak_rss_mb": round(max(peaks)),
        "parse_limit_mb_per_cpu_s": round(limit, 1),
        "share_of_parse_limit": round(rate / limit, 2),
        "cpu_s": round(cpu, 2),
        "wall_s": round(wall, 2),
        "input_mb": round(size / MB),
        "resources": resources,
        "runs": runs,
        "cpus": os.cpu_count(),
        "data": data,
        "against": f"parsing the Observations and nothing else ({against})",
    }


def main() -> None:
    parser = argparse.ArgumentParser(description="How fast FHIR Observations become a stored snapshot.")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--megabytes", type=int, default=700, help="about how much input")
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    result = run(arguments.megabytes, arguments.runs)
    if arguments.json:
        print(json.dumps(result))
        return
    for name, value in result.items():
        print(f"{name:26} {value}")


if __name__ == "__main__":
    main()
