"""Files for a user: one writer at a time, whole or not at all, and never in the place of what is kept."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from small_hospital import build
from wardbench.core.errors import BusyError, InputError, NotFoundError
from wardbench.core.results import check_place, one_writer, written_whole
from wardbench.core.store import Store
from wardbench.core.store.seals import damaged, is_sealed, seal


def test_nothing_is_written_into_a_store(tmp_path: Path) -> None:
    store = build(tmp_path / "store").path("person").parents[3]
    assert (store / "manifest.json").is_file()
    for place in (store / "manifest.json", store / "new.parquet", store / "snapshots" / "rows.parquet"):
        with pytest.raises(InputError, match="lies in the store"):
            check_place(place)
    check_place(tmp_path / "rows.parquet")


def test_a_second_writer_is_told_that_there_is_a_first(tmp_path: Path) -> None:
    out = tmp_path / "rows.parquet"
    with one_writer(out):
        code = f"""
from pathlib import Path
from wardbench.core.errors import BusyError
from wardbench.core.results import one_writer
try:
    with one_writer(Path({str(out)!r})):
        print("in")
except BusyError:
    print("busy")
"""
        told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
        assert told == "busy\n"
        with pytest.raises(BusyError), one_writer(out):
            pass
    with one_writer(out):
        pass
    assert list(tmp_path.iterdir()) == [], "no lock is left behind"


def test_of_many_writers_one_at_a_time_gets_in(tmp_path: Path) -> None:
    out = tmp_path / "rows"
    inside, most, refused = 0, 0, 0
    lock = threading.Lock()

    def work() -> None:
        nonlocal inside, most, refused
        for _ in range(50):
            try:
                with one_writer(out):
                    with lock:
                        inside += 1
                        most = max(most, inside)
                    with lock:
                        inside -= 1
            except BusyError:
                with lock:
                    refused += 1

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert most == 1


def test_what_was_not_finished_is_not_there(tmp_path: Path) -> None:
    out = tmp_path / "rows"
    out.write_text("before")
    with pytest.raises(ZeroDivisionError), written_whole(out) as path:
        path.write_text("half")
        raise ZeroDivisionError
    assert out.read_text() == "before" and list(tmp_path.iterdir()) == [out]


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="no folder"):
        check_place(tmp_path / "missing" / "rows")


def test_a_seal_is_broken_by_whoever_writes(tmp_path: Path) -> None:
    file = tmp_path / "column.npy"
    file.write_bytes(b"12345678")
    assert not is_sealed(file)
    seal(file)
    assert is_sealed(file) and list(damaged(tmp_path)) == []
    file.write_bytes(b"12345679")
    assert not is_sealed(file)


def test_a_bit_that_turned_by_itself_shows_when_everything_is_read(tmp_path: Path) -> None:
    import os

    file = tmp_path / "column.npy"
    file.write_bytes(b"12345678")
    seal(file)
    before = file.stat()
    file.write_bytes(b"12345679")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert is_sealed(file) and list(damaged(tmp_path)) == [file]


def test_checking_a_store_removes_derived_files_that_are_damaged(tmp_path: Path) -> None:
    import os

    snapshot = build(tmp_path / "store")
    file = snapshot.derived / "table" / "column.npy"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"12345678")
    seal(file)
    before = file.stat()
    file.write_bytes(b"12345679")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    Store.open(tmp_path / "store").check()
    assert not file.exists()
