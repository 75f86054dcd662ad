"""Questions about outcomes, for programs: asked in the words of PICO, read once they are answered."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from typing import Any, get_args

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Router, Status

from wardbench.bench.outcomes.pico import OLDEST, Pico, Profile
from wardbench.bench.outcomes.protocol import Adjustment, Estimand
from wardbench.campus.api.access import COUNT, READ, Limit, Offset, Text
from wardbench.campus.api.shapes import InquiryOut, InquiryWhole, OutcomesIn, Page, Refusal
from wardbench.campus.outcomes import queries, services, slots
from wardbench.campus.outcomes.forms import cohort_of, name_of, said_of
from wardbench.campus.outcomes.rules import Basis, Kind
from wardbench.campus.people.rules import Actor
from wardbench.campus.web.pages import actor
from wardbench.core.errors import InputError

router = Router(tags=["outcomes"])
REFUSED = {400: Refusal, 401: Refusal, 403: Refusal, 404: Refusal, 409: Refusal, 422: Refusal, 429: Refusal}
UNTOLD = frozenset({"model"})
"""What is kept of an answer for the campus's own use, and leaves with no report."""
SEXES = {"": None, "female": 8532, "male": 8507}


@router.get("", response={200: Page[InquiryOut], **REFUSED}, auth=READ, summary="The questions that you may see")
def inquiries(request: HttpRequest, text: Text = "", mine: bool = False, limit: Limit = 25, offset: Offset = 0) -> Any:
    return listed(actor(request), [Kind.OUTCOMES], text, mine, limit, offset)


@router.post("", response={201: InquiryOut, **REFUSED}, auth=COUNT, summary="Ask what happened to patients")
def ask(request: HttpRequest, given: OutcomesIn) -> Any:
    by = actor(request)
    chosen = {
        key: tuple(slots.picked(value, slot.domains) for value in dict.fromkeys(getattr(given, key)))
        for key, slot in slots.SLOTS.items()
    }
    one_of("sex", given.sex, SEXES)
    one_of("estimand", given.estimand, get_args(Estimand))
    one_of("adjustment", given.adjustment, get_args(Adjustment))
    if given.oldest < given.youngest:
        raise InputError(_("oldest: it is below the age from which."))
    population, content = version(given.population, "population", by) if given.population else (None, "")
    every_age = (given.youngest, given.oldest) == (0, OLDEST)
    profile = Profile(
        chosen["conditions"], SEXES[given.sex], None if every_age else given.youngest,
        None if every_age else given.oldest,
    )  # fmt: skip
    asked = Pico(
        name=given.name or name_of(chosen, population),
        population=population,
        profile=profile,
        intervention=chosen["intervention"],
        comparison=chosen["comparison"],
        outcome=chosen["outcome"],
        controls=chosen["controls"],
        days=given.days,
        washout_days=given.washout_days,
        estimand=given.estimand,  # type: ignore[arg-type]
        adjustment=given.adjustment,  # type: ignore[arg-type]
        with_day_zero=given.with_day_zero,
    )
    said = {
        "name": given.name, "population": given.population, "sex": str(SEXES[given.sex] or ""),
        "youngest": profile.youngest, "oldest": profile.oldest, "days": str(given.days),
        "washout_days": given.washout_days, "estimand": given.estimand, "adjustment": given.adjustment,
        "with_day_zero": given.with_day_zero, "basis": given.basis, "purpose": given.purpose,
    }  # fmt: skip
    made = services.ask(
        asked, said_of(said, chosen), basis_of(given.basis), by=by, study=given.study, cohort=content,
        purpose=given.purpose,
    )  # fmt: skip
    return Status(201, line(made))


@router.get("/{inquiry_id}", response={200: InquiryWhole, **REFUSED}, auth=READ, summary="One question, and its answer")
def inquiry(request: HttpRequest, inquiry_id: uuid.UUID) -> Any:
    return whole(queries.inquiry(inquiry_id, by=actor(request)))


def listed(by: Actor, kinds: Collection[Kind], text: str, mine: bool, limit: int, offset: int) -> dict[str, Any]:
    """A page of the questions of these kinds that somebody sees, or of their own alone."""
    found = [
        one for one in queries.visible(by, text.replace("\0", ""), kinds) if not mine or str(one.owner_id) == by.id
    ]
    return {"total": len(found), "offset": offset, "items": [line(one) for one in found[offset : offset + limit]]}


def line(one: Any) -> dict[str, Any]:
    """A question without its answer."""
    names = ("id", "kind", "name", "at", "basis", "study", "status", "shared", "hash", "snapshot", "answerable")
    return {**{name: getattr(one, name) for name in names}, "owner": one.owner.name}


def whole(one: Any) -> dict[str, Any]:
    """A question with what was asked, and its answer."""
    return {
        **line(one),
        "purpose": one.purpose,
        "reason": one.reason,
        "fault": one.fault,
        "protocol": queries.protocol_of(one),
        "verdict": one.report.get("verdict", ""),
        "report": {key: value for key, value in one.report.items() if key not in UNTOLD},
        "page": one.page,
    }


def version(text: str, field: str, by: Actor) -> tuple[dict[str, Any], str]:
    """A version of a cohort by its id; see `cohort_of`. InputError where it is no id."""
    try:
        return cohort_of(str(uuid.UUID(text)), by)
    except ValueError:
        raise InputError(_("{field}: give the id of a version of a cohort.").format(field=field)) from None


def basis_of(text: str) -> Basis:
    """On which records. InputError where it is no such word."""
    one_of("basis", text, [one.value for one in Basis])
    return Basis(text)


def one_of(field: str, word: str, known: Collection[str]) -> None:
    """InputError where a word is not among those that are known."""
    if word not in known:
        offered = ", ".join(repr(one) for one in known)
        raise InputError(_("%(field)s: %(name)s is none of %(known)s.") % {
            "field": field, "name": repr(word), "known": offered,
        })  # fmt: skip
