"""A store: a folder of snapshots of which one is current."""

from __future__ import annotations

import fcntl
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import msgspec

from wardbench.core.errors import BusyError, InputError, NotFoundError
from wardbench.core.progress import Progress, silent
from wardbench.core.store.connection import storage_error
from wardbench.core.store.draft import Draft
from wardbench.core.store.files import FORMAT, MANIFESTS, Manifest, SnapshotFile, sync, sync_tree, write_atomically
from wardbench.core.store.seals import damaged
from wardbench.core.store.snapshot import Snapshot


class Store:
    """A folder of snapshots. Reading takes no lock; one process writes at a time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @classmethod
    def open(cls, folder: str | Path) -> Store:
        """The store in `folder`; NotFoundError where there is none."""
        store = cls(Path(folder))
        if not store._manifest_path.is_file():
            raise NotFoundError(f"{folder}: there is no store here; `wardbench load` makes one.")
        return store

    @classmethod
    def open_or_create(cls, folder: str | Path) -> Store:
        """The store in `folder`, made when the folder is empty or absent; InputError where it holds something else."""
        store = cls(Path(folder))
        if store._manifest_path.is_file():
            return store
        if store.folder.is_file():
            raise InputError(f"{folder}: this is a file; a store is a folder.")
        if store.folder.is_dir() and any(p.name not in _OWN_NAMES for p in store.folder.iterdir()):
            raise InputError(f"{folder}: the folder is neither empty nor a store; name another one.")
        return store

    @property
    def _manifest_path(self) -> Path:
        return self.folder / "manifest.json"

    def _manifest(self) -> Manifest:
        if not self._manifest_path.is_file():
            return Manifest(FORMAT, None)
        try:
            manifest = MANIFESTS.decode(self._manifest_path.read_bytes())
        except msgspec.DecodeError as error:
            raise InputError(f"{self._manifest_path}: not a manifest of a store ({error}).") from None
        if manifest.format != FORMAT:
            raise InputError(
                f"{self._manifest_path}: format {manifest.format}; this version of Wardbench reads format {FORMAT}."
            )
        return manifest

    def snapshot(self, version: str | None = None) -> Snapshot:
        """The current snapshot, or the one of `version`; NotFoundError where there is none."""
        version = version or self._manifest().current
        if version is None:
            raise NotFoundError(f"{self.folder}: the store is empty; `wardbench load` fills it.")
        folder = self.folder / "snapshots" / version
        if version == ".." or folder.name != version or not folder.is_dir():
            raise NotFoundError(f"{self.folder}: no snapshot has the version {version}.")
        return Snapshot(folder)

    @property
    def is_filled(self) -> bool:
        """Whether anything was ever loaded."""
        return self._manifest().current is not None

    def check(self, *, progress: Progress = silent) -> list[str]:
        """Verify every file of every snapshot against its SHA-256; the versions verified, oldest first.

        InputError naming the first file that differs, and how many there are. What was derived from a snapshot and
        is damaged is removed: it is made again when it is needed.
        """
        versions = self.versions()
        self.snapshot()
        damage = [sentence for v in versions for sentence in self.snapshot(v).damage(progress=progress)]
        if damage:
            more = f" ({len(damage) - 1:,} more files differ)" if len(damage) > 1 else ""
            raise InputError(f"{damage[0]}{more} Loading the same source again replaces what is damaged.")
        for path in damaged(self.folder / "derived"):
            # What is derived is made again when it is asked for.
            path.unlink(missing_ok=True)
        return versions

    def versions(self) -> list[str]:
        """Every snapshot that is kept, oldest first."""
        folder = self.folder / "snapshots"
        found = [Snapshot(p) for p in folder.iterdir()] if folder.is_dir() else []
        return [s.version for s in sorted(found, key=lambda s: (s.created, s.version))]

    def prune(self, *, keep: int) -> list[str]:
        """Remove all but the newest `keep` snapshots and the current one; the versions removed.

        A reader that has an old snapshot open may fail from then on, which is why nothing prunes by itself.
        """
        if keep < 1:
            raise InputError("keep: at least one snapshot has to stay.")
        with self._writing():
            current = self._manifest().current
            removed = [v for v in self.versions()[:-keep] if v != current]
            for version in removed:
                self._discard(version)
        return removed

    def discard(self, version: str) -> None:
        """Remove a snapshot unless it is the current one."""
        with self._writing():
            if version != self._manifest().current and (self.folder / "snapshots" / version).is_dir():
                self._discard(version)

    def _discard(self, version: str) -> None:
        """Remove a snapshot at once: a kill half-way must not leave one with files missing."""
        waste = self.folder / ".drafts" / f"removed-{version}"
        waste.parent.mkdir(exist_ok=True)
        shutil.rmtree(self.folder / "derived" / version, ignore_errors=True)
        (self.folder / "snapshots" / version).rename(waste)
        sync(self.folder / "snapshots")
        shutil.rmtree(waste.parent, ignore_errors=True)

    @contextmanager
    def _lock(self) -> Iterator[None]:
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / ".lock").open("w") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise BusyError(
                    f"{self.folder}: another process is writing to this store; try again when it is done."
                ) from None
            yield

    @contextmanager
    def draft(self) -> Iterator[Draft]:
        """A draft of the next snapshot; what is not committed is removed, also after a kill, by the next draft."""
        with self._writing():
            drafts = self.folder / ".drafts"
            shutil.rmtree(drafts, ignore_errors=True)
            drafts.mkdir(parents=True)
            folder = Path(tempfile.mkdtemp(dir=drafts))
            try:
                yield Draft(self._publish, folder)
            finally:
                shutil.rmtree(drafts, ignore_errors=True)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Hold the store for writing; a disk that refuses becomes a `StorageError`."""
        try:
            with self._lock():
                yield
        except (OSError, duckdb.Error) as error:
            known = storage_error(error, self.folder)
            if known is None:
                raise
            raise known from error

    def _publish(self, draft: Path, file: SnapshotFile, current: bool) -> Snapshot:
        final = self.folder / "snapshots" / file.version
        final.parent.mkdir(exist_ok=True)
        if final.is_dir() and not _is_whole(final):
            final.rename(draft.parent / "damaged")
        if not final.is_dir():
            sync_tree(draft)
            draft.rename(final)
            sync(final.parent)
        if current:
            write_atomically(self._manifest_path, msgspec.json.encode(Manifest(FORMAT, file.version)))
        return Snapshot(final)


_OWN_NAMES = {"manifest.json", ".manifest.json.new", "snapshots", "derived", ".drafts", ".lock"}


def _is_whole(folder: Path) -> bool:
    try:
        return not Snapshot(folder).damage()
    except (NotFoundError, InputError):
        return False
