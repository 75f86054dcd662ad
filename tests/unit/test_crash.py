"""The command line killed, short of disk, or given what it cannot read: the store stays as it was."""

from __future__ import annotations

import gzip
import json
import os
import random
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from omop_sets import condition, make_set, write_csv

from wardbench.core.store import Store
from wardbench.ward.ingest.omop import load_omop

KILLS = 50
TABLES = ("PERSON.csv", "OBSERVATION_PERIOD.csv", "VISIT_OCCURRENCE.csv", "CONDITION_OCCURRENCE.csv",
          "DRUG_EXPOSURE.csv", "MEASUREMENT.csv.gz", "CONDITION_ERA.csv", "DRUG_ERA.csv", "CONCEPT.csv")  # fmt: skip
SEED = 20_240_229
LANES = 2
ROOT = Path(__file__).parent.parent.parent


def command(*arguments: str | Path) -> list[str]:
    return [sys.executable, "-m", "wardbench", *map(str, arguments)]


def run(*arguments: str | Path, file_size: int | None = None) -> subprocess.CompletedProcess[str]:
    """The command line in a process of its own, whose files may not grow beyond `file_size` bytes."""

    def limit() -> None:
        if file_size is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (file_size, file_size))

    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    return subprocess.run(command(*arguments), env=environment, capture_output=True, text=True, preexec_fn=limit)


def sentence(done: subprocess.CompletedProcess[str], exit_code: int) -> str:
    """What the command said when it refused: one sentence for the user, no traceback."""
    assert done.returncode == exit_code, done.stderr
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1 and lines[0].startswith("wardbench: "), done.stderr
    return lines[0]


@pytest.fixture(scope="module")
def sources(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two sets: the reference set's main tables, and the same with one person fewer."""
    reference = shared / "data/omop_reference/eunomia_synthea27nj_5.4_csv"
    folders = (tmp_path_factory.mktemp("all"), tmp_path_factory.mktemp("fewer"))
    for folder in folders:
        for name in TABLES:
            shutil.copyfile(reference / name, folder / name)
    persons = folders[1] / "PERSON.csv"
    persons.write_text("".join(persons.read_text().splitlines(keepends=True)[:-1]))
    return folders


def kill_once(store: Path, source: Path, delay: float) -> bool:
    """Load `source`, and kill the process `delay` seconds after it began to write; whether it was killed in time."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command("load", "omop", source, "--store", store), env=environment, **quiet) as process:  # type: ignore[call-overload]
        drafts = store / ".drafts"
        while not drafts.exists() and process.poll() is None:
            time.sleep(0.002)
        time.sleep(delay)
        process.kill()
        return process.wait() != 0


def kill_repeatedly(
    store: Path, sources: tuple[Path, Path], versions: tuple[str, str], longest: float, lane: int
) -> int:
    """Load one set and the other in turn, killing each load; the number of loads that did not come to an end."""
    chance = random.Random(SEED + lane)
    interrupted = 0
    for turn in range(KILLS // LANES):
        before = Store.open(store).snapshot().version
        killed = kill_once(store, sources[turn % 2], chance.uniform(0, longest))
        after = Store.open(store).snapshot()
        allowed = {before, versions[turn % 2]} if killed else {versions[turn % 2]}
        assert after.version in allowed
        assert after.tables["person"].rows == 28 - versions.index(after.version)
        assert set(Store.open(store).check()) <= set(versions)
        interrupted += after.version != versions[turn % 2]
    return interrupted


def test_fifty_kills_at_random_moments_of_a_load(sources: tuple[Path, Path], tmp_path: Path) -> None:
    versions = []
    longest = 0.0
    for source in sources:
        store = Store.open_or_create(tmp_path / source.name)
        began = time.monotonic()
        version = load_omop(source, store).version
        longest = max(longest, time.monotonic() - began)
        assert version is not None
        versions.append(version)
    assert versions[0] != versions[1]
    stores = [tmp_path / f"lane{lane}" for lane in range(LANES)]
    for store in stores:
        shutil.copytree(tmp_path / sources[1].name, store)

    def lane(number: int) -> int:
        return kill_repeatedly(stores[number], sources, (versions[0], versions[1]), 1.2 * longest, number)

    with ThreadPoolExecutor(LANES) as pool:
        interrupted = sum(pool.map(lane, range(LANES)))
    assert interrupted > 0, "no kill came before the end of its load"
    for store in stores:
        assert load_omop(sources[0], Store.open(store)).version == versions[0]
        assert not (store / ".drafts").exists()


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of three megabytes; skips where this user may not mount one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(folder)], capture_output=True)
    if done.returncode:
        pytest.skip("mounting a small file system needs root")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def large_set(folder: Path) -> Path:
    chance = random.Random(SEED)
    rows = [condition(n, 1, chance.randrange(10**6), "2020-01-01", condition_source_value=chance.random())
            for n in range(200_000)]  # fmt: skip
    return make_set(folder, condition_occurrence=rows)


def test_a_full_disk_is_said_and_changes_nothing(disk: Path, tmp_path: Path) -> None:
    store = Store.open_or_create(disk / "store")
    version = load_omop(make_set(tmp_path / "small"), store).version
    done = run("load", "omop", large_set(tmp_path / "large"), "--store", store.folder)
    assert "no space left on the disk; the store is as it was before" in sentence(done, 5)
    assert store.snapshot().version == version
    assert store.check() == [version]
    assert not (store.folder / ".drafts").exists()


def test_a_file_that_may_not_grow_is_said_and_changes_nothing(tmp_path: Path) -> None:
    store = Store.open_or_create(tmp_path / "store")
    version = load_omop(make_set(tmp_path / "small"), store).version
    done = run("load", "omop", large_set(tmp_path / "large"), "--store", store.folder, file_size=300_000)
    assert "no space left on the disk; the store is as it was before" in sentence(done, 5)
    assert store.snapshot().version == version
    assert store.check() == [version]


def test_a_store_that_may_only_be_read_can_be_read(disk: Path, tmp_path: Path) -> None:
    store = Store.open_or_create(disk / "store")
    version = load_omop(make_set(tmp_path / "small"), store).version
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    source = make_set(tmp_path / "more", condition_occurrence=[condition(1, 1, 7, "2020-01-01")])
    for arguments in (("load", "omop", source, "--store", store.folder), ("store", "prune", store.folder)):
        said = sentence(run(*arguments), 5)
        assert f"{store.folder}: the disk refuses to be written; the store is as it was before." in said
    shown = run("store", "info", store.folder, "--json")
    assert json.loads(shown.stdout)["version"] == version
    assert run("store", "check", store.folder).returncode == 0


def test_a_second_load_waits_its_turn(tmp_path: Path) -> None:
    store = Store.open_or_create(tmp_path / "store")
    source = make_set(tmp_path / "in")
    with store.draft():
        said = sentence(run("load", "omop", source, "--store", store.folder), 6)
        assert "another process is writing to this store" in said
    assert not store.is_filled
    assert run("load", "omop", source, "--store", store.folder).returncode == 0


def test_sources_that_cannot_be_read_are_refused_in_one_sentence(tmp_path: Path) -> None:
    store = Store.open_or_create(tmp_path / "store")
    folder = make_set(tmp_path / "in", condition_occurrence=[condition(1, 1, 7, "2020-01-01")])
    version = load_omop(folder, store).version

    def refused(source: Path, exit_code: int, said: str) -> None:
        done = run("load", "omop", source, "--store", store.folder)
        assert said in sentence(done, exit_code)
        assert store.snapshot().version == version
        assert store.check() == [version]

    refused(tmp_path / "absent", 3, "absent: there is no such file or folder")
    (tmp_path / "empty").mkdir()
    refused(tmp_path / "empty", 2, "no table of OMOP CDM 5.3 or 5.4 is here")
    (tmp_path / "text.duckdb").write_text("no database\n" * 9)
    refused(tmp_path / "text.duckdb", 2, "text.duckdb: not a DuckDB file")
    write_csv(folder / "condition_occurrence.csv", [condition(1, 1, 7, "Secret Name")])
    refused(folder, 2, "condition_occurrence.csv, line 2, condition_start_date: not a date.")
    assert "Secret" not in run("load", "omop", folder, "--store", store.folder).stderr
    packed = gzip.compress((folder / "condition_occurrence.csv").read_bytes())
    (folder / "condition_occurrence.csv").unlink()
    (folder / "condition_occurrence.csv.gz").write_bytes(packed[:-3])
    refused(folder, 2, "condition_occurrence.csv.gz: the compressed file is cut short")


def test_damage_is_found_and_named(tmp_path: Path) -> None:
    store = Store.open_or_create(tmp_path / "store")
    load_omop(make_set(tmp_path / "in"), store)
    done = run("store", "check", store.folder, "--json")
    assert (done.returncode, json.loads(done.stdout)) == (0, {"verified": store.versions()})
    path = store.snapshot().path("person")
    damaged = bytearray(path.read_bytes())
    damaged[100] ^= 1
    path.write_bytes(damaged)
    assert str(path) in sentence(run("store", "check", store.folder), 2)
