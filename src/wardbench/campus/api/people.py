"""People, for programs."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import HttpRequest
from ninja import Router

from wardbench.campus.api.access import READ, Limit, Offset, Text
from wardbench.campus.api.shapes import Page, PersonOut, Refusal
from wardbench.campus.people import queries, rules
from wardbench.campus.people.colleagues import may_see
from wardbench.campus.web.pages import actor

router = Router(tags=["people"])
REFUSED = {401: Refusal, 403: Refusal, 404: Refusal, 422: Refusal, 429: Refusal}


@router.get("", response={200: Page[PersonOut], **REFUSED}, auth=READ, summary="People by name, expertise or role")
def people(request: HttpRequest, text: Text = "", role: Text = "", limit: Limit = 25, offset: Offset = 0) -> Any:
    rules.may_see_person(actor(request), "").require()
    found = queries.directory(text, role)
    return {"total": found.count(), "offset": offset, "items": [_out(p) for p in found[offset : offset + limit]]}


@router.get("/me", response={200: PersonOut, **REFUSED}, auth=READ, summary="Whoever the key is of")
def me(request: HttpRequest) -> Any:
    return _out(queries.profile(uuid.UUID(actor(request).id)))


@router.get("/{person_id}", response={200: PersonOut, **REFUSED}, auth=READ, summary="One person")
def person(request: HttpRequest, person_id: uuid.UUID) -> Any:
    may_see(actor(request), str(person_id)).require()
    return _out(queries.profile(person_id))


def _out(person: Any) -> dict[str, Any]:
    return {
        "id": person.id,
        "name": person.name,
        "title": person.title,
        "roles": [
            {
                "role": a.role,
                "organisation": a.organisation.name,
                "unit": a.unit.name if a.unit else None,
                "leads": a.leads or None,
            }
            for a in person.present
        ],
        "expertise": [one.topic for one in person.expertise.all()],
    }
