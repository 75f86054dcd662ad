"""What a single cell means: numbers, days, amounts. A cell that means nothing raises `WrongError` with the cause."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from decimal import Decimal, InvalidOperation

from wardbench.campus.biobank import places
from wardbench.campus.biobank.amounts import MOST, UNITS, unit_of
from wardbench.campus.biobank.imports import words
from wardbench.campus.people.sheet import folded
from wardbench.core.errors import InputError
from wardbench.core.spreadsheet import is_formula

MOST_THAWS = 1_000


class WrongError(Exception):
    """A cell that means nothing, by the name of the cause."""

    def __init__(self, cause: str) -> None:
        self.cause = cause
        super().__init__(cause)


def name(text: str) -> str:
    """A label, a code: what is kept as it stands."""
    if is_formula(text):
        raise WrongError("formula")
    return text


def material(text: str) -> str:
    return words.material(text) or _wrong("material")


def kind(text: str) -> str:
    return words.kind(text) or _wrong("kind")


def sex(text: str) -> str:
    return words.sex(text) or _wrong("sex")


def status(text: str) -> str:
    found = words.status(text) or _wrong("status")
    return found if found != "never" else _wrong("never")


def unit(text: str) -> str:
    try:
        return unit_of(text.rstrip("."))
    except InputError:
        raise WrongError("unit") from None


def whole(text: str) -> int:
    """A whole number, as a spreadsheet may write it: 3, 3.0, 3,0."""
    return number(text, MOST_THAWS)


def number(text: str, most: int) -> int:
    """A whole number up to `most`."""
    found = re.fullmatch(r"(\d{1,6})(?:[.,]0+)?", text, re.ASCII)
    if not found or int(found[1]) > most:
        raise WrongError("whole")
    return int(found[1])


def cold(text: str) -> bool:
    found = words.is_cold(text)
    if found is None:
        raise WrongError("cold")
    return found


def temperature(text: str) -> str:
    return words.temperature(text) or _wrong("temperature")


def sprec(text: str, known: AbstractSet[str]) -> str:
    """A code of SPREC."""
    return text.upper() if text.upper() in known else _wrong("sprec")


def hour(text: str, zone: datetime.tzinfo, now: datetime.datetime, *, months: bool = False) -> str:
    """A moment in ISO 8601, of which the hour has to be said."""
    made = moment(text, zone, now, months=months)
    return made.isoformat() if ":" in text else _wrong("no_time")


_NO_SITE = ("not specified", "unspecified", "unknown", "not applicable")


MOST_SITE = 16
"""Letters of a site: those of the field of a specimen."""


def site(text: str) -> str:
    """An anatomical site by its code; "" for what systems write where nobody chose one."""
    if len(text) > MOST_SITE:
        raise WrongError("site")
    return "" if text.casefold() in _NO_SITE else name(text)


def year(text: str, now: int) -> int:
    """A year of birth, alone or in a date."""
    found = re.fullmatch(r"(\d{4})(?:[.,]0+)?|(\d{4})-\d\d?-\d\d?.*|\d\d?[/.-]\d\d?[/.-](\d{4})", text, re.ASCII)
    born = int(found[1] or found[2] or found[3]) if found else 0
    return born if 1880 <= born <= now else int(_wrong("year"))


_AMOUNT = re.compile(r"([+-]?[\d.,']+(?:[eE][+-]?\d{1,3})?)\s*([^\d\s].*)?", re.ASCII)
_GROUPED = re.compile(r"\d{1,3}(?:'\d{3})+(?:[.,]\d+)?|\d{1,3}(?:,\d{3})+\.\d+|\d{1,3}(?:\.\d{3})+,\d+", re.ASCII)


_DECIMAL = {
    ",": re.compile(
        r"0,\d+|\d+,(?!\d{3}$)\d+|\d{4,},\d+|\d{1,3}(?:\.\d{3})+,\d+|[1-9]\d{0,2}(?:\.\d{3}){2,}", re.ASCII
    ),
    r"\.": re.compile(
        r"0\.\d+|\d+\.(?!\d{3}$)\d+|\d{4,}\.\d+|\d{1,3}(?:,\d{3})+\.\d+|[1-9]\d{0,2}(?:,\d{3}){2,}", re.ASCII
    ),
}
"""Numbers in which a sign can only be that of decimals, or the other one only stand between thousands."""
_EITHER = re.compile(r"[1-9]\d{0,2}[.,]\d{3}", re.ASCII)
"""Numbers of which nobody can know whether they have thousands or decimals."""
_THOUSANDS = {mark: re.compile(rf"[1-9]\d{{0,2}}(?:{re.escape(mark)}\d{{3}})+", re.ASCII) for mark in (".", ",")}


def thousands(cells: Iterable[str]) -> str:
    """The sign between thousands in a column of amounts: a point where others of its cells have a decimal comma, a
    comma where they have a decimal point; "" where nothing tells, or no number is written with it."""
    numbers = [found[1] for cell in cells if (found := _AMOUNT.fullmatch(cell))]
    comma, point = _decimals(numbers)
    mark = "" if comma is point else "." if comma else ","
    return mark if mark and any(_THOUSANDS[mark].fullmatch(one) for one in numbers) else ""


def are_unsure(cells: Iterable[str]) -> bool:
    """Whether nothing in a column of amounts tells what 1,250 is: a thousand and more, or one and a quarter."""
    numbers = [found[1] for cell in cells if (found := _AMOUNT.fullmatch(cell))]
    return not any(_decimals(numbers)) and any(map(_EITHER.fullmatch, numbers))


def _decimals(numbers: Iterable[str]) -> tuple[bool, bool]:
    """Whether a comma stands before decimals in some numbers, and whether a point does."""
    given = list(numbers)
    comma, point = (any(_DECIMAL[mark].fullmatch(one) for one in given) for mark in (",", r"\."))
    return comma, point


def amount(text: str, between: str = "", *, unsure: bool = False) -> tuple[Decimal, str]:
    """A number, and the unit after it ("" where there is none): 1.5, 1,5 ml, 1.250,5 µl. The signs `between` stand
    between thousands. Where nothing tells, `unsure`, what 1,250 is has to be asked."""
    found = _AMOUNT.fullmatch(text.replace("\u00a0", " ").replace("\u202f", ""))
    if not found:
        raise WrongError("number")
    number = found[1]
    if unsure and _EITHER.fullmatch(number):
        raise WrongError("either")
    for mark in between:
        if _THOUSANDS[mark].fullmatch(number):
            number = number.replace(mark, "")
    if _GROUPED.fullmatch(number):
        mark = "," if number.rfind(",") > number.rfind(".") else "."
        number = "".join(c for c in number if c.isdigit() or c == mark)
    try:
        exact = Decimal(number.replace(",", "."))
    except InvalidOperation:
        raise WrongError("number") from None
    if exact < 0:
        raise WrongError("below")
    if exact > MOST:
        raise WrongError("large")
    return exact, unit(found[2]) if found[2] else ""


def smallest(number: Decimal, code: str) -> int:
    """A number of a unit in the smallest unit of its dimension."""
    exact = number * UNITS[code].size
    if exact > MOST:
        raise WrongError("large")
    if exact != exact.to_integral_value():
        raise WrongError("fine")
    return int(exact)


_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ]+(.+))?", re.ASCII)
_SLASHED = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})(?:[T ,]+(.+))?", re.ASCII)
_MONTH = re.compile(
    r"(?:1[89]|20)\d\d|(?:1[89]|20)\d\d[/.-](?:0?[1-9]|1[0-2])|(?:0?[1-9]|1[0-2])[/.-](?:1[89]|20)\d\d"
    r"|[^\W\d_]{3,9}\.?[ /-](?:1[89]|20)\d\d"
)
"""A year, or a month of one: 2019, 2019-12, 12/2019, Dec 2019."""
_NAMED = re.compile(
    r"(?:([0-9]{1,2})[ ./-]+([^\W\d_]{3,10})\.?|([^\W\d_]{3,10})\.?[ ./-]+([0-9]{1,2}))"
    r"[ ,./-]+([0-9]{4})(?:[T ,]+(.+))?"
)
"""A day whose month is a word: 31 Jan 2024, 31-jan-2024, Jan 31, 2024."""
_MONTH_NAMES = (
    ("january", "januari", "janvier"), ("february", "februari", "fevrier"), ("march", "maart", "mars", "mrt"),
    ("april", "avril"), ("may", "mei", "mai"), ("june", "juni", "juin"), ("july", "juli", "juillet"),
    ("august", "augustus", "aout"), ("september", "septembre"), ("october", "oktober", "octobre"),
    ("november", "novembre"), ("december", "decembre"),
)  # fmt: skip


def _months() -> dict[str, int]:
    """The number of each month by its names, whole or as they are shortened, folded."""
    found: dict[str, set[int]] = {}
    for number, names in enumerate(_MONTH_NAMES, 1):
        for name in names:
            for length in range(3, len(name) + 1):
                found.setdefault(name[:length], set()).add(number)
    return {name: next(iter(numbers)) for name, numbers in found.items() if len(numbers) == 1}


_MONTHS = _months()
_TIME = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d{1,9})?)?\s*([AaPp][Mm])?\s*(Z|[+-]\d{2}:?\d{2})?", re.ASCII)


def dates_order(cells: Iterable[str]) -> str:
    """What stands first in the dates of a column: "month" as in America, where some cannot be read with the day first
    and all with the month first; "day" where some cannot be read otherwise; "" where nothing tells; "-" where there is
    none of which one could ask."""
    slashed = [found for cell in cells if (found := _SLASHED.fullmatch(cell)) and found[1] != found[2]]
    if not slashed:
        return "-"
    if all(int(one[1]) <= 12 for one in slashed):
        return "month" if any(int(one[2]) > 12 for one in slashed) else ""
    return "day"


def months_first(cells: Iterable[str]) -> bool:
    """Whether the dates of a column are written as in America."""
    return dates_order(cells) == "month"


def moment(text: str, zone: datetime.tzinfo, now: datetime.datetime, *, months: bool = False) -> datetime.datetime:
    """When something was taken, with the zone of the hospital where none is said; a day alone is its beginning."""
    found = _ISO.fullmatch(text)
    if found:
        parts, clock = (found[1], found[2], found[3]), found[4]
    elif found := _SLASHED.fullmatch(text):
        day, month = (found[2], found[1]) if months else (found[1], found[2])
        parts, clock = (found[3], month, day), found[4]
    elif found := _NAMED.fullmatch(text):
        month = _MONTHS.get(folded(found[2] or found[3]), 0)
        parts, clock = (found[5], str(month), found[1] or found[4]), found[6]
    elif _MONTH.fullmatch(text):
        raise WrongError("no_day")
    else:
        raise WrongError("serial" if re.fullmatch(r"[1-5]\d{4}(\.\d+)?", text, re.ASCII) else "date")
    try:
        made = datetime.datetime(int(parts[0]), int(parts[1]), int(parts[2]), tzinfo=zone)
        if clock:
            made = _at(made, clock)
        made = made.astimezone(datetime.UTC)
    except (ValueError, OverflowError):
        raise WrongError("date") from None
    if made.year < 1900:
        raise WrongError("ancient")
    if made > now:
        raise WrongError("future")
    return made


def _at(day: datetime.datetime, clock: str) -> datetime.datetime:
    found = _TIME.fullmatch(clock.strip())
    if not found:
        raise ValueError(clock)
    hour = int(found[1])
    if found[4]:
        if not 1 <= hour <= 12:
            raise ValueError(clock)
        hour = hour % 12 + (12 if found[4].lower() == "pm" else 0)
    at = day.replace(hour=hour, minute=int(found[2]), second=int(found[3] or 0))
    if found[5]:
        offset = found[5].replace("Z", "+00:00")
        at = at.replace(tzinfo=datetime.datetime.strptime(offset, "%z").tzinfo)
    return at


def cell_of(row: str, column: str) -> str:
    """A position from a row and a column that stand apart, each a letter or a number: B3."""
    high, wide = row.strip().upper(), column.strip().upper()
    if high.isdecimal() and 1 <= int(high[:4]) <= 702:
        high = places.letters(int(high) - 1)
    if wide.isalpha() and wide.isascii():
        wide = str(places.number_of(wide[:3]) + 1)
    return f"{high}{wide}"


def _wrong(cause: str) -> str:
    raise WrongError(cause)
