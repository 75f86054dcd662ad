"""Reading people: the actor behind a person, the directory, a profile."""

from __future__ import annotations

import datetime
import re
import uuid
from collections.abc import Collection
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db.models import Count, Prefetch, Q, QuerySet
from django.utils import timezone, translation
from django.utils.translation import gettext
from django.utils.translation import gettext as _

from wardbench.campus.people.importing import Known
from wardbench.campus.people.models import Affiliation, Expertise, Organisation, Person, Unit
from wardbench.campus.people.roles import LEADS, TITLES, Lead, Role
from wardbench.campus.people.rules import Actor
from wardbench.campus.people.rules import Affiliation as Holds
from wardbench.campus.people.sheet import folded
from wardbench.core.errors import NotFoundError


def current(day: datetime.date | None = None) -> Q:
    """The affiliations that hold on `day`, today by default."""
    day = day or timezone.localdate()
    return Q(since__lte=day) & (Q(until=None) | Q(until__gte=day))


def actor_of(person: Any) -> Actor:
    """The person with the roles they hold today."""
    held = person.affiliations.filter(current()) if person.is_active else Affiliation.objects.none()
    columns = held.values_list("role", "organisation_id", "organisation__kind", "unit_id", "leads")
    return Actor(
        id=str(person.id),
        name=person.name,
        affiliations=tuple(
            Holds(Role(role), str(organisation), kind, str(unit or ""), bool(leads))
            for role, organisation, kind, unit, leads in columns
        ),
    )


def actor(person_id: object) -> Actor:
    """The actor with this id; NotFoundError where there is no such person."""
    return actor_of(person(person_id))


def person(person_id: object) -> Person:
    try:
        return Person.objects.get(id=person_id)  # type: ignore[misc]
    except (Person.DoesNotExist, ValidationError):
        raise NotFoundError(_("There is no such person.")) from None


def person_by_email(email: str) -> Person:
    """Who signs in with this address; NotFoundError where nobody may."""
    found = Person.objects.filter(email__iexact=email, is_active=True).first()
    if found is None:
        raise NotFoundError(_("There is no such person."))
    return found


def places_of(people: Collection[object]) -> dict[str, list[str]]:
    """The organisations at which each of these people (by id) holds a role today, by name."""
    held = Affiliation.objects.filter(current(), person__in={str(one) for one in people}, person__is_active=True)
    found: dict[str, list[str]] = {str(one): [] for one in people}
    for person, name in held.order_by("organisation__name").values_list("person", "organisation__name").distinct():
        found[str(person)].append(name)
    return found


def holders(*roles: Role, unit: uuid.UUID | None = None) -> QuerySet[Person]:
    """Who holds one of `roles` today, in `unit` where one is given."""
    held = Affiliation.objects.filter(current(), role__in=roles)
    if unit:
        held = held.filter(unit=unit)
    return Person.objects.filter(id__in=held.values("person"), is_active=True)


def by_role() -> dict[Role, list[Person]]:
    """Who holds each role today, by name, with their address; every role is there."""
    held = Affiliation.objects.filter(current(), person__is_active=True).select_related("person")
    held = held.only("role", "person__name", "person__email")
    found: dict[Role, dict[uuid.UUID, Person]] = {role: {} for role in Role}
    for one in held.order_by("person__name", "person__id"):
        found[Role(one.role)][one.person_id] = one.person
    return {role: list(people.values()) for role, people in found.items()}


def directory(
    text: str = "",
    role: str = "",
    organisation: uuid.UUID | None = None,
    unit: uuid.UUID | None = None,
    *,
    closed: bool = False,
) -> QuerySet[Person]:
    """People by name, e-mail address or expertise, with their present affiliations; those of closed accounts apart."""
    people = Person.objects.filter(is_active=not closed)
    for word in text.split():
        known = Expertise.objects.filter(topic__icontains=word).values("person")
        people = people.filter(Q(name__icontains=word) | Q(email__icontains=word) | Q(id__in=known))
    wanted = {"role": role, "organisation": organisation, "unit": unit}
    if held := {field: value for field, value in wanted.items() if value}:
        people = people.filter(id__in=Affiliation.objects.filter(current(), **held).values("person"))
    now = Affiliation.objects.filter(current()).select_related("organisation", "unit")
    return people.prefetch_related(Prefetch("affiliations", now, to_attr="present"), "expertise")


def places() -> QuerySet[Organisation]:
    """All organisations with their units."""
    return Organisation.objects.prefetch_related("units")


def organisations() -> QuerySet[Organisation]:
    """All of them with their units, and how many people hold a role there today (`people`)."""
    now = Affiliation.objects.filter(current(), person__is_active=True)
    counted = Count("affiliations__person", filter=Q(affiliations__in=now), distinct=True)
    return places().annotate(people=counted)


def organisation(organisation_id: object) -> Organisation:
    try:
        return organisations().get(id=organisation_id)  # type: ignore[misc]
    except (Organisation.DoesNotExist, ValidationError):
        raise NotFoundError(_("There is no such organisation.")) from None


def units() -> QuerySet[Unit]:
    return Unit.objects.select_related("organisation").order_by("organisation__name", "name")


def affiliation(person: Person, affiliation_id: object) -> Affiliation:
    """A role of this person; NotFoundError where there is none."""
    try:
        return Affiliation.objects.select_related("person", "organisation", "unit").get(
            id=affiliation_id,  # type: ignore[misc]
            person=person,
        )
    except (Affiliation.DoesNotExist, ValidationError):
        raise NotFoundError(_("This person has no such role.")) from None


def administrators() -> QuerySet[Person]:
    return holders(Role.ADMINISTRATOR)


def is_last_administrator(person: Person) -> bool:
    """Whether nobody could give a role any more without this person."""
    return list(administrators().values_list("id", flat=True)) == [person.id]


def known() -> Known:
    """What an import is checked against; names in every language that the campus speaks."""
    roles = {folded(role): role for role in Role}
    leads = {folded(one): one for one in Lead}
    languages: dict[str, str] = {code: code for code, _name in settings.LANGUAGES}
    for code in ("en", "nl", "fr"):
        with translation.override(code):
            roles |= {folded(gettext(title)): role for role, title in TITLES.items()}
            leads |= {folded(gettext(title)): one for one, title in LEADS.items()}
            languages |= {folded(str(name)): spoken for spoken, name in settings.LANGUAGES}
    organisations = list(Organisation.objects.all())
    for spoken, _name in settings.LANGUAGES:
        languages[folded(translation.get_language_info(spoken)["name_local"])] = spoken
    return Known(
        taken=frozenset(email.lower() for email in Person.objects.values_list("email", flat=True)),
        organisations={folded(one.name): one.id for one in organisations},
        partners=frozenset(one.id for one in organisations if one.kind == Organisation.Kind.PARTNER),
        units={(one.organisation_id, folded(one.name)): one.id for one in Unit.objects.all()},
        roles=roles,
        leads=leads,
        languages=languages,
        language=settings.LANGUAGES[0][0],
        today=timezone.localdate(),
    )


def names(ids: set[str]) -> dict[str, str]:
    """The names behind ids as the record keeps them."""
    known: list[Any] = []
    for one in ids:
        try:
            known.append(Person._meta.pk.to_python(one))
        except ValidationError:  # not a person's: the application itself
            continue
    found = Person.objects.filter(id__in=known).order_by().values_list("id", "name") if known else ()
    return {str(one): name for one, name in found}


def unit(unit_id: object) -> Unit:
    try:
        return Unit.objects.get(id=unit_id)  # type: ignore[misc]
    except (Unit.DoesNotExist, ValidationError):
        raise NotFoundError(_("There is no such department or care programme.")) from None


def profile(person_id: object) -> Person:
    """A person with their present affiliations (`present`) and expertise; NotFoundError where there is none."""
    found = person(person_id)
    return directory(closed=not found.is_active).get(id=found.id)


def other_roles(person: Person) -> list[Affiliation]:
    """Roles that a person held or will hold, the latest first."""
    found = Affiliation.objects.filter(person=person).exclude(current()).select_related("organisation", "unit")
    return list(found.order_by("-since"))


def by_words(text: str) -> QuerySet[Person]:
    """Anybody, closed accounts too, by name or address, or by an id in the text (an address of a page)."""
    if found := uuid_in(text):
        return Person.objects.filter(id=found)
    people = Person.objects.all()
    for word in text.split():
        people = people.filter(Q(name__icontains=word) | Q(email__icontains=word))
    return people if text.strip() else Person.objects.none()


def uuids_in(text: str) -> list[uuid.UUID]:
    """The ids in a text, such as the address of a page, in their order."""
    return [uuid.UUID(one) for one in re.findall(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", text.lower())]


def uuid_in(text: str) -> uuid.UUID | None:
    """The last id in a text, such as the address of a page."""
    found = uuids_in(text)
    return found[-1] if found else None
