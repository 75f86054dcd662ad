"""The verbs on baskets: put specimens together before anything is asked. A basket promises nothing to anybody."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from django.utils.translation import gettext as _

from wardbench.campus.audit.services import record, verb
from wardbench.campus.biobank.amounts import Amount
from wardbench.campus.biobank.models import Specimen
from wardbench.campus.biobank.rules import Status as TubeStatus
from wardbench.campus.biobank.terms import is_called
from wardbench.campus.people.rules import Actor
from wardbench.campus.releases import checking, request_queries, rules
from wardbench.campus.releases.models import Basket, BasketLine, RequestLine
from wardbench.campus.releases.order import in_order
from wardbench.campus.studies.material import use_of
from wardbench.campus.studies.models import Study
from wardbench.campus.studies.permits import holding
from wardbench.core.errors import InputError

MOST = 2_000
"""How many specimens a basket holds."""
LOOKED_AT = 4_000
"""How many candidates are looked at to choose from."""
ROLES = ("", "case", "control")


@verb("releases.add_basket")
def add_basket(name: str, study: Study | None = None, *, by: Actor) -> Basket:
    """A new basket of one's own, for a study that one works on where it is known."""
    rules.may_keep_basket(by).require()
    if not name.strip() or len(name) > 200:
        raise InputError(_("name: give the basket a name of at most 200 characters."))
    if study is not None and by.id not in request_queries.team_of(study):
        raise InputError(_("study: you do not work on it."))
    made = Basket.objects.create(owner_id=by.id, study=study, name=name.strip())
    record("releases.add_basket", "basket", made.id, by=by, study=study.reference if study else "")
    return made


@verb("releases.fill_basket")
def fill_basket(basket: Basket, specimens: Sequence[Specimen], *, by: Actor, roles: Sequence[str] = ()) -> int:
    """Put specimens into a basket, each once; how many are new in it. `roles` are "case" or "control", one for each."""
    request_queries.basket(basket.id, by=by)
    there = set(basket.lines.values_list("specimen_id", flat=True))
    given = list(roles) or [""] * len(specimens)
    if len(given) != len(specimens) or set(given) - set(ROLES):
        raise InputError(_("role: say “case”, “control” or nothing."))
    new = {one.id: role for one, role in zip(specimens, given, strict=True) if one.id not in there}
    if len(there) + len(new) > MOST:
        raise InputError(_("basket: it holds at most {most} specimens.").format(most=MOST))
    BasketLine.objects.bulk_create([BasketLine(basket=basket, specimen_id=one, role=role) for one, role in new.items()])
    record("releases.fill_basket", "basket", basket.id, by=by, specimens=len(new))
    return len(new)


@verb("releases.choose")
def choose(basket: Basket, material: str, count: int, *, by: Actor, amount: Amount | None = None) -> int:
    """Let the biobank's stock be looked through for a basket of a study: the first `count` tubes of a material that
    can be given under its permit, each of another donor, those that lie together first. How many were found.

    InputError where the study has no permit that covers the material.
    """
    request_queries.basket(basket.id, by=by)
    permit = holding(basket.study) if basket.study is not None else None
    if permit is None or by.id not in permit.content["whom"]:
        raise InputError(_("study: choose a study with a permit that names you."))
    if not any(is_called(material, one.get("type", "")) for one in permit.content["material"]):
        raise InputError(_("material: the permit of the study does not cover it."))
    if not 1 <= count <= MOST:
        raise InputError(_("count: choose 1 to {most} specimens.").format(most=MOST))
    wanted = Specimen.objects.filter(
        material=material, status=TubeStatus.STORED, reserved=None, retained=False
    ).select_related("collection")
    if amount is not None:
        wanted = wanted.filter(amount__gte=amount.value)
    there = basket.lines.values("specimen_id")
    seen = set(basket.lines.exclude(specimen__donor=None).values_list("specimen__donor_id", flat=True))
    candidates = list(wanted.exclude(id__in=there).select_related("box")[:LOOKED_AT])
    asked = use_of(permit)
    lines = [RequestLine(specimen=one, amount=amount.value if amount else None) for one in candidates]
    chosen: list[Specimen] = []
    for one in checking.judge(in_order(lines), asked):
        specimen = one.line.specimen
        if one.verdict and specimen.donor_id is not None and specimen.donor_id not in seen and len(chosen) < count:
            chosen.append(specimen)
            seen.add(specimen.donor_id)
    BasketLine.objects.bulk_create([BasketLine(basket=basket, specimen=one) for one in chosen])
    record("releases.choose", "basket", basket.id, by=by, material=material, wanted=count, found=len(chosen))
    return len(chosen)


@verb("releases.empty_basket")
def take_out(basket: Basket, specimens: Sequence[uuid.UUID], *, by: Actor) -> int:
    """Take specimens out of a basket; how many."""
    request_queries.basket(basket.id, by=by)
    gone, _rows = basket.lines.filter(specimen_id__in=list(specimens)).delete()
    record("releases.empty_basket", "basket", basket.id, by=by, specimens=gone)
    return gone


@verb("releases.drop_basket")
def drop_basket(basket: Basket, *, by: Actor) -> None:
    """Throw a basket away."""
    request_queries.basket(basket.id, by=by)
    record("releases.drop_basket", "basket", basket.id, by=by)
    basket.delete()
