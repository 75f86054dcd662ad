"""What was on record of donors when something was taken of them: their conditions in ICD-10, from the store."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from wardbench.campus.counting.sessions import snapshot
from wardbench.core.errors import NotFoundError
from wardbench.ward.samples.conditions import CODED

_SQL = f"""
    WITH {CODED}
    SELECT person_id, code, epoch_ms(min(since)::TIMESTAMP) // 86400000 AS since
    FROM coded JOIN wanted USING (person_id) WHERE since IS NOT NULL GROUP BY ALL ORDER BY ALL"""


@dataclass(frozen=True)
class Recorded:
    """Conditions by person in columns, by person and code: `since` is the first day on record, in days since 1970."""

    persons: npt.NDArray[np.int64]
    codes: npt.NDArray[Any]
    since: npt.NDArray[np.int64]

    def until(self, person: int, day: datetime.date) -> list[str]:
        """The codes that were on record of a person by the end of a day, in order."""
        low, high = np.searchsorted(self.persons, [person, person + 1])
        then = (day - datetime.date(1970, 1, 1)).days
        return [str(code) for code in self.codes[low:high][self.since[low:high] <= then]]


def version() -> str:
    """The version of the store's newest snapshot; empty where the campus has no store."""
    try:
        return snapshot("store").version
    except NotFoundError:
        return ""


def diagnoses(persons: Iterable[int]) -> Recorded:
    """The conditions of these patients, read at once; none where the campus has no store."""
    wanted = sorted(set(persons))
    try:
        newest = snapshot("store") if wanted else None
    except NotFoundError:
        newest = None
    if newest is None or not {"condition_occurrence", "concept"} <= set(newest.tables):
        return Recorded(np.zeros(0, np.int64), np.zeros(0, np.str_), np.zeros(0, np.int64))
    with newest.connect() as con:
        con.execute("CREATE TEMP TABLE wanted AS SELECT unnest($persons::BIGINT[]) AS person_id", {"persons": wanted})
        found = con.execute(_SQL).fetchnumpy()
    return Recorded(found["person_id"].astype(np.int64), found["code"].astype(np.str_), found["since"].astype(np.int64))
