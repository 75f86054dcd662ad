"""Who the persons of a cohort are, in a few counts: age and sex on their first day in it, and who gave samples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from wardbench.core.disclosure import Figure, Rules
from wardbench.core.store import Snapshot

BAND = 10
OLDEST = 90
AGES = (0, 18, 40, 60, 80)
"""Where the bands of a table begin that leaves a study: wide, so that few cells are small."""
FEMALE, MALE = 8532, 8507
MOST_TYPES = 5
Ids = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Band:
    """An age band in years; `high` is None for the oldest. Bars are in percent of the longest."""

    low: int
    high: int | None
    women: Figure
    men: Figure
    women_bar: int
    men_bar: int


@dataclass(frozen=True)
class Type:
    """A type of specimen, and how many persons of the cohort have one."""

    name: str
    persons: Figure


@dataclass(frozen=True)
class Strip:
    """What stands beside a count. Where small numbers are merged, `bands` are wider."""

    bands: tuple[Band, ...]
    other: Figure
    with_sample: Figure
    types: tuple[Type, ...]
    has_samples: bool


@dataclass(frozen=True)
class AgeBySex:
    """Counts of persons: a row for each band that begins at `AGES` (and one for no known age), then women, men, and
    where there are any in the store, others."""

    counts: npt.NDArray[np.int64]
    has_unknown_age: bool


class People:
    """Sex, year of birth and specimens of everybody in a snapshot, by their place among the sorted ids."""

    def __init__(self, snapshot: Snapshot) -> None:
        with snapshot.connect(memory="1GB") as con:
            found = con.execute(
                "SELECT person_id, coalesce(gender_concept_id, 0) AS sex, coalesce(year_of_birth, 0) AS born"
                " FROM person ORDER BY person_id"
            ).fetchnumpy()
            names = con.execute(
                "WITH typed AS (SELECT s.person_id, coalesce(c.concept_name, n.concept_name,"
                "  s.specimen_source_value, '') AS type FROM specimen s"
                "  LEFT JOIN concept c ON c.concept_id = s.specimen_concept_id AND s.specimen_concept_id <> 0"
                "  LEFT JOIN (SELECT concept_code, min(concept_name) AS concept_name FROM concept"
                "   WHERE domain_id = 'Specimen' GROUP BY concept_code) n ON n.concept_code = s.specimen_source_value)"
                " SELECT type, list(DISTINCT person_id ORDER BY person_id) FROM typed GROUP BY type ORDER BY type"
            ).fetchall()
        self._ids: Ids = np.asarray(found["person_id"], np.int64)
        self._sex, self._born = np.asarray(found["sex"]), np.asarray(found["born"])
        self._types = [(name, np.asarray(ids, np.int64)) for name, ids in names]

    @cached_property
    def _with_sample(self) -> Ids:
        return np.unique(np.concatenate([ids for _, ids in self._types])) if self._types else np.empty(0, np.int64)

    def by_age_and_sex(self, ids: Ids, days: npt.NDArray[np.int32]) -> AgeBySex:
        """The persons `ids` (sorted) by age on their first `days` in a cohort and by sex; exact.

        There is a place for persons of another or no sex, or without a year of birth, where the whole store has one.
        """
        places = np.searchsorted(self._ids, ids)
        years = days.astype("datetime64[D]").astype("datetime64[Y]").astype(int) + 1970
        born = self._born[places]
        ages = np.searchsorted(np.asarray(AGES[1:]), years - born, side="right")
        rows = np.where(born > 0, ages, len(AGES))
        columns = np.where(self._sex[places] == FEMALE, 0, np.where(self._sex[places] == MALE, 1, 2))
        counts = np.zeros((len(AGES) + 1, 3), np.int64)
        np.add.at(counts, (rows, columns), 1)
        unknown_age, unknown_sex = bool((self._born <= 0).any()), not np.isin(self._sex, (FEMALE, MALE)).all()
        return AgeBySex(counts[: None if unknown_age else -1, : None if unknown_sex else -1], unknown_age)

    def strip(self, ids: Ids, days: npt.NDArray[np.int32], rules: Rules) -> Strip:
        """The persons `ids` (sorted) on their first `days` in a cohort, through the rules of disclosure."""
        places = np.searchsorted(self._ids, ids)
        years = days.astype("datetime64[D]").astype("datetime64[Y]").astype(int) + 1970
        ages = np.clip(years - self._born[places], 0, OLDEST) // BAND
        sex, known = self._sex[places], self._born[places] > 0
        cells = [np.bincount(ages[known & (sex == one)], minlength=OLDEST // BAND + 1) for one in (FEMALE, MALE)]
        bands = _bands(cells[0].tolist(), cells[1].tolist(), rules)
        counted = int(cells[0].sum() + cells[1].sum())
        types = [(name, int(np.isin(ids, own, assume_unique=True).sum())) for name, own in self._types]
        types = sorted(((n, c) for n, c in types if rules.listed(c)), key=lambda one: (-one[1], one[0]))[:MOST_TYPES]
        return Strip(
            bands=bands,
            other=rules.total(int(ids.size) - counted),
            with_sample=rules.part(int(np.isin(ids, self._with_sample, assume_unique=True).sum()), int(ids.size)),
            types=tuple(Type(name, rules.part(count, int(ids.size))) for name, count in types),
            has_samples=bool(self._types),
        )


def _bands(women: Sequence[int], men: Sequence[int], rules: Rules) -> tuple[Band, ...]:
    """Both sexes in the same bands, merged as their sum has to be; the longest bar is 100."""
    together = [a + b for a, b in zip(women, men, strict=True)]
    if not any(together):
        return ()
    groups = rules.partition(together)
    rows = []
    for group in groups:
        first, last = group.members[0], group.members[-1]
        cells = [sum(side[member] for member in group.members) for side in (women, men)]
        shown = [rules.part(cell, sum(cells)) for cell in cells]
        rows.append((first * BAND, (last + 1) * BAND - 1 if last * BAND < OLDEST else None, shown))
    most = max((figure.value or 0 for _, _, shown in rows for figure in shown), default=0) or 1
    return tuple(
        Band(low, high, w, m, round(100 * (w.value or 0) / most), round(100 * (m.value or 0) / most))
        for low, high, (w, m) in _trimmed(rows)
    )


def _trimmed(rows: list[tuple[int, int | None, list[Figure]]]) -> list[tuple[int, int | None, list[Figure]]]:
    """Without the bands at either end in which nobody is."""
    some = [place for place, (_, _, shown) in enumerate(rows) if any(figure.value != 0 for figure in shown)]
    return rows[some[0] : some[-1] + 1] if some else []
