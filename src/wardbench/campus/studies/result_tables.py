"""The table that would leave a study: counted exactly, then made safe. Nothing exact of a withheld cell is kept."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from wardbench.campus.counting import sessions
from wardbench.campus.counting.figures import Shown
from wardbench.campus.counting.people import AGES
from wardbench.campus.counting.purposes import Whom
from wardbench.campus.people.roles import gettext_noop
from wardbench.campus.studies.result_rules import KINDS, Kind
from wardbench.cohorts import Definition
from wardbench.core.disclosure import CountTable, Figure, ReleaseRules, withhold

RULES = ReleaseRules()
POLICY = (
    f"counts below {RULES.threshold} (zero too) withheld, with every cell that would give one away;"
    f" others rounded to the nearest {RULES.base}"
)
SMALL, BESIDE = "small", "beside"
WHY = {
    SMALL: gettext_noop("fewer than ten, or nobody"),
    BESIDE: gettext_noop("would give a small number away"),
}
BANDS = (
    gettext_noop("0 to 17 years"),
    gettext_noop("18 to 39 years"),
    gettext_noop("40 to 59 years"),
    gettext_noop("60 to 79 years"),
    gettext_noop("80 years and older"),
    gettext_noop("Age not known"),
)
SEXES = (gettext_noop("Women"), gettext_noop("Men"), gettext_noop("Other or not known"))
ALL = gettext_noop("All")
PERSONS = gettext_noop("Persons")
ENTER = gettext_noop("Enter")


@dataclass(frozen=True)
class Cell:
    """A cell of a table that leaves: its rounded count, or why it is withheld."""

    value: int | None
    why: str = ""


@dataclass(frozen=True)
class SafeTable:
    """What leaves, and why the rest does not. Rows and columns are sentences of the catalogues, or names."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Cell, ...]], ...]

    @property
    def withheld(self) -> int:
        return sum(cell.value is None for _, cells in self.rows for cell in cells)

    def content(self) -> dict[str, Any]:
        cells = [[[cell.value, cell.why] for cell in cells] for _, cells in self.rows]
        return {"columns": list(self.columns), "rows": [name for name, _ in self.rows], "cells": cells}

    @classmethod
    def of(cls, content: dict[str, Any]) -> SafeTable:
        """The table that `content` made."""
        rows = zip(content["rows"], content["cells"], strict=True)
        return cls(
            tuple(content["columns"]), tuple((name, tuple(Cell(*cell) for cell in cells)) for name, cells in rows)
        )


def _cell(figure: Figure) -> Cell:
    return Cell(None, SMALL) if figure.value is None else Cell(int(figure.value))


def counts(cohorts: Sequence[tuple[str, Shown]]) -> SafeTable:
    """How many persons are in each cohort, by its name."""
    rows = tuple((name, (_cell(RULES.total(_exact(shown.persons))),)) for name, shown in cohorts)
    return SafeTable((PERSONS,), rows)


def attrition(shown: Shown) -> SafeTable:
    """Who is left after each rule; a step that differs by few persons from a shown one is withheld."""
    steps = [_exact(shown.entry), *(_exact(rule.left) for rule in shown.rules)]
    names = [ENTER, *(f"{number}. {rule.name}" for number, rule in enumerate(shown.rules, start=1))]
    figures = RULES.chain(steps)
    rows = []
    for name, step, figure in zip(names, steps, figures, strict=True):
        why = SMALL if step < RULES.threshold else BESIDE
        rows.append((name, (Cell(None, why) if figure.value is None else Cell(int(figure.value)),)))
    return SafeTable((PERSONS,), tuple(rows))


def age_by_sex(of: Whom, definition: Definition) -> SafeTable:
    """Age on the first day in the cohort by sex, with all totals."""
    found = sessions.by_age_and_sex(of, definition)
    table = CountTable(found.counts, (True, True))
    # The number of persons may leave by the other tables, so that no cell is protected by withholding it here.
    hidden = withhold(table, threshold=RULES.threshold, whole_is_known=True)
    rows_shown, columns_shown = table.full.shape
    bands = [*BANDS[: len(AGES) + found.has_unknown_age], ALL]
    rows = []
    for row in range(rows_shown):
        cells = []
        for column in range(columns_shown):
            if (row, column) in hidden.small:
                cells.append(Cell(None, SMALL))
            elif (row, column) in hidden.complementary:
                cells.append(Cell(None, BESIDE))
            else:
                cells.append(_cell(RULES.total(int(table.full[row, column]))))
        rows.append((bands[row], tuple(cells)))
    return SafeTable((*SEXES[: columns_shown - 1], ALL), tuple(rows))


def _exact(figure: Figure) -> int:
    assert figure.value is not None, "counts within a study are exact"
    return int(figure.value)


def archive(table: SafeTable, manifest: dict[str, Any]) -> bytes:
    """What is downloaded: the table as CSV and its manifest as JSON, in a zip that is the same each time.

    A withheld cell says so and not why: which cells are small is itself not for release.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(["", *map(_plain, table.columns)])
    for name, cells in table.rows:
        writer.writerow([_plain(name), *("withheld" if cell.value is None else cell.value for cell in cells)])
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        for name, said in (("table.csv", text.getvalue()), ("manifest.json", json.dumps(manifest, indent=2))):
            file.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), said)
    return out.getvalue()


def _plain(text: str) -> str:
    """No spreadsheet takes a name for a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def title(kind: str) -> str:
    return KINDS[Kind(kind)]
