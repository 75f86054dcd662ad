"""What the page of an import shows: reasons by how many rows they concern, the rows to mend, some of the good ones."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.paginator import Page, Paginator
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from wardbench.campus.biobank.amounts import Amount
from wardbench.campus.biobank.imports import files
from wardbench.campus.biobank.imports import unread as columns_unread
from wardbench.campus.biobank.imports.causes import CAUSES, LEAVABLE
from wardbench.campus.biobank.imports.fields import FIELDS
from wardbench.campus.biobank.imports.files import Table
from wardbench.campus.biobank.imports.looking import report_of
from wardbench.campus.biobank.imports.matching import mended
from wardbench.campus.biobank.imports.report import First, Map, Report, reasons
from wardbench.campus.biobank.models import Import, Specimen
from wardbench.campus.people.sheet import folded
from wardbench.core.miabis import MATERIALS

ON_A_PAGE = 25
EXAMPLES, EXAMPLES_OF = 3, 200
"""Examples of a column, and the rows in which they are looked for."""
MANY = 20_000
"""Rows in which it is looked whether a file is of several protocols."""
PIECE = 5_000
"""Rows that are handed back at once."""
REPLACED = frozenset(
    {"material", "kind", "unit", "no_unit", "sex", "status", "box", "boxes", "date", "number", "either", "year", "site"}
)
"""Causes that are mended by writing something else wherever a text stands."""


@dataclass(frozen=True)
class Cell:
    """A cell of a row that is kept back; `said` is why, "" where nothing is wrong with it."""

    place: int
    header: str
    text: str
    said: str


@dataclass(frozen=True)
class Row:
    """A row that is kept back: its cells, and what is wrong with it besides."""

    line: int
    cells: Sequence[Cell]
    said: Sequence[str]


@dataclass(frozen=True)
class Reason:
    """Why rows are kept back: the field, the sentence, how many; `texts` can be replaced in the column at `place`."""

    field: str
    cause: str
    title: str
    said: str
    rows: int
    place: int | None
    texts: Sequence[tuple[str, int]]
    more: int
    is_material: bool
    can_leave: bool


@dataclass(frozen=True)
class LeftOut:
    """Rows that are left out as somebody said: why, and how many."""

    cause: str
    said: str
    rows: int


@dataclass(frozen=True)
class Column:
    """A column of the file, with examples of what stands in it."""

    place: int
    header: str
    field: str
    examples: str


@dataclass(frozen=True)
class Good:
    """A row that can be entered, as it will be."""

    label: str
    kind: str
    material: str
    donor: str
    amount: str
    collected: Any
    where: str
    sprec: str


@dataclass(frozen=True)
class Look:
    """Everything about an import that is open; `checked` is when, where it was not just now."""

    told: Sequence[str]
    of_columns: Sequence[str]
    left_out: Sequence[LeftOut]
    good: int
    ours: int
    kept_back: int
    reasons: Sequence[Reason]
    pages: Page[int]
    rows: Sequence[Row]
    first_good: Sequence[Good]
    columns: Sequence[Column]
    new_donors: int
    new_boxes: int
    maps: Sequence[Map]
    more_maps: int
    checked: datetime.datetime | None


def look(one: Import, field: str = "", cause: str = "", page: str | None = None) -> Look:
    """An import as its page shows it; the rows of one reason alone where `field` and `cause` are given."""
    found = report_of(one)
    kept = files.opened(bytes(one.table.content))
    here = Paginator(found.rows(field, cause), ON_A_PAGE).get_page(page)
    on_it = list(here.object_list)
    table = kept.some(on_it)
    columns = mended(table, one.mends)
    faults = found.of(on_it)
    told = list(kept.told)
    if found.months_first:
        told.append(_("Dates were read with the month before the day: 01/31/2026 is the last day of January."))
    if found.thousands:
        said = _("Amounts were read with “%(sign)s” between thousands: 1%(sign)s000 is one thousand.")
        told.append(said % {"sign": found.thousands})
    of_columns = _of_columns(one, kept.whole if one.rows <= MANY else lambda: kept.some(range(MANY)))
    if found.unsure_dates and columns_unread.is_elsewhere(one.headers):
        told.append(
            _("Whether the day or the month stands first in its dates, the file does not tell; the day was taken. Say"
              " below where that is wrong.")
        )  # fmt: skip
    if found.cold_lost:
        said = ngettext(
            "The storage temperature of %(n)d row is not kept: it is that of the place, and the row has none of which"
            " it could be noted.",
            "The storage temperature of %(n)d rows is not kept: it is that of the place, and the rows have none of"
            " which it could be noted.",
            found.cold_lost,
        )
        told.append(said % {"n": found.cold_lost})
    return Look(
        told=told,
        of_columns=of_columns,
        left_out=[LeftOut(cause, _(CAUSES[cause]), rows) for cause, rows in sorted(found.left_out.items())],
        good=found.good,
        ours=found.ours,
        kept_back=found.kept_back,
        reasons=[_reason(one, group) for group in found.groups],
        pages=here,
        rows=[_row(one, table.lines[at], columns, at, faults[row]) for at, row in enumerate(on_it)],
        first_good=[_good(each) for each in found.first],
        columns=_columns(one, mended(kept.some(range(min(EXAMPLES_OF, one.rows))), one.mends)),
        new_donors=found.new_donors,
        new_boxes=found.new_boxes,
        maps=found.maps,
        more_maps=found.more_maps,
        checked=one.table.checked if one.is_large else None,
    )


def _of_columns(one: Import, rows: Callable[[], Table]) -> list[str]:
    """In sentences which columns are not entered, and why; what a file of another system lacks."""
    groups: dict[columns_unread.Why, list[str]] = {}
    for header, field in zip(one.headers, one.matching, strict=True):
        if header and not field:
            groups.setdefault(columns_unread.why(header), []).append(header)
    told = [
        _(said).format(names=", ".join(groups[why])[:1_000])
        for why, said in columns_unread.SAID.items()
        if why in groups
    ]
    named = {folded(header): place for place, header in enumerate(one.headers)}
    if "visit name" in named and "donor" not in one.matching:
        told.append(
            _("The file names visits and no donors: its specimens are entered without a donor. Export them with the"
              " column PPID, as participants, visits and specimens at once, where donors are wanted.")
        )  # fmt: skip
    if "cp short title" in named and one.kind == "sheet":
        protocols = sorted({row[named["cp short title"]] for row in rows().rows} - {""})
        if len(protocols) > 1:
            said = _("The file has specimens of several protocols, which all go into this collection: {names}.")
            told.append(said.format(names=", ".join(protocols)[:500]))
    return told


def _place(one: Import, field: str) -> int | None:
    return one.matching.index(field) if field in one.matching else None


def _row(one: Import, line: int, columns: Sequence[Sequence[str]], row: int, faults: Sequence[tuple[str, str]]) -> Row:
    of = {place: CAUSES[cause] for field, cause in reversed(faults) if (place := _place(one, field)) is not None}
    cells = [
        Cell(place, header, columns[place][row], _(of[place]) if place in of else "")
        for place, header in enumerate(one.headers)
    ]
    loose = [f"{_(FIELDS[field].title)}: {_(CAUSES[cause])}" for field, cause in faults if _place(one, field) is None]
    return Row(line, cells, loose)


def _reason(one: Import, group: Any) -> Reason:
    place = _place(one, group.field)
    can = group.cause in REPLACED and place is not None
    return Reason(
        group.field,
        group.cause,
        one.headers[place] if place is not None else _(FIELDS[group.field].title),
        _(CAUSES[group.cause]),
        group.rows,
        place if can else None,
        group.texts,
        group.more,
        group.field == "material",
        group.cause in LEAVABLE,
    )


def _columns(one: Import, columns: Sequence[Sequence[str]]) -> list[Column]:
    found = []
    for place, header in enumerate(one.headers):
        examples = list(dict.fromkeys(filter(None, columns[place])))[:EXAMPLES]
        found.append(Column(place, header, one.matching[place], " · ".join(text[:40] for text in examples)))
    return found


def _good(each: First) -> Good:
    return Good(
        each.label,
        str(Specimen.Kind(each.kind).label),
        _(MATERIALS[each.material]),
        each.donor,
        str(Amount(each.amount, each.unit)) if each.amount is not None and each.unit else "",
        datetime.datetime.fromisoformat(each.collected) if each.collected else None,
        each.where,
        each.sprec,
    )


def good_rows(one: Import) -> int:
    """How many rows of an import can be entered now, by the last look at it."""
    return report_of(one).good


def kept_back(one: Import) -> int:
    """How many rows of an import are kept back, by the last look at it."""
    return report_of(one).kept_back


def rest(one: Import) -> tuple[list[str], Iterator[list[str]]]:
    """The headers and rows of what is kept back, as it was mended, with the reasons in a column of their own."""
    found = report_of(one)
    sentences = {(group.field, group.cause): _said(one, group.field, group.cause) for group in found.groups}
    return [*one.headers, _("reasons")], _rest(one, found, sentences)


def _rest(one: Import, found: Report, sentences: Mapping[tuple[str, str], str]) -> Iterator[list[str]]:
    kept = files.opened(bytes(one.table.content))
    for piece in files.pieces(reasons(found), PIECE):
        columns = mended(kept.some([row for row, _faults in piece]), one.mends)
        for at, (_row, faults) in enumerate(piece):
            yield [*(column[at] for column in columns), " ".join(sentences[fault] for fault in faults)]


def _said(one: Import, field: str, cause: str) -> str:
    place = _place(one, field)
    title = one.headers[place] if place is not None else _(FIELDS[field].title)
    return f"{title}: {_(CAUSES[cause])}"


def choices() -> Mapping[str, str]:
    """What a column can mean, by the name of the field."""
    return {name: _(field.title) for name, field in FIELDS.items()}
