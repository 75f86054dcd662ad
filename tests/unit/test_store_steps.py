"""A writer that dies, or finds the disk full, at every single step of publishing a snapshot."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from wardbench.core.errors import InputError, StorageError
from wardbench.core.store import Snapshot, Store

STEPS: tuple[tuple[Any, str], ...] = (
    (os, "fsync"),
    (os, "link"),
    (os, "rmdir"),
    (os, "unlink"),
    (Path, "mkdir"),
    (Path, "rename"),
    (Path, "replace"),
    (Path, "write_bytes"),
    (shutil, "rmtree"),
)
MORE_THAN_ALL = 300
PERSONS = "SELECT i AS person_id, 8507 AS gender_concept_id, 1980 AS year_of_birth FROM range({}) t(i)"


def publish(store: Store, persons: int) -> Snapshot:
    """A load in small: a table is written, another is taken over, and old snapshots are removed."""
    kept = store.snapshot() if store.is_filled else None
    with store.draft() as draft, draft.connect(threads=1) as con:
        draft.write(con, "person", PERSONS.format(persons))
        if kept is None:
            draft.write(con, "death", "SELECT 1 AS person_id, DATE '2020-01-31' AS death_date")
        else:
            draft.keep(kept, "death")
        snapshot = draft.commit({"persons": persons})
    store.prune(keep=1)
    return snapshot


@contextmanager
def failing(step: int, fail: Callable[[], None]) -> Iterator[list[int]]:
    """Call `fail` before the `step`-th of the watched calls; the list holds how many there were."""
    calls = [0]
    originals = [(owner, name, getattr(owner, name)) for owner, name in STEPS]

    def watched(original: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            calls[0] += 1
            if calls[0] == step:
                fail()
            return original(*args, **kwargs)

        return call

    for owner, name, original in originals:
        setattr(owner, name, watched(original))
    try:
        yield calls
    finally:
        for owner, name, original in originals:
            setattr(owner, name, original)


def kill_at(folder: Path, step: int, persons: int) -> None:
    """In a process of its own: publish, and die at `step`; exit code 0 where there are fewer steps."""
    with failing(step, lambda: os.kill(os.getpid(), 9)):
        publish(Store.open(folder), persons)


def fill_disk() -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_disk_that_is_full_at_any_step_leaves_the_store_as_it_was(tmp_path: Path) -> None:
    store = Store.open_or_create(tmp_path / "store")
    current, refused = publish(store, 1).version, 0
    for step in range(1, MORE_THAN_ALL):
        store.prune(keep=1)
        persons = step + 1  # never seen before, so that no trial is spared a step by the one before
        try:
            with failing(step, fill_disk) as calls:
                publish(store, persons)
        except StorageError as error:
            refused += 1
            assert "no space left on the disk" in str(error)
        now = store.snapshot()
        assert now.version == current or now.tables["person"].rows == persons
        assert store.check() == store.versions()
        current = now.version
        if calls[0] < step:
            break
    assert refused > 10
    assert not (store.folder / ".drafts").exists()


def test_a_writer_killed_at_any_step_leaves_a_whole_snapshot(tmp_path: Path) -> None:
    store = Store.open_or_create(tmp_path / "store")
    publish(store, 1)
    done = subprocess.run(
        [sys.executable, __file__, str(store.folder)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    killed = int(done.stdout)
    assert killed > 10
    publish(store, 10_000)
    assert len(store.check()) == 1
    assert not (store.folder / ".drafts").exists()


def kill_everywhere(folder: Path) -> int:
    """Die at the first step, then at the second, and so on until a publication lives; how many died.

    Each is a fork of this process, which has never opened a database and so has no thread that a fork could lose.
    """
    store = Store.open(folder)
    for step in range(1, MORE_THAN_ALL):
        store.prune(keep=1)
        with store.draft():
            pass  # removes what the one before left, so that every trial has the same steps
        before = store.snapshot()
        persons = step + 1
        child = os.fork()
        if child == 0:
            kill_at(folder, step, persons)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        after = store.snapshot()
        assert after.version == before.version or after.tables["person"].rows == persons
        assert store.check() == store.versions()
        if os.waitstatus_to_exitcode(status) == 0:
            return step - 1
    raise AssertionError("a publication has no end of steps")


def test_every_kind_of_damage_is_named_and_loading_again_repairs_it(tmp_path: Path) -> None:
    store = Store.open_or_create(tmp_path / "store")
    snapshot = publish(store, 1_000)
    path = snapshot.path("person")
    whole = path.read_bytes()
    bit = bytearray(whole)
    bit[len(bit) // 2] ^= 1
    for content, said in ((bytes(bit), "not those that were written"), (whole[:-1], "written with"), (None, "missing")):
        path.unlink()
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(InputError, match=rf"person\.parquet: .*{said}"):
            store.check()
        assert publish(store, 1_000).version == snapshot.version
        assert store.check() == [snapshot.version]
    description = snapshot.folder / "snapshot.json"
    description.write_text(description.read_text().replace(snapshot.tables["person"].sha256, "0" * 64))
    with pytest.raises(InputError, match="the version is not the digest") as refusal:
        store.check()
    assert "1 more file" in str(refusal.value)


if __name__ == "__main__":
    print(kill_everywhere(Path(sys.argv[1])))
