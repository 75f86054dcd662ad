"""Reading people: the actor behind a person, the directory, a profile."""

from __future__ import annotations

import datetime
import uuid
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Prefetch, Q, QuerySet
from django.utils import timezone

from wardbench.campus.people.models import Affiliation, Organisation, Person, Unit
from wardbench.campus.people.roles import Role
from wardbench.campus.people.rules import Actor
from wardbench.campus.people.rules import Affiliation as Holds
from wardbench.core.errors import NotFoundError


def current(day: datetime.date | None = None) -> Q:
    """The affiliations that hold on `day`, today by default."""
    day = day or timezone.localdate()
    return Q(since__lte=day) & (Q(until=None) | Q(until__gte=day))


def actor_of(person: Any) -> Actor:
    """The person with the roles they hold today."""
    affiliations = person.affiliations.filter(current()).select_related("organisation") if person.is_active else ()
    return Actor(
        id=str(person.id),
        name=person.name,
        affiliations=tuple(
            Holds(Role(a.role), str(a.organisation_id), a.organisation.kind, str(a.unit_id or "")) for a in affiliations
        ),
    )


def actor(person_id: object) -> Actor:
    """The actor with this id; NotFoundError where there is no such person."""
    return actor_of(person(person_id))


def person(person_id: object) -> Person:
    try:
        return Person.objects.get(id=person_id)  # type: ignore[misc]
    except (Person.DoesNotExist, ValidationError):
        raise NotFoundError("There is no such person.") from None


def person_by_email(email: str) -> Person:
    """Who signs in with this address; NotFoundError where nobody may."""
    found = Person.objects.filter(email__iexact=email, is_active=True).first()
    if found is None:
        raise NotFoundError("There is no such person.")
    return found


def holders(*roles: Role, unit: uuid.UUID | None = None) -> QuerySet[Person]:
    """Who holds one of `roles` today, in `unit` where one is given."""
    held = Affiliation.objects.filter(current(), role__in=roles)
    if unit:
        held = held.filter(unit=unit)
    return Person.objects.filter(id__in=held.values("person"), is_active=True)


def directory(text: str = "", role: str = "", organisation: uuid.UUID | None = None) -> QuerySet[Person]:
    """People by name, e-mail address or expertise, with their present affiliations."""
    people = Person.objects.filter(is_active=True)
    if text:
        people = people.filter(
            Q(name__icontains=text) | Q(email__icontains=text) | Q(expertise__topic__icontains=text)
        ).distinct()
    if role or organisation:
        held = Affiliation.objects.filter(current())
        held = held.filter(role=role) if role else held
        held = held.filter(organisation=organisation) if organisation else held
        people = people.filter(id__in=held.values("person"))
    now = Affiliation.objects.filter(current()).select_related("organisation", "unit")
    return people.prefetch_related(Prefetch("affiliations", now, to_attr="present"), "expertise")


def organisations() -> QuerySet[Organisation]:
    return Organisation.objects.prefetch_related("units")


def names(ids: set[str]) -> dict[str, str]:
    """The names behind ids as the record keeps them."""
    known: list[Any] = []
    for one in ids:
        try:
            known.append(Person._meta.pk.to_python(one))
        except ValidationError:  # not a person's: the application itself
            continue
    return {str(p.id): p.name for p in Person.objects.filter(id__in=known)}


def unit(unit_id: object) -> Unit:
    try:
        return Unit.objects.get(id=unit_id)  # type: ignore[misc]
    except (Unit.DoesNotExist, ValidationError):
        raise NotFoundError("There is no such department or care programme.") from None


def profile(person_id: object) -> Person:
    """A person with their present affiliations (`present`) and expertise; NotFoundError where there is none."""
    return directory().get(id=person(person_id).id)
