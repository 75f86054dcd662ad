import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from wardbench.core.errors import BusyError, InputError, NotFoundError
from wardbench.core.omop.tables import TABLES
from wardbench.core.store import Snapshot, Store

PERSONS = "SELECT i AS person_id, 8507 AS gender_concept_id, 1980 AS year_of_birth FROM range({}) t(i)"


def publish(store: Store, select: str) -> Snapshot:
    with store.draft() as draft, draft.connect() as con:
        draft.write(con, "person", select)
        return draft.commit({"test": True})


def test_a_published_table_has_the_models_columns_and_the_rows(tmp_path: Path) -> None:
    snapshot = publish(Store.open_or_create(tmp_path / "s"), PERSONS.format(3))
    with snapshot.connect() as con:
        rows = con.execute("SELECT person_id, race_concept_id FROM person ORDER BY 1").fetchall()
        names = [c[0] for c in con.execute("SELECT * FROM person LIMIT 0").description or ()]
    assert rows == [(0, None), (1, None), (2, None)]
    assert tuple(names) == TABLES["person"].column_names
    assert snapshot.tables["person"].rows == 3


def test_equal_content_has_an_equal_version_whatever_its_order(tmp_path: Path) -> None:
    store = Store.open_or_create(tmp_path / "s")
    first = publish(store, PERSONS.format(1000))
    other = publish(store, PERSONS.format(999))
    again = publish(store, f"SELECT * FROM ({PERSONS.format(1000)}) ORDER BY person_id DESC")
    assert first.version == again.version != other.version
    assert store.snapshot().version == first.version
    assert len(store.versions()) == 2


def test_tables_that_are_absent_read_as_empty(tmp_path: Path) -> None:
    snapshot = publish(Store.open_or_create(tmp_path / "s"), PERSONS.format(1))
    with snapshot.connect() as con:
        for name in TABLES:
            con.execute(f"SELECT * FROM {name}").fetchall()
    assert list(snapshot.tables) == ["person"]


def test_an_error_in_a_draft_leaves_the_store_as_it_was(tmp_path: Path) -> None:
    store = Store.open_or_create(tmp_path / "s")
    before = publish(store, PERSONS.format(3))
    with pytest.raises(ZeroDivisionError), store.draft() as draft, draft.connect() as con:
        draft.write(con, "person", PERSONS.format(5))
        _ = 1 / 0
    assert store.snapshot().version == before.version
    assert store.versions() == [before.version]
    assert not (store.folder / ".drafts").exists()


def test_two_writers_are_one_too_many(tmp_path: Path) -> None:
    store = Store.open_or_create(tmp_path / "s")
    with store.draft(), pytest.raises(BusyError, match="another process"), store.draft():
        pass


def test_what_is_not_a_store_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="no store here"):
        Store.open(tmp_path)
    (tmp_path / "thesis.docx").write_text("")
    with pytest.raises(InputError, match="neither empty nor a store"):
        Store.open_or_create(tmp_path)
    store = Store.open_or_create(tmp_path / "s")
    publish(store, PERSONS.format(1))
    with pytest.raises(NotFoundError, match="0123"):
        store.snapshot("0123")
    (store.folder / "manifest.json").write_text("{")
    with pytest.raises(InputError, match="manifest"):
        store.snapshot()


def test_pruning_keeps_the_current_snapshot(tmp_path: Path) -> None:
    store = Store.open_or_create(tmp_path / "s")
    versions = [publish(store, PERSONS.format(n)).version for n in (1, 2, 3)]
    publish(store, PERSONS.format(1))
    store.prune(keep=1)
    assert versions[0] in store.versions()
    assert store.snapshot().tables["person"].rows == 1


@pytest.mark.parametrize("delay", [0.0, 0.05, 0.2])
def test_a_killed_writer_leaves_the_old_snapshot_and_no_lock(tmp_path: Path, delay: float) -> None:
    store = Store.open_or_create(tmp_path / "s")
    before = publish(store, PERSONS.format(3))
    script = (
        "import sys, time\nfrom wardbench.core.store import Store\n"
        "with Store.open(sys.argv[1]).draft() as draft, draft.connect() as con:\n"
        f"    draft.write(con, 'person', {PERSONS.format(9)!r})\n    print('drafted', flush=True)\n    time.sleep(60)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script, str(store.folder)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": "src"},
    )
    assert process.stdout is not None
    process.stdout.readline()
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert store.snapshot().version == before.version
    after = publish(store, PERSONS.format(4))
    assert store.snapshot().version == after.version
