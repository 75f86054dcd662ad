"""From a search into a basket: what was found under a permit, net of what cannot be given now, all of it or some."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from wardbench.campus.audit.services import verb
from wardbench.campus.biobank.models import Specimen
from wardbench.campus.people.refusals import reason
from wardbench.campus.people.rules import Actor
from wardbench.campus.releases import baskets, checking, request_queries
from wardbench.campus.releases.baskets import LOOKED_AT, MOST
from wardbench.campus.releases.models import Basket, RequestLine
from wardbench.campus.releases.order import by_place
from wardbench.campus.samples import looking
from wardbench.campus.samples.looking import Scope, Window
from wardbench.campus.studies.material import use_of
from wardbench.core.errors import InputError
from wardbench.ward.samples import Query

AT_ONCE = 100
"""How many specimens are read and judged at once, until enough can be given."""


@dataclass(frozen=True)
class Put:
    """How many specimens are new in a basket; `left_out` is why others are not, in words, with how many each time."""

    new: int
    left_out: Sequence[tuple[str, int]] = ()


@verb("releases.fill_found")
def put_found(
    basket: Basket,
    scope: Scope,
    query: Query,
    *,
    by: Actor,
    window: Window | None = None,
    count: int | None = None,
    one_each: bool = False,
    only: Collection[uuid.UUID] = (),
) -> Put:
    """Put into a basket of the scope's study what `query` finds there: `count` specimens of it, None for all that fit;
    one of each donor where `one_each`; of `only` these where some are named.

    Each is judged as it is now, not as it was when it was counted. Those that lie together come first.
    """
    basket = request_queries.basket(basket.id, by=by)
    if scope.permit is None or basket.study_id != scope.permit.study_id:
        raise InputError(_("basket: it is for another study than the permit."))
    if count is not None and not 1 <= count <= MOST:
        raise InputError(_("count: choose 1 to {most} specimens.").format(most=MOST))
    inside: dict[uuid.UUID, uuid.UUID | None] = dict(basket.lines.values_list("specimen_id", "specimen__donor_id"))
    found = looking.rows(scope, query, by=by, window=window).select(["specimen", "donor"]).to_pylist()
    pairs = [(uuid.UUID(one["specimen"]), one["donor"]) for one in found]
    pairs = [(one, donor) for one, donor in pairs if one not in inside and (not only or one in only)]
    if one_each:
        # A pool is of several donors, and stands for none of them.
        pairs = _donors_first([(one, donor) for one, donor in pairs if donor is not None])
    room = MOST - len(inside)
    if count is None and (len({donor for _one, donor in pairs}) if one_each else len(pairs)) > room:
        raise InputError(_("count: a basket holds at most {most} specimens; say how many.").format(most=MOST))
    donors = set(inside.values()) if one_each else None
    wanted = [one for one, _donor in pairs[:LOOKED_AT]]
    chosen, left_out = _chosen(wanted, scope, donors, room if count is None else min(room, count))
    if gone := len(set(only) - set(inside) - {one for one, _donor in pairs}):
        left_out[_("It is not among what can be given under the permit any more.")] += gone
    return Put(baskets.fill_basket(basket, chosen, by=by) if chosen else 0, tuple(left_out.items()))


def _donors_first(pairs: list[tuple[uuid.UUID, str]]) -> list[tuple[uuid.UUID, str]]:
    """The first specimen of each donor before all others."""
    seen: set[str] = set()
    first: list[tuple[uuid.UUID, str]] = []
    others: list[tuple[uuid.UUID, str]] = []
    for pair in pairs:
        (others if pair[1] in seen else first).append(pair)
        seen.add(pair[1])
    return first + others


def _chosen(
    wanted: Sequence[uuid.UUID], scope: Scope, donors: set[uuid.UUID | None] | None, most: int
) -> tuple[list[Specimen], Counter[str]]:
    """The first `most` that can be given in the order of the freezers, and why others cannot; `donors` is who has one
    in the basket already, where each may have one alone."""
    assert scope.permit is not None, "a basket is filled under a permit"
    use, chosen, left_out = use_of(scope.permit), list[Specimen](), Counter[str]()
    there = Specimen.objects.filter(id__in=wanted).values_list("id", "box__path", "place", "label")
    ordered = [one for one, *_where in by_place(there, lambda row: row[1:])]
    for at in range(0, len(ordered), AT_ONCE):
        if len(chosen) == most:
            break
        some = Specimen.objects.select_related("collection", "box", "donor").in_bulk(ordered[at : at + AT_ONCE])
        lines = [RequestLine(specimen=some[one]) for one in ordered[at : at + AT_ONCE] if one in some]
        for one in checking.judge(lines, use):
            specimen = one.line.specimen
            if len(chosen) == most or (donors is not None and specimen.donor_id in donors):
                continue
            if not one.verdict and not one.waits:
                left_out[reason(one.verdict)] += 1
                continue
            chosen.append(specimen)
            if donors is not None:
                donors.add(specimen.donor_id)
    return chosen, left_out


def baskets_for(scope: Scope, by: Actor) -> list[tuple[str, str]]:
    """Somebody's baskets for the study of a scope: id and name."""
    study = scope.permit.study_id if scope.permit is not None else None
    return [(str(one.id), one.name) for one in request_queries.baskets(by) if one.study_id == study]


def basket_of(named: str, name: str, scope: Scope, *, by: Actor) -> Basket:
    """The basket of this id, or a new one of this name where it is "new"."""
    if named != "new":
        return request_queries.basket(uuid.UUID(named), by=by)
    return baskets.add_basket(name, scope.permit.study if scope.permit is not None else None, by=by)
