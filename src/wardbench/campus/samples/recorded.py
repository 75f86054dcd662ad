"""What was on record of donors when something was taken of them: their conditions in ICD-10, from the store."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from wardbench.campus.counting.sessions import snapshot
from wardbench.core.errors import NotFoundError
from wardbench.ward.samples.conditions import CODED

_SQL = f"""
    WITH {CODED}
    SELECT person_id, code, epoch_ms(min(since)::TIMESTAMP) // 86400000 AS since
    FROM coded JOIN wanted USING (person_id) WHERE since IS NOT NULL GROUP BY ALL ORDER BY ALL"""

ROWS_AT_ONCE = 1 << 20
NOTHING: tuple[npt.NDArray[np.int64], npt.NDArray[np.int32], npt.NDArray[np.int32]] = (
    np.zeros(0, np.int64),
    np.zeros(0, np.int32),
    np.zeros(0, np.int32),
)


@dataclass(frozen=True)
class Recorded:
    """Conditions by person in columns, by person and code: `codes` are places in `names`, `since` is the first day on
    record, in days since 1970."""

    persons: npt.NDArray[np.int64]
    codes: npt.NDArray[np.int32]
    since: npt.NDArray[np.int32]
    names: Sequence[str]

    def until(
        self, persons: npt.NDArray[np.int64], days: npt.NDArray[np.int64]
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int32]]:
        """What was on record of each of these persons by the end of a day, with the code of each in order: which of
        `persons`, and the code, of each condition."""
        low = np.searchsorted(self.persons, persons)
        size = np.searchsorted(self.persons, persons, side="right") - low
        whose = np.repeat(np.arange(persons.size), size)
        at = np.arange(whose.size) + (low - np.cumsum(size) + size)[whose]
        then = self.since[at] <= days[whose]
        return whose[then], self.codes[at[then]]


def version() -> str:
    """The version of the store's newest snapshot; empty where the campus has no store."""
    try:
        return snapshot("store").version
    except NotFoundError:
        return ""


def diagnoses(persons: Iterable[int]) -> Recorded:
    """The conditions of these patients, read at once; none where the campus has no store."""
    wanted = np.unique(np.fromiter(persons, np.int64))
    try:
        newest = snapshot("store") if wanted.size else None
    except NotFoundError:
        newest = None
    if newest is None or not {"condition_occurrence", "concept"} <= set(newest.tables):
        return Recorded(*NOTHING, ())
    names: dict[str, int] = {}
    found = [NOTHING]
    with newest.connect() as con:
        con.register("asked", pa.table({"person_id": wanted}))
        con.execute("CREATE TEMP TABLE wanted AS SELECT person_id FROM asked")
        con.unregister("asked")
        for batch in con.sql(_SQL).to_arrow_reader(ROWS_AT_ONCE):
            words = batch.column("code").dictionary_encode()
            place = np.array([names.setdefault(name, len(names)) for name in words.dictionary.to_pylist()], np.int32)
            since = batch.column("since").to_numpy().astype(np.int32)
            found.append((batch.column("person_id").to_numpy(), place[words.indices.to_numpy()], since))
    persons, codes, since = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return Recorded(persons, codes, since, tuple(names))
