"""Colleagues, as the search finds them."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from wardbench.campus.people import queries
from wardbench.campus.people.roles import gettext_noop
from wardbench.campus.people.rules import Actor, may_see_person
from wardbench.campus.web.search import Hit, provide
from wardbench.campus.web.templatetags.wb import role_title


def find_people(actor: Actor, text: str, limit: int) -> list[Hit]:
    if not may_see_person(actor, ""):
        return []
    hits = []
    for person in queries.directory(text).only("name", "title")[:limit]:
        present: Any = getattr(person, "present", ())
        held = [f"{role_title(a.role)}, {a.unit or a.organisation}" for a in present]
        topics = [one.topic for one in person.expertise.all()]
        line = " · ".join([*([person.title] if person.title else []), *held, *topics])
        hits.append(Hit(person.name, line, reverse("person", args=[person.id])))
    return hits


provide("people", gettext_noop("People"), find_people, order=10)
