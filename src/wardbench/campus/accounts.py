"""People from the command line: the first administrator, and whoever cannot be reached by the pages."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from wardbench.campus.installation import opened
from wardbench.campus.people.roles import TITLES, Lead, Role
from wardbench.campus.people.rules import Proof
from wardbench.core.errors import InputError, NotFoundError, StorageError

if TYPE_CHECKING:
    from wardbench.campus.people.models import Organisation, Person, Unit


@dataclass(frozen=True)
class Account:
    """Somebody who can sign in, or could; roles are "role at organisation"."""

    email: str
    name: str
    roles: tuple[str, ...]
    open: bool


def read_password(path: Path) -> str:
    """The first line of a file."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise StorageError(f"{path}: the password cannot be read ({error}).") from None
    if not lines or not lines[0]:
        raise InputError(f"{path}: the first line holds no password.")
    return lines[0]


def add(
    folder: Path,
    email: str,
    name: str,
    *,
    role: Role,
    organisation: str,
    kind: str = "hospital",
    unit: str = "",
    language: str = "en",
    password: str | None = None,
) -> None:
    """Add somebody with a role; the organisation is added where there is none of that name yet."""
    with opened(folder):
        from django.db import transaction

        from wardbench.campus.people import services
        from wardbench.campus.people.models import Organisation
        from wardbench.campus.people.rules import SYSTEM

        with transaction.atomic():
            where = Organisation.objects.filter(name__iexact=organisation).first()
            if where is None:
                where = services.add_organisation(organisation, kind, by=SYSTEM)
            within = _unit(where, unit)
            person = services.add_person(email, name, by=SYSTEM, language=language, password=password)
            services.give_role(person, role, where, by=SYSTEM, unit=within)


def accounts(folder: Path) -> list[Account]:
    """Everybody, by name."""
    with opened(folder):
        from wardbench.campus.people import queries

        found = [*queries.directory(), *queries.directory(closed=True)]
        return [
            Account(
                one.email,
                one.name,
                tuple(f"{TITLES[Role(a.role)]} at {a.organisation}" for a in getattr(one, "present", ())),
                one.is_active,
            )
            for one in sorted(found, key=lambda one: one.name)
        ]


def give_role(
    folder: Path,
    email: str,
    role: Role,
    organisation: str,
    *,
    unit: str = "",
    since: datetime.date | None = None,
    until: datetime.date | None = None,
) -> None:
    """Give somebody a role at an organisation that there is."""
    with opened(folder):
        from wardbench.campus.people import services
        from wardbench.campus.people.rules import SYSTEM

        where = _organisation(organisation)
        services.give_role(_person(email), role, where, by=SYSTEM, unit=_unit(where, unit), since=since, until=until)


def end_role(folder: Path, email: str, role: Role, organisation: str) -> None:
    """End a role at once."""
    with opened(folder):
        from wardbench.campus.people import queries, services
        from wardbench.campus.people.rules import SYSTEM

        held = _person(email).affiliations.filter(
            queries.current(), role=role, organisation=_organisation(organisation)
        )
        if not (found := list(held)):
            raise NotFoundError(f"{email} does not hold this role at {organisation}.")
        for one in found:
            services.end_role(one, by=SYSTEM)


def lead(folder: Path, email: str, organisation: str, *, unit: str = "", lead: Lead | None = Lead.HEAD) -> None:
    """Name somebody head or deputy of a unit, or of an organisation as a whole; None releases them."""
    with opened(folder):
        from wardbench.campus.people.heads import may_lead, name_head, release_head
        from wardbench.campus.people.rules import SYSTEM

        where, person = _organisation(organisation), _person(email)
        within = _unit(where, unit)
        held = [one for one in may_lead(where, within) if one.person_id == person.id]
        if lead is None:
            held = [one for one in held if one.leads]
        if not held:
            missing = "leads nothing" if lead is None else "treats nobody"
            raise NotFoundError(f"{email} {missing} there: {within or where}.")
        if lead is None:
            for one in held:
                release_head(one, by=SYSTEM)
        else:
            name_head(held[0], by=SYSTEM, lead=lead)


def set_password(folder: Path, email: str, password: str) -> None:
    with opened(folder):
        from wardbench.campus.people import services
        from wardbench.campus.people.rules import SYSTEM

        services.set_password(_person(email), password, by=SYSTEM)


def remove_second_factor(folder: Path, email: str, proof: Proof, seen: str) -> str:
    """Remove a second factor that was lost; the first password that replaces the one they had, if they had one."""
    with opened(folder):
        from wardbench.campus.people import recovery
        from wardbench.campus.people.rules import SYSTEM

        return recovery.remove_second_factor(_person(email), proof, seen, by=SYSTEM)


def words(folder: Path) -> list[str]:
    """The words of this campus that no password may hold."""
    with opened(folder):
        from wardbench.campus.people.passwords import campus_words

        return sorted(campus_words())


def close(folder: Path, email: str) -> None:
    with opened(folder):
        from wardbench.campus.people import services
        from wardbench.campus.people.rules import SYSTEM

        services.close_account(_person(email), by=SYSTEM)


def reopen(folder: Path, email: str) -> None:
    with opened(folder):
        from wardbench.campus.people import services
        from wardbench.campus.people.rules import SYSTEM

        services.reopen_account(_person(email), by=SYSTEM)


def _person(email: str) -> Person:
    from wardbench.campus.people.models import Person

    found = Person.objects.filter(email__iexact=email).first()
    if found is None:
        raise NotFoundError(f"{email}: nobody has this address.")
    return found


def _organisation(name: str) -> Organisation:
    from wardbench.campus.people.models import Organisation

    found = Organisation.objects.filter(name__iexact=name).first()
    if found is None:
        raise NotFoundError(f"{name}: there is no such organisation.")
    return found


def _unit(organisation: Organisation, name: str) -> Unit | None:
    if not name:
        return None
    found = organisation.units.filter(name__iexact=name).first()
    if found is None:
        raise NotFoundError(f"{name}: {organisation} has no such department or care programme.")
    return found
