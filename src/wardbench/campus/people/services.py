"""The verbs on people: add, give a role, end it, edit a profile, close an account."""

from __future__ import annotations

import datetime

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils import timezone

from wardbench.campus.audit.services import record, verb
from wardbench.campus.people import rules
from wardbench.campus.people.models import Affiliation, Expertise, Organisation, Person, Unit
from wardbench.campus.people.roles import Role
from wardbench.campus.people.rules import Actor
from wardbench.campus.people.sessions import end_sessions
from wardbench.core.errors import BusyError, InputError


@verb("people.add_organisation")
def add_organisation(name: str, kind: str, *, by: Actor) -> Organisation:
    """Add an organisation; InputError where the name is taken or the kind unknown."""
    _manage(by)
    if kind not in Organisation.Kind.values:
        raise InputError(f"kind: {kind!r} is none of {', '.join(Organisation.Kind.values)}.")
    if not name.strip():
        raise InputError("name: give the organisation a name.")
    if Organisation.objects.filter(name__iexact=name.strip()).exists():
        raise InputError(f"name: there is an organisation {name.strip()} already.")
    organisation = Organisation.objects.create(name=name.strip(), kind=kind)
    record("people.add_organisation", "organisation", organisation.id, by=by, name=organisation.name)
    return organisation


@verb("people.add_unit")
def add_unit(organisation: Organisation, name: str, kind: str, *, by: Actor) -> Unit:
    """Add a department or care programme; InputError where the name is taken or the kind unknown."""
    _manage(by)
    if kind not in Unit.Kind.values:
        raise InputError(f"kind: {kind!r} is none of {', '.join(Unit.Kind.values)}.")
    if not name.strip() or Unit.objects.filter(organisation=organisation, name__iexact=name.strip()).exists():
        raise InputError("name: give a name that the organisation does not have yet.")
    unit = Unit.objects.create(organisation=organisation, name=name.strip(), kind=kind)
    record("people.add_unit", "unit", unit.id, by=by, name=unit.name)
    return unit


@verb("people.add_person")
def add_person(email: str, name: str, *, by: Actor, language: str = "en", password: str | None = None) -> Person:
    """Add somebody who can sign in; InputError where the address is wrong or taken."""
    _manage(by)
    email = email.strip().lower()
    try:
        validate_email(email)
    except ValidationError:
        raise InputError("email: this is not an e-mail address.") from None
    if not name.strip():
        raise InputError("name: give a name.")
    if Person.objects.filter(email__iexact=email).exists():
        raise InputError(f"email: {email} has an account already.")
    person = Person.objects.create_user(email, password, name=name.strip(), language=language)
    record("people.add_person", "person", person.id, by=by)
    return person


@verb("people.give_role")
def give_role(
    person: Person,
    role: Role,
    organisation: Organisation,
    *,
    by: Actor,
    unit: Unit | None = None,
    since: datetime.date | None = None,
    until: datetime.date | None = None,
) -> Affiliation:
    """Give a role from a day on; InputError where the unit is another organisation's or the days are not in order."""
    if by is not rules.SYSTEM:
        rules.may_give_role(by, str(person.id)).require()
    since = since or timezone.localdate()
    if unit is not None and unit.organisation_id != organisation.id:
        raise InputError(f"unit: {unit} does not belong to {organisation}.")
    if until is not None and until < since:
        raise InputError("until: a role ends on the day it began or later.")
    affiliation = Affiliation.objects.create(
        person=person, organisation=organisation, unit=unit, role=role.value, since=since, until=until
    )
    record(
        "people.give_role",
        "person",
        person.id,
        by=by,
        role=role.value,
        organisation=str(organisation.id),
        unit=str(unit.id) if unit else "",
    )
    end_sessions(person)
    return affiliation


@verb("people.end_role")
def end_role(affiliation: Affiliation, *, by: Actor) -> None:
    """End a role at once. BusyError where it has ended already."""
    _manage(by)
    yesterday = timezone.localdate() - datetime.timedelta(days=1)
    present = Affiliation.objects.filter(id=affiliation.id, until=None) | Affiliation.objects.filter(
        id=affiliation.id, until__gt=yesterday
    )
    found = present.first()
    if found is None:
        raise BusyError("This role has ended already.")
    if found.since > yesterday:
        found.delete()
    else:
        Affiliation.objects.filter(id=found.id).update(until=yesterday)
    record("people.end_role", "person", affiliation.person_id, by=by, role=affiliation.role)
    end_sessions(affiliation.person)


@verb("people.edit_profile")
def edit_profile(
    person: Person, *, by: Actor, name: str, title: str, language: str, orcid: str, about: str, topics: list[str]
) -> None:
    """Change what a profile says; InputError where the name is empty or the ORCID iD is none."""
    rules.may_edit_profile(by, str(person.id)).require()
    if not name.strip():
        raise InputError("name: give a name.")
    if orcid and not is_orcid(orcid):
        raise InputError("orcid: an ORCID iD has four groups of four digits, and its last is a check digit.")
    Person.objects.filter(id=person.id).update(
        name=name.strip(), title=title.strip(), language=language, orcid=orcid, about=about.strip()
    )
    Expertise.objects.filter(person=person).delete()
    unique = {topic.strip().lower(): topic.strip() for topic in topics if topic.strip()}
    Expertise.objects.bulk_create(Expertise(person=person, topic=topic) for topic in unique.values())
    record("people.edit_profile", "person", person.id, by=by)


@verb("people.close_account")
def close_account(person: Person, *, by: Actor) -> None:
    """Let somebody sign in no longer. BusyError where the account is closed already."""
    _manage(by)
    if Person.objects.filter(id=person.id, is_active=True).update(is_active=False) != 1:
        raise BusyError("This account is closed already.")
    record("people.close_account", "person", person.id, by=by)
    end_sessions(person)


def is_orcid(text: str) -> bool:
    """Whether `text` is an ORCID iD: 16 digits in four groups, the last an ISO 7064 MOD 11-2 check."""
    digits = text.replace("-", "")
    if len(text) != 19 or len(digits) != 16 or not digits[:15].isdecimal() or text[4::5] != "---":
        return False
    total = 0
    for digit in digits[:15]:
        total = (total + int(digit)) * 2
    check = (12 - total % 11) % 11
    return digits[15].upper() == ("X" if check == 10 else str(check))


def _manage(by: Actor) -> None:
    if by is not rules.SYSTEM:
        rules.may_manage_people(by).require()
