"""The verbs on transfer agreements: drawn up from the facts of a request, under a hash that both sides sign."""

from __future__ import annotations

import uuid
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from wardbench.campus.audit.services import verb
from wardbench.campus.biobank.amounts import Amount
from wardbench.campus.people.rules import Actor
from wardbench.campus.releases import request_queries
from wardbench.campus.releases.models import Agreement, Request, RequestLine
from wardbench.campus.releases.moves import allowed, lines_of, move
from wardbench.campus.releases.request_queries import signed_by
from wardbench.campus.releases.rules import Side, Verb, sides
from wardbench.campus.releases.settling import settled
from wardbench.campus.studies.permits import hash_of
from wardbench.core.errors import BusyError, InputError

LONGEST_CLAUSES = 20_000
BOTH = frozenset({Side.RESEARCHER, Side.BIOBANK})


def draw(request: Request, clauses: str | None = None) -> Agreement:
    """Draw up the agreement of a request from its facts as they are now; the one before it is void.

    `clauses` is what the facts do not say; None keeps what the last one had.
    """
    last = Agreement.objects.filter(request=request).first()
    if clauses is None:
        clauses = last.content["clauses"] if last is not None else ""
    content = facts(request, clauses)
    Agreement.objects.filter(request=request, void=False).update(void=True)
    number = (last.number if last is not None else 0) + 1
    return Agreement.objects.create(request=request, number=number, content=content, hash=hash_of(content))


def facts(request: Request, clauses: str) -> dict[str, Any]:
    """What an agreement says: parties, study, permit, material, what it is for, what becomes of it, what it costs."""
    study, permit = request.study, request.permit
    bank = request_queries.biobank_of(request)
    quote = request_queries.quote_of(request)
    return {
        "request": request.reference,
        "provider": {
            "name": bank.juristic_person or bank.organisation.name,
            "biobank": bank.name,
            "contact": bank.contact_name,
            "email": bank.contact_email,
            "country": bank.country,
        },
        "recipient": {
            "name": request.recipient,
            "address": request.address,
            "email": request.recipient_email,
            "country": request.country,
            "outside": request.outside,
        },
        "study": {
            "reference": study.reference,
            "title": study.title,
            "investigator": study.investigator.name,
            "sponsor": study.sponsor,
            "ethics": study.ethics_reference,
        },
        "permit": {"number": permit.number, "hash": permit.hash, "until": permit.until.isoformat()},
        "purpose": permit.content["purpose"],
        "conditions": permit.content["conditions"],
        "obligations": permit.content["obligations"],
        "material": [_material(line) for line in sorted(lines_of(request), key=lambda line: line.code)],
        "retention": study.retention,
        "fate": study.fate,
        "cents": sum(one.total for one in settled(quote)) if quote is not None else 0,
        "clauses": clauses,
    }


def _material(line: RequestLine) -> dict[str, Any]:
    one = line.specimen
    value = line.amount if line.amount is not None else one.amount
    amount = str(Amount(value, one.unit)) if value is not None and one.unit else ""
    return {"label": line.called, "material": one.material, "amount": amount}


@verb("releases.draw_up")
def draw_up(request_id: uuid.UUID, clauses: str, *, by: Actor) -> Agreement:
    """Draw the agreement up anew with other clauses; whoever signed the one before signs again."""
    request = allowed(request_id, Verb.DRAW_UP, by)
    if len(clauses) > LONGEST_CLAUSES:
        raise InputError(_("clauses: this is too long."))
    made = draw(request, clauses.strip())
    move(request, Verb.DRAW_UP, by, detail={"number": made.number, "hash": made.hash})
    return made


@verb("releases.sign")
def sign(request_id: uuid.UUID, seen: str, name: str, *, by: Actor) -> Agreement:
    """Sign the agreement whose hash was `seen`, for one's own side; `name` is who signs, for the recipient whoever
    may bind it. Once both have signed, picking can begin. BusyError where the agreement is another by now."""
    request = allowed(request_id, Verb.SIGN, by)
    side = Side.RESEARCHER if Side.RESEARCHER in sides(by, request_queries.facts_of(request)) else Side.BIOBANK
    found = request_queries.agreement_of(request)
    if found is None or found.hash != seen or hash_of(found.content) != seen:
        raise BusyError(_("The agreement was changed; read it again before you sign."))
    if not name.strip() or len(name) > 200:
        raise InputError(_("name: write the name of whoever signs."))
    now = timezone.now()
    if side is Side.BIOBANK:
        values: dict[str, Any] = {"provider_by_id": _person(by), "provider_at": now}
        free = {"provider_at": None}
    else:
        values = {"recipient_by_id": _person(by), "recipient_name": name.strip(), "recipient_at": now}
        free = {"recipient_at": None}
    if Agreement.objects.filter(id=found.id, void=False, **free).update(**values) != 1:
        raise BusyError(_("Somebody signed at the same moment; load the page again."))
    found.refresh_from_db()
    both = signed_by(found) == BOTH
    move(request, Verb.SIGN, by, signed=both, detail={"side": side.value, "hash": seen, "name": name.strip()})
    return found


def _person(by: Actor) -> uuid.UUID | None:
    return uuid.UUID(by.id) if by.id != "system" else None


def require_signed(request: Request) -> None:
    """BusyError unless both sides signed the agreement and it is what they signed."""
    found = request_queries.agreement_of(request)
    if found is None or signed_by(found) != BOTH or hash_of(found.content) != found.hash:
        raise BusyError(_("The transfer agreement has to be signed by both sides first."))
