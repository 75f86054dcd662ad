"""Cases and controls that are alike, out of two searches under a permit, and into a basket."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from django.utils import timezone
from django.utils.translation import gettext as _

from wardbench.campus.audit.services import verb
from wardbench.campus.biobank.models import Specimen
from wardbench.campus.people.roles import gettext_noop
from wardbench.campus.people.rules import Actor
from wardbench.campus.releases import baskets, checking, request_queries
from wardbench.campus.releases.models import Basket, RequestLine
from wardbench.campus.samples import looking
from wardbench.campus.samples.looking import Scope, Window
from wardbench.campus.studies.material import use_of
from wardbench.core.errors import BusyError, InputError
from wardbench.ward.samples import Candidates, PickList, Query, match

MOST_CASES = 200
MOST_EACH = 5
MOST_LOOKED_AT = 5_000
"""Specimens of each side that are compared."""
EXACT = {
    "sex": gettext_noop("Sex"),
    "material": gettext_noop("Material"),
    "collection": gettext_noop("Collection"),
    "temperature": gettext_noop("Storage temperature"),
}
"""What cases and controls may have to be equal in."""
CLOSE = {
    "age": gettext_noop("Age when it was taken"),
    "stored": gettext_noop("Time in storage"),
    "thaws": gettext_noop("Times thawed"),
}
"""What they may have to be close in."""


@dataclass(frozen=True)
class Side:
    """One of the two searches."""

    query: Query
    window: Window | None = None


@dataclass(frozen=True)
class Wish:
    """How many cases with how many controls each, equal in some things and close in others."""

    count: int
    each: int = 1
    exact: tuple[str, ...] = ("sex", "material")
    close: tuple[str, ...] = ("age", "stored")

    def __post_init__(self) -> None:
        if not 1 <= self.count <= MOST_CASES:
            raise InputError(gettext_noop("count: ask for 1 to {most} cases."), most=MOST_CASES)
        if not 1 <= self.each <= MOST_EACH:
            raise InputError(gettext_noop("each: ask for 1 to {most} controls of each case."), most=MOST_EACH)
        if set(self.exact) - set(EXACT) or set(self.close) - set(CLOSE):
            raise InputError(gettext_noop("balance: choose from the list."))


@dataclass(frozen=True)
class Paired:
    """The list; `specimens` are those in it by name. `unknown` are candidates of each side that lack a value to be
    compared by, `both` donors who are on both sides and count as cases alone."""

    list: PickList
    cases: int
    controls: int
    unknown: tuple[int, int]
    both: int
    specimens: Mapping[str, Specimen] = field(repr=False)

    @property
    def digest(self) -> str:
        """Names the list by what is in it."""
        said = [(one.case, one.controls) for one in self.list.sets]
        return hashlib.sha256(repr(said).encode()).hexdigest()


def pair(scope: Scope, cases: Side, controls: Side, wish: Wish, *, by: Actor) -> Paired:
    """The cases of one search with the controls of another that are most alike, none a donor of the cases.

    InputError where a side has more than `MOST_LOOKED_AT` specimens.
    """
    own, own_unknown = _candidates(scope, cases, wish, by)
    others, others_unknown = _candidates(scope, controls, wish, by)
    mine = set(own.column("donor").to_pylist())
    theirs = others.column("donor").to_pylist()
    both = len(mine.intersection(theirs))
    others = others.filter(pa.array([donor not in mine for donor in theirs], pa.bool_()))
    found = match(_side(own, wish), _side(others, wish), count=wish.count, each=wish.each)
    names = [uuid.UUID(one) for part in found.sets for one in (part.case, *part.controls)]
    names += [uuid.UUID(one) for one in found.unmatched]
    there = Specimen.objects.select_related("collection", "donor").in_bulk(names)
    specimens = {str(name): one for name, one in there.items()}
    return Paired(found, len(own), len(others), (own_unknown, others_unknown), both, specimens)


def _candidates(scope: Scope, side: Side, wish: Wish, by: Actor) -> tuple[pa.Table, int]:
    """The specimens of a side of which all is known that they are compared by, and how many others there are."""
    found = looking.rows(scope, side.query, by=by, window=side.window)
    if found.num_rows > MOST_LOOKED_AT:
        raise InputError(
            gettext_noop("These are {n} specimens, and at most {most} are compared; narrow the search."),
            n=f"{found.num_rows:,}",
            most=f"{MOST_LOOKED_AT:,}",
        )
    known = pc.is_valid(found.column("donor"))
    for name in wish.close:
        known = pc.and_(known, pc.is_valid(found.column("collected" if name == "stored" else name)))
    kept = found.filter(known)
    return kept, found.num_rows - kept.num_rows


def _side(table: pa.Table, wish: Wish) -> Candidates:
    exact = {name: [one or "" for one in table.column(name).to_pylist()] for name in wish.exact}
    close = {name: _numbers(table, name) for name in wish.close}
    return Candidates(table.column("specimen").to_pylist(), table.column("donor").to_pylist(), exact, close)


def _numbers(table: pa.Table, name: str) -> list[float]:
    if name != "stored":
        return [float(one) for one in table.column(name).to_pylist()]
    today = np.datetime64(timezone.localdate(), "D")
    days = (today - table.column("collected").to_numpy().astype("datetime64[D]")).astype(np.int64)
    return [float(one) / 365.25 for one in days]


@verb("releases.fill_pairs")
def put_pairs(
    basket: Basket, scope: Scope, cases: Side, controls: Side, wish: Wish, seen: str, *, by: Actor
) -> tuple[int, Sequence[str]]:
    """Put the list whose digest was `seen` into a basket, each specimen as case or control: how many, and the labels
    of cases that were left out with their controls because one of them cannot be given any more.

    BusyError where the list is another by now.
    """
    basket = request_queries.basket(basket.id, by=by)
    if scope.permit is None or basket.study_id != scope.permit.study_id:
        raise InputError(_("basket: it is for another study than the permit."))
    paired = pair(scope, cases, controls, wish, by=by)
    if paired.digest != seen:
        raise BusyError(_("The inventory changed, and the list with it; look at it again."))
    lines = {name: RequestLine(specimen=one) for name, one in paired.specimens.items()}
    judged = checking.judge(list(lines.values()), use_of(scope.permit))
    good = {str(one.line.specimen.id) for one in judged if one.verdict or one.waits}
    chosen: list[Specimen] = []
    roles: list[str] = []
    left_out: list[str] = []
    for one in paired.list.sets:
        names = (one.case, *one.controls)
        if not good.issuperset(names):
            left_out.append(paired.specimens[one.case].label if one.case in paired.specimens else one.case)
            continue
        chosen += [paired.specimens[name] for name in names]
        roles += ["case", *["control"] * len(one.controls)]
    return (baskets.fill_basket(basket, chosen, by=by, roles=roles) if chosen else 0), left_out
