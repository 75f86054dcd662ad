"""Whether specimens may be given to a request now: the permit, each donor's consent, the collection's terms.

The same questions are asked at asking, reserving, picking and sending, and answered anew each time.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from wardbench.campus.biobank import consents, descent, exposure
from wardbench.campus.biobank.amounts import UNITS, Dimension
from wardbench.campus.biobank.models import Specimen
from wardbench.campus.biobank.rules import Status as TubeStatus
from wardbench.campus.biobank.terms import is_called, of_purpose
from wardbench.campus.people.queries import actor_of
from wardbench.campus.people.roles import gettext_noop
from wardbench.campus.people.rules import Verdict, no, yes
from wardbench.campus.releases import rules
from wardbench.campus.releases.models import Request, RequestLine
from wardbench.campus.releases.rules import LineStatus, Tube
from wardbench.campus.studies import permits
from wardbench.campus.studies.material import Asked, may_leave, use_of
from wardbench.campus.studies.models import Permit
from wardbench.campus.studies.permits import Use, Wanted
from wardbench.core.consent import Answer, Given, Tier, allows

STAYS = gettext_noop("The study was approved without material that leaves the hospital; amend it first.")


@dataclass(frozen=True)
class Judged:
    """A line of a request and whether its specimen may be given."""

    line: RequestLine
    verdict: Verdict

    @property
    def waits(self) -> bool:
        """Whether all that is missing is the biobank's judgement."""
        return self.verdict.reason == rules.PERSON


def asked_of(request: Request) -> Asked:
    """The use that a request is for."""
    return use_of(
        request.permit, genetic=request.genetic, country=request.country, judged=bool(request.content.get("judged"))
    )


def judge(lines: Sequence[RequestLine], asked: Asked) -> list[Judged]:
    """Each line with its verdict; the reads are few however many lines there are."""
    specimens = [line.specimen for line in lines]
    answers = consents_of(specimens, asked.need)
    terms = {one.id: of_purpose(one, asked.purpose) for one in {line.specimen.collection for line in lines}}
    spoiled = exposure.exposed([one.id for one in specimens], judged="destroy")
    found = []
    for line in lines:
        one = line.specimen
        outcome, words = terms[one.collection_id]
        tube = Tube(
            TubeStatus(one.status),
            one.retained,
            one.reserved is not None and one.reserved != line.id,
            one.amount is None or (one.amount if line.amount is None else line.amount) in range(1, one.amount + 1),
            answers[one.id],
            outcome.value,
            words,
            asked.judged,
            one.id in spoiled,
        )
        found.append(Judged(line, rules.may_give(tube)))
    return found


def refused(judged: Iterable[Judged], *, but_person: bool = False) -> list[Judged]:
    """Those that may not be given; `but_person` passes those that only wait for the biobank's judgement."""
    return [one for one in judged if not one.verdict and not (but_person and one.waits)]


def sources(specimens: Sequence[Specimen]) -> dict[uuid.UUID, frozenset[uuid.UUID]]:
    """The donors of each specimen; a pool has those of its parts. Empty where one of them is unknown."""
    known = {one.id: frozenset({one.donor_id}) for one in specimens if one.donor_id is not None}
    return {**known, **descent.sources_of([one.id for one in specimens if one.donor_id is None])}


def consents_of(specimens: Sequence[Specimen], need: Iterable[Tier]) -> dict[uuid.UUID, Answer | None]:
    """Whether the donors of each specimen allow it, the first who does not counting; None where nobody is known."""
    of = sources(specimens)
    donors = sorted({donor for own in of.values() for donor in own})
    stands: Mapping[Any, Given] = consents.given(donors, {one.collection for one in specimens})
    found: dict[uuid.UUID, Answer | None] = {}
    for one in specimens:
        answers = [allows(stands[donor, one.collection_id], need) for donor in sorted(of[one.id])]
        found[one.id] = next((answer for answer in answers if not answer), answers[0] if answers else None)
    return found


@dataclass(frozen=True)
class Share:
    """How much of a permit's material some lines take: `type` and `unit` as the permit has them."""

    type: str
    unit: str
    amount: float
    donors: frozenset[uuid.UUID]


def permit_for(request: Request, lines: Sequence[RequestLine]) -> Verdict:
    """Whether the permit covers these lines beside what its study's other requests are promised."""
    found: Verdict = yes(gettext_noop("The permit covers this material."))
    if request.outside and not may_leave(request.permit):
        return no(STAYS)
    shares = shares_of(request.permit, lines)
    if isinstance(shares, Verdict):
        return shares
    promised = RequestLine.objects.filter(request__study=request.study_id, request__status__in=[*rules.UNSENT]).exclude(
        request=request
    )
    others = shares_of(request.permit, list(_live(promised)))
    for share in shares:
        other = 0.0
        if not isinstance(others, Verdict):
            other = sum(one.amount for one in others if one.type == share.type)
        found = permits.check(
            request.permit,
            actor_of(request.by),
            Wanted(Use.MATERIAL, material=share.type, amount=share.amount, used=other),
        )
        if not found:
            return found
        most = sum(int(one.get("donors") or 0) for one in _entries(request.permit, share.type))
        donors = share.donors | _donors_before(request, share.type)
        if most and len(donors) > most:
            return no(gettext_noop("The permit allows specimens of {most} donors, and not more."), most=most)
    return found


def left_of(permit: Permit, of_type: str) -> float:
    """How much of a material a permit has left beside what its study's requests are promised, in the permit's unit."""
    most = sum(float(one.get("amount", 0)) for one in _entries(permit, of_type))
    promised = RequestLine.objects.filter(request__study=permit.study_id, request__status__in=[*rules.UNSENT])
    lines = [line for line in _live(promised) if is_called(line.specimen.material, of_type)]
    shares = shares_of(permit, lines)
    taken = 0.0 if isinstance(shares, Verdict) else sum(one.amount for one in shares if one.type == of_type)
    return max(0.0, most - permits.used_of(permit, of_type) - taken)


def _live(lines: Any) -> Any:
    return lines.exclude(status=LineStatus.DROPPED).select_related("specimen__collection")


def _donors_before(request: Request, of_type: str) -> frozenset[uuid.UUID]:
    """The donors of what the study's other requests were promised or given."""
    before = RequestLine.objects.filter(request__study=request.study_id).exclude(
        request__status__in=[rules.Status.DRAFT, rules.Status.REFUSED, rules.Status.WITHDRAWN, rules.Status.EXPIRED]
    )
    lines = [line for line in _live(before.exclude(request=request)) if is_called(line.specimen.material, of_type)]
    return frozenset().union(*sources([line.specimen for line in lines]).values()) if lines else frozenset()


def shares_of(permit: Permit, lines: Sequence[RequestLine]) -> list[Share] | Verdict:
    """How much `lines` take of each material of a permit; a refusal where one is not covered or not measured."""
    amounts: dict[str, Decimal] = {}
    donors: dict[str, set[uuid.UUID]] = {}
    units: dict[str, str] = {}
    of = sources([line.specimen for line in lines])
    for line in lines:
        one = line.specimen
        entry = next((e for e in permit.content["material"] if is_called(one.material, e.get("type", ""))), None)
        if entry is None:
            return no(
                gettext_noop("The permit does not cover {material} ({label})."),
                material=one.material,
                label=line.called,
            )
        taken = _in(entry.get("unit", ""), line)
        if taken is None:
            return no(
                gettext_noop("Nobody knows how much is in {label}, and the permit counts in {unit}."),
                label=line.called,
                unit=entry.get("unit", ""),
            )
        name = entry["type"]
        amounts[name] = amounts.get(name, Decimal(0)) + taken
        donors.setdefault(name, set()).update(of[one.id])
        units[name] = entry.get("unit", "")
    return [Share(name, units[name], float(amounts[name]), frozenset(donors[name])) for name in sorted(amounts)]


def _entries(permit: Permit, of_type: str) -> list[Mapping[str, Any]]:
    return [one for one in permit.content["material"] if one.get("type") == of_type]


def _in(unit: str, line: RequestLine) -> Decimal | None:
    """How much a line takes in a unit of the permit; tubes and the like are counted one by one."""
    known = UNITS.get(unit)
    if known is None or known.dimension is Dimension.PIECES:
        return Decimal(1)
    value = line.amount if line.amount is not None else line.specimen.amount
    own = UNITS.get(line.specimen.unit)
    if value is None or own is None or own.dimension is not known.dimension:
        return None
    return Decimal(value) / known.size
